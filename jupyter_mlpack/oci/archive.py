"""An image as one tar file that ``docker load``, ``podman load`` and ``skopeo`` read.

It is both kinds at once: Docker's (``manifest.json``) and an OCI layout (``index.json``), over the same blobs, so that
a daemon which knows OCI keeps the manifest's digest. Layers stay compressed: Docker unpacks them as it loads.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from jupyter_mlpack.errors import ContentMissing
from jupyter_mlpack.events import Emit, Progress, ignore
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.fields import go_json
from jupyter_mlpack.oci.layout import MARKER, index_bytes, index_entry
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.output import replacing
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar

_STEP = 8 << 20  # bytes between two events: about a hundred for a gigabyte


def write_docker_archive(store: Store, image: StoredImage, path: Path, name: str, emit: Emit = ignore) -> None:
    """Write ``image`` to the file ``path``; it will be loaded under ``name`` (``latest`` where no tag is given).

    Emits ``Progress`` of the phase ``publish`` in bytes. Raises ``OutputUnwritable`` or ``ContentMissing``.
    """
    with replacing(path) as file:
        stream_docker_archive(store, image, file, name, emit)


def stream_docker_archive(store: Store, image: StoredImage, out: BinaryIO, name: str, emit: Emit = ignore) -> None:
    """Write the archive of ``image`` into ``out``, a piece at a time. Raises ``ContentMissing``."""
    entries = list(_entries(store, image, _tagged(name)))
    total = sum(entry.length for entry in entries)
    metered = _Metered(out, name, total, emit)
    write_tar(cast(BinaryIO, metered), entries)
    metered.end()


@dataclass
class _Metered:
    """A stream that tells how far it is."""

    out: BinaryIO
    what: str
    total: int
    emit: Emit
    done: int = 0
    told: int = 0

    def write(self, data: bytes) -> int:
        self.out.write(data)
        self.done += len(data)
        if self.done - self.told >= _STEP:
            self.told = self.done
            # Headers are not counted in the total, and must not lead beyond it.
            self._tell(min(self.done, self.total))
        return len(data)

    def end(self) -> None:
        self._tell(self.total)

    def _tell(self, done: int) -> None:
        self.emit(Progress("publish", self.what, done, self.total, "bytes"))


def _entries(store: Store, image: StoredImage, tag: str) -> Iterator[TarEntry]:
    for folder in ("blobs", "blobs/sha256"):
        yield TarEntry(folder, "directory", 0o755, 0, 0)
    blobs = (*image.manifest.layers, image.manifest.config, image.descriptor)
    for digest in sorted({blob.digest for blob in blobs}):
        if not store.has(digest):
            raise ContentMissing(digest=digest)
        source = store.path(digest)
        yield TarEntry(_place(digest), "file", 0o644, 0, 0, size=source.stat().st_size, source=source)
    yield TarEntry("index.json", "file", 0o644, 0, 0, data=index_bytes([index_entry(image, tag)]))
    yield TarEntry("manifest.json", "file", 0o644, 0, 0, data=_manifest(image, tag))
    yield TarEntry("oci-layout", "file", 0o644, 0, 0, data=MARKER)


def _manifest(image: StoredImage, tag: str) -> bytes:
    layers = [_place(layer.digest) for layer in image.manifest.layers]
    return go_json([{"Config": _place(image.manifest.config.digest), "RepoTags": [tag], "Layers": [*layers]}])


def _place(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
