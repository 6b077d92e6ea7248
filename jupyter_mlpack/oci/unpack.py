"""An image's layers as files on this machine, made by a plain user. The layers are hostile: nothing lands outside.

Each name is walked from the root, one component at a time: links met on the way are followed as a container would, with
the root as ``/``, and never by the kernel. What needs privileges is left out: owners, devices, set-id and sticky bits.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from jupyter_mlpack.errors import LayerDamaged, OutputOccupied
from jupyter_mlpack.oci.gunzip import GZIP_ERRORS, open_gzip
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.output import delivering
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tree import Tree, Unsafe

_GZIP, _ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 20
# tarfile copies what is left of its buffer at every header: a large one costs seconds where files are many and small.
_BUFFER = 1 << 16


def unpack_image(store: Store, image: StoredImage, root: Path) -> None:
    """Unpack all layers of ``image`` into ``root``, which is made, or is an empty folder.

    Folders stay writable and files readable for their owner, whatever the layer says, so that the tree can be used and
    removed again. Devices, pipes and sockets are left out. Raises ``LayerUnsafe``, ``LayerDamaged``,
    ``ContentMissing``, ``OutputOccupied``, ``OutputUnwritable``; what is unpacked by then
    stays, for the caller to remove.
    """
    with delivering(root):
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise OutputOccupied(path=root, reason="An image is unpacked into an empty folder only.")
    for layer in image.layers:
        unpack_layer(store, layer, root)


def unpack_layer(store: Store, layer: Layer, root: Path, tell: Callable[[int], None] = lambda read: None) -> None:
    """Unpack one layer over what is in ``root``; its whiteouts remove what lower layers brought. Raises as above.

    ``tell`` hears how many of the blob's bytes have been read.
    """
    digest = layer.descriptor.digest
    with store.open(digest) as blob:
        found = unpack_tar(blob, digest, root, lambda: tell(blob.tell()))
    if found != layer.diff_id:
        raise LayerDamaged(digest=digest, reason=f"Its content is {found}, not {layer.diff_id}.")


def unpack_tar(blob: BinaryIO, name: str, root: Path, tell: Callable[[], None] = lambda: None) -> str:
    """Unpack a tar, in gzip or not, over what is in ``root``; the digest of the tar. Errors tell of ``name``.

    ``tell`` is called as it is read. Raises ``LayerUnsafe``, ``LayerDamaged``, ``OutputUnwritable``.
    """
    tree = Tree(root)
    with _told(name), _decompressed(blob, name) as plain:
        stream = _Hashed(plain, tell)
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|", encoding="utf-8", bufsize=_BUFFER) as members:
            for member in members:
                with delivering(root / member.name.lstrip("/").split("\0")[0]):
                    _unpack(tree, members, member)
        while stream.read(_CHUNK):
            pass
    return stream.digest


def _unpack(tree: Tree, members: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    name = member.name
    if member.isdir():
        tree.folder(name, member.mode)
    elif member.issym():
        tree.symlink(name, member.linkname)
    elif member.islnk():
        tree.hard_link(name, member.linkname)
    elif member.issparse():
        raise Unsafe(name, "It is a sparse file: a few bytes could fill the disk.")
    elif member.isreg():
        content = members.extractfile(member)
        tree.file(name, member.mode, _pieces(content, member.size) if content else iter(()))


def _pieces(content: IO[bytes], size: int) -> Iterator[bytes]:
    while size:
        piece = content.read(min(size, _CHUNK))
        if not piece:
            raise EOFError("it ends in the middle of a file")
        size -= len(piece)
        yield piece


class _Hashed:
    """A tar stream whose digest is taken as it is read."""

    def __init__(self, plain: IO[bytes], tell: Callable[[], None]) -> None:
        self._plain = plain
        self._tell = tell
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        try:
            data = self._plain.read(size)
        except GZIP_ERRORS as error:
            raise tarfile.ReadError(f"it cannot be decompressed ({error})") from error
        self._hash.update(data)
        self._tell()
        return data

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


@contextmanager
def _decompressed(blob: BinaryIO, digest: str) -> Iterator[IO[bytes]]:
    """The tar inside a blob: what its first bytes say counts, not the media type."""
    start = blob.read(4)
    blob.seek(0)
    if start == _ZSTD:
        raise LayerDamaged(digest=digest, reason="It is compressed with zstd; gzip or none can be unpacked.")
    if start.startswith(_GZIP):
        with open_gzip(blob) as plain:
            yield plain
    else:
        yield blob


@contextmanager
def _told(digest: str) -> Iterator[None]:
    """Tell what decompressor, tar reader and tree complain about, with the layer's digest."""
    try:
        yield
    except Unsafe as error:
        raise error.told(digest) from error
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise LayerDamaged(digest=digest, reason=f"It is not a tar: {error}.") from error
