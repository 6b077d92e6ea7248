"""An image from the store into a Docker daemon, streamed, and checked to be the same one there."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, PhaseEnded, PhaseStarted, ignore
from jupyter_mlpack.oci.archive import stream_docker_archive
from jupyter_mlpack.oci.diagnosis import clean
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.reference import DEFAULT_TAG, Reference, parse_reference
from jupyter_mlpack.oci.store import Store

if TYPE_CHECKING:
    from docker import DockerClient

_PIECE = 1 << 20
_SECONDS = 1800  # a slow disk may need minutes for a large layer, during which the daemon says nothing


def load_image(
    store: Store, image: StoredImage, name: str, emit: Emit = ignore, client: DockerClient | None = None
) -> None:
    """Give ``image`` to the Docker daemon under ``name``: that of ``client``, or of ``DOCKER_HOST``, or the local one.

    An image that the daemon already has only gets the name. Raises ``DaemonMissing``, ``DaemonDenied``,
    ``DaemonRefused``, ``DaemonDiffers``, leaves of ``InputError`` for the name, or ``ContentMissing``.
    """
    import docker

    reference = parse_reference(name)
    emit(PhaseStarted("publish"))
    own = client is None
    client = client or _connect()
    patience, client.api.timeout = client.api.timeout, _SECONDS
    try:
        sent = not _tag_known(client, image, reference)
        if sent:
            archive = _archive(store, image, _tagged(reference), emit)
            client.images.load(archive)  # type: ignore[arg-type,unused-ignore]  # streams are fine
        _check(client, image, reference)
    except (docker.errors.DockerException, OSError) as problem:  # requests' errors are OSErrors
        raise errors.DaemonRefused(name=name, reason=clean(str(problem))) from None
    finally:
        client.api.timeout = patience
        if own:
            client.close()
    emit(PhaseEnded("publish", "loaded" if sent else "was there already"))


def _connect() -> DockerClient:
    import docker

    address = clean(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    try:
        return docker.from_env(timeout=_SECONDS)
    except (docker.errors.DockerException, OSError) as problem:
        if any(isinstance(cause, PermissionError) for cause in _causes(problem)):
            raise errors.DaemonDenied(address=address, reason=clean(str(problem))) from None
        raise errors.DaemonMissing(address=address, reason=clean(str(problem))) from None


def _causes(problem: object) -> Iterator[object]:
    """An exception and what it was made of: the HTTP client keeps the system's error among the arguments."""
    yield problem
    if isinstance(problem, BaseException):
        for inner in (problem.__cause__ or problem.__context__, *problem.args):
            yield from _causes(inner)
    elif isinstance(problem, tuple):
        for inner in problem:
            yield from _causes(inner)


def _tagged(reference: Reference) -> str:
    return f"{reference.name}:{reference.tag or DEFAULT_TAG}"


def _tag_known(client: DockerClient, image: StoredImage, reference: Reference) -> bool:
    """Name the image if the daemon has it; returns whether it has."""
    import docker

    with suppress(docker.errors.ImageNotFound):
        known = client.images.get(image.manifest.config.digest)
        if known.id == image.manifest.config.digest:
            known.tag(reference.name, tag=reference.tag or DEFAULT_TAG)
            return True
    return False


def _check(client: DockerClient, image: StoredImage, reference: Reference) -> None:
    """Raise ``DaemonDiffers`` unless the daemon has our image under the name.

    A daemon over containerd names images by their manifest, which it may write anew as it loads; there the
    layers tell.
    """
    found = client.images.get(_tagged(reference))
    expected = image.manifest.config.digest
    if found.id in (expected, image.descriptor.digest):
        return
    layers = (found.attrs.get("RootFS") or {}).get("Layers") or []
    status = client.info().get("DriverStatus") or []
    containerd = any("containerd" in str(entry) for entry in status)
    if not containerd or tuple(layers) != image.config.diff_ids:
        raise errors.DaemonDiffers(name=_tagged(reference), expected=expected, found=found.id)


def _archive(store: Store, image: StoredImage, name: str, emit: Emit) -> Iterator[bytes]:
    """The archive's bytes as they are made: a thread writes them into a pipe that is read here."""
    reading, writing = os.pipe()
    raised: list[BaseException] = []

    def write() -> None:
        try:
            with os.fdopen(writing, "wb") as out:
                stream_docker_archive(store, image, out, name, emit)
        except (errors.MlpackError, OSError) as problem:
            raised.append(problem)

    thread = threading.Thread(target=write, name="archive", daemon=True)
    thread.start()
    with os.fdopen(reading, "rb") as source:
        yield from _pieces(source)
    thread.join()
    # An archive that ends early must not look complete to the daemon.
    if raised:
        raise raised[0]


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece
