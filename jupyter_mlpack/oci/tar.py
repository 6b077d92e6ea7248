"""The canonical layer tar: byte for byte what the official exporter writes for the same tree.

The law is Go's ``archive/tar`` as the lifecycle drives it: USTAR where everything fits, PAX where not, never GNU; names
absolute and without trailing slash; one date; no user names; hard links are files of their own; two zero blocks end it.
Headers are made by hand because Python's ``tarfile`` pads, names and numbers them differently.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.header import BLOCK, header_blocks
from jupyter_mlpack.oci.stretch import Stretch

Take = Callable[[Stretch], None]
Kind = Literal["directory", "file", "symlink", "fifo", "character", "block"]

_CHUNK = 1 << 20
_KINDS: dict[int, Kind] = {
    stat.S_IFDIR: "directory",
    stat.S_IFREG: "file",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "character",
    stat.S_IFBLK: "block",
}


@dataclass(frozen=True)
class TarEntry:
    """One member of a layer. ``name`` is absolute, POSIX, without trailing slash; ``mode`` holds permission bits only.

    A file's bytes are ``data``, or ``size`` bytes of ``source``. Names that are no UTF-8 carry Python's surrogates.
    """

    name: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    link: str = ""
    size: int = 0
    source: str | Path | None = None
    data: bytes | None = None
    device: tuple[int, int] = (0, 0)

    @property
    def length(self) -> int:
        """The size of the content in bytes: 0 for everything but files."""
        if self.kind != "file":
            return 0
        return self.size if self.data is None else len(self.data)


def write_tar(out: BinaryIO, entries: Iterable[TarEntry | Stretch], take: Take | None = None) -> None:
    """Write a complete layer tar to ``out``, in the order of ``entries``, streaming.

    Stretches go to ``take`` if there is one, which writes them to ``out`` in its own way. Raises ``FileChanged`` when a
    source is not as long as its entry says, ``FileUnreadable`` when it cannot be read.
    """
    for entry in entries:
        if isinstance(entry, Stretch):
            if take:
                take(entry)
            else:
                for block in entry.blocks():
                    out.write(block)
            continue
        length = entry.length
        out.write(header_blocks(entry, length))
        if entry.data is not None and length:
            out.write(entry.data)
        elif entry.source is not None and entry.kind == "file":
            _copy(out, entry.source, length)
        if length % BLOCK:
            out.write(bytes(-length % BLOCK))
    out.write(bytes(2 * BLOCK))


def tree_entries(root: Path, at: str, uid: int, gid: int) -> Iterator[TarEntry]:
    """``root`` itself as ``at``, then everything below it: each folder's names in byte order, folder before content.

    Modes come from disk, owners from the arguments. Sockets are left out. Raises ``FileUnreadable``.
    """
    waiting = [(os.fspath(root), at)]  # texts: a layer may have tens of thousands of names
    while waiting:
        path, name = waiting.pop()
        entry = file_entry(path, name, uid, gid)
        if entry is None:
            continue
        yield entry
        if entry.kind == "directory":
            above = name.rstrip("/")
            waiting.extend((f"{path}/{child}", f"{above}/{child}") for child in reversed(sorted_names(path)))


def parent_entries(at: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Iterator[TarEntry]:
    """The folders above ``at``, root-most first, ``/`` and ``at`` itself excluded."""
    parts = [part for part in at.split("/") if part]
    for depth in range(1, len(parts)):
        yield TarEntry("/" + "/".join(parts[:depth]), "directory", mode, uid, gid)


def file_entry(path: str | Path, at: str, uid: int, gid: int) -> TarEntry | None:
    """What is at ``path`` (links not followed) as the entry ``at``; ``None`` for sockets. Raises ``FileUnreadable``."""
    try:
        found = os.lstat(path)
        kind = _KINDS.get(stat.S_IFMT(found.st_mode))
        link = os.readlink(path) if kind == "symlink" else ""
    except OSError as error:
        raise errors.FileUnreadable(path=path, reason=error.strerror) from error
    if kind is None:
        return None
    # Links have no mode of their own on Linux; elsewhere they do, and it must not reach the image.
    mode = 0o777 if kind == "symlink" else stat.S_IMODE(found.st_mode)
    if kind == "file":
        return TarEntry(at, kind, mode, uid, gid, size=found.st_size, source=path)
    if kind in ("character", "block"):
        return TarEntry(at, kind, mode, uid, gid, device=(os.major(found.st_rdev), os.minor(found.st_rdev)))
    return TarEntry(at, kind, mode, uid, gid, link=link)


def sorted_names(folder: str | Path) -> list[str]:
    """The names in a folder, sorted by their bytes. Raises ``FileUnreadable``."""
    try:
        return sorted(os.listdir(folder), key=os.fsencode)
    except OSError as error:
        raise errors.FileUnreadable(path=folder, reason=error.strerror) from error


def _copy(out: BinaryIO, source: str | Path, size: int) -> None:
    """Exactly ``size`` bytes of ``source``; the place may have been swapped since, so links and devices are refused."""
    try:
        handle = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise errors.FileUnreadable(path=source, reason=error.strerror) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise errors.FileUnreadable(path=source, reason="It is no longer a regular file.")
        left = size
        while True:
            asked = min(left + 1, _CHUNK)  # one byte more than there should be: a single read, for most files
            chunk = _read(handle, asked, source)
            if len(chunk) > left:
                raise errors.FileChanged(path=source, expected=size, found=f"more than {size}")
            if chunk:
                out.write(chunk)
                left -= len(chunk)
            if len(chunk) < asked and not left:
                return
            if not chunk:
                raise errors.FileChanged(path=source, expected=size, found=size - left)
    finally:
        os.close(handle)


def _read(handle: int, size: int, source: str | Path) -> bytes:
    try:
        return os.read(handle, size)
    except OSError as error:
        raise errors.FileUnreadable(path=source, reason=error.strerror) from error
