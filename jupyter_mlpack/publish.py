"""A finished image -> the places that the user named: a layout folder, an archive, the Docker daemon, registries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, Event, LayerExported, PhaseEnded, PhaseStarted
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.sharing import together

if TYPE_CHECKING:
    from jupyter_mlpack.oci.ahead import Ahead
    from jupyter_mlpack.oci.transport import Access


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

    @property
    def access(self) -> Access:
        """How registries are reached."""
        from jupyter_mlpack.oci.transport import Access

        return Access(insecure=self.insecure, insecure_hosts=frozenset(self.insecure_hosts))


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
        raise errors.OutputUnwritable(path=path, reason=f"{folder} is a file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise errors.OutputUnwritable(path=path, reason=f"no permission to write in {folder}")


@contextmanager
def pushing_ahead(outputs: Outputs, store: Store, emit: Emit) -> Iterator[Early]:
    """An ``Early`` whose uploads end with the block at the latest."""
    early = Early(outputs, store, emit)
    try:
        yield early
    finally:
        early.stop()


class Early:
    """Sends an image's layers to where it will be pushed, while it is built: its ``hear`` listens to the build."""

    def __init__(self, outputs: Outputs, store: Store, emit: Emit) -> None:
        self._emit = emit
        self._uploads: dict[str, Ahead] = {}
        if outputs.push:
            from jupyter_mlpack.oci.ahead import Ahead

            access = outputs.access
            self._uploads = {text: Ahead(store, parse_reference(text), access) for text in outputs.push}

    def hear(self, event: Event) -> None:
        """Pass ``event`` on; begin to send a layer that is finished."""
        self._emit(event)
        if isinstance(event, LayerExported):
            for upload in self._uploads.values():
                upload.send(event.diff_id)

    def arrived(self, text: str, emit: Emit) -> frozenset[str]:
        """Wait for what was begun; the digests of the blobs that are in the repository of the reference ``text``."""
        return self._uploads[text].wait(emit) if text in self._uploads else frozenset()

    def stop(self) -> None:
        """End all uploads."""
        for upload in self._uploads.values():
            upload.stop()


def publish(name: str, outputs: Outputs, store: Store, emit: Emit, early: Early | None = None) -> tuple[str, ...]:
    """Deliver the image called ``name``; what was done, as sentences. ``early`` has begun with it.

    Raises ``PublishError`` leaves; the image stays in the store.
    """
    with together(store.root):
        image = store.image(name)
        if image is None:
            raise errors.ImageUnknown(
                name=name, known=", ".join(stored.name for stored in store.images()) or "none yet"
            )
        return deliver(image, outputs, store, emit, early) if outputs.wanted else ()


def deliver(
    image: StoredImage, outputs: Outputs, store: Store, emit: Emit, early: Early | None = None
) -> tuple[str, ...]:
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

        there = early.arrived(text, within) if early else frozenset()
        reference = parse_reference(text)
        digest = push_image(store, image, reference, within, there=there, access=outputs.access)
        done.append(f"pushed to {reference} ({digest[:19]})")
    emit(PhaseEnded("publish", "; ".join(done)))
    return tuple(done)


def one_phase(emit: Emit) -> Emit:
    """``emit`` without the beginnings and ends of each delivery: together they are one phase."""

    def within(event: Event) -> None:
        if not isinstance(event, (PhaseStarted, PhaseEnded)):
            emit(event)

    return within
