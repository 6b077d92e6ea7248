"""One layer's tree out of a tar, as it was: modes and links included. The tar is hostile: nothing lands outside."""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, cast

from jupyter_mlpack.lifecycle.toml import make_folders

_CHUNK = 1 << 20


def extract_tree(stream: IO[bytes], prefix: str, target: Path) -> str:
    """Unpack what lies below ``prefix`` into ``target``, a new folder; the digest of the whole tar.

    Members that would be written through a link, and devices, are passed over. Raises ``tarfile.TarError``,
    ``EOFError``, ``OSError``.
    """
    told = _Hashed(stream)
    make_folders(target)
    modes: list[tuple[Path, int]] = []
    with tarfile.open(fileobj=cast(IO[bytes], told), mode="r|", encoding="utf-8", errors="surrogateescape") as members:
        for member in members:
            place = _place(member.name, prefix, target)
            if place is not None:
                _write(members, member, place, modes)
    while told.read(_CHUNK):
        pass
    for path, mode in reversed(modes):
        path.chmod(mode)
    return f"sha256:{told.hash.hexdigest()}"


def _place(name: str, prefix: str, target: Path) -> Path | None:
    """Where a member goes; ``None`` for what lies elsewhere, or behind a link."""
    path = PurePosixPath("/", name)
    if ".." in path.parts or not path.is_relative_to(prefix):
        return None
    parts = path.relative_to(prefix).parts
    place = target
    for part in parts[:-1]:
        place /= part
        if place.is_symlink() or not place.is_dir():
            return None
    return place / parts[-1] if parts else target


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, place: Path, modes: list[tuple[Path, int]]) -> None:
    if member.isdir():
        if place.is_symlink():
            return
        place.mkdir(exist_ok=True)
        modes.append((place, member.mode & 0o7777))
    elif place.is_symlink() or place.exists():
        return
    elif member.issym():
        place.symlink_to(member.linkname)
    elif member.isreg() and not member.issparse():
        content = members.extractfile(member)
        assert content is not None
        with place.open("xb") as file:
            while piece := content.read(_CHUNK):
                file.write(piece)
        place.chmod(member.mode & 0o7777)
    elif member.isfifo():
        os.mkfifo(place, member.mode & 0o777)


class _Hashed:
    """A stream whose digest is taken as it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes."""
        data = self._stream.read(size)
        self.hash.update(data)
        return data
