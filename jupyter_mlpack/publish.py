"""A finished image -> the places that the user named: a layout folder, an archive, the Docker daemon, registries."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpack.errors import ImageUnknown, OutputUnwritable
from jupyter_mlpack.events import Emit, Event, PhaseEnded, PhaseStarted
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.sharing import together


@dataclass(frozen=True)
class Outputs:
    """Where an image goes beside the content store.

    ``insecure`` allows plain HTTP to this machine's own registries, ``insecure_hosts`` to the ones it names.
    """

    layout: Path | None = None
    archive: Path | None = None
    load: bool = False
    push: tuple[str, ...] = ()
    insecure: bool = False
    insecure_hosts: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """True if there is anything to do."""
        return bool(self.layout or self.archive or self.load or self.push)


def check_outputs(outputs: Outputs) -> None:
    """Fail before the build, not after it: bad references and folders that cannot be written.

    Raises ``OutputUnwritable`` or the reference's ``InputError``.
    """
    for reference in outputs.push:
        parse_reference(reference)
    for path in (outputs.layout, outputs.archive):
        if path is not None:
            check_writable(path)


def check_writable(path: Path) -> None:
    """``path`` can be made or replaced: the nearest folder that exists lets us write."""
    folder = path if path.is_dir() else path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise OutputUnwritable(path=path, reason=f"{folder} is a file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputUnwritable(path=path, reason=f"no permission to write in {folder}")


def publish(name: str, outputs: Outputs, store: Store, emit: Emit) -> tuple[str, ...]:
    """Deliver the image called ``name``; what was done, as sentences.

    Raises ``PublishError`` leaves; the image stays in the store.
    """
    with together(store.root):
        image = store.image(name)
        if image is None:
            raise ImageUnknown(name=name, known=", ".join(stored.name for stored in store.images()) or "none yet")
        return deliver(image, outputs, store, emit) if outputs.wanted else ()


def deliver(image: StoredImage, outputs: Outputs, store: Store, emit: Emit) -> tuple[str, ...]:
    """Bring an image to all places, as one phase."""
    name, done = image.name, []
    emit(PhaseStarted("publish"))
    within = one_phase(emit)
    if outputs.layout:
        from jupyter_mlpack.oci.layout import write_layout

        write_layout(store, image, outputs.layout, name)
        done.append(f"OCI layout in {outputs.layout}")
    if outputs.archive:
        from jupyter_mlpack.oci.archive import write_docker_archive

        write_docker_archive(store, image, outputs.archive, name, within)
        done.append(f"archive in {outputs.archive} (docker load -i {outputs.archive})")
    if outputs.load:
        from jupyter_mlpack.oci.daemon import load_image

        load_image(store, image, name, within)
        done.append(f"loaded into Docker as {name}")
    for text in outputs.push:
        from jupyter_mlpack.oci.registry import push_image
        from jupyter_mlpack.oci.transport import Access

        access = Access(insecure=outputs.insecure, insecure_hosts=frozenset(outputs.insecure_hosts))
        reference = parse_reference(text)
        digest = push_image(store, image, reference, within, access=access)
        done.append(f"pushed to {reference} ({digest[:19]})")
    emit(PhaseEnded("publish", "; ".join(done)))
    return tuple(done)


def one_phase(emit: Emit) -> Emit:
    """``emit`` without the beginnings and ends of each delivery: together they are one phase."""

    def within(event: Event) -> None:
        if not isinstance(event, (PhaseStarted, PhaseEnded)):
            emit(event)

    return within
