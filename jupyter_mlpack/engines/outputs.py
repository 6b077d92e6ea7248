"""What a task wrote, on its way back: out of an archive that may be hostile, and into the caller's hands."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from jupyter_mlpack.scratch import remove_tree

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

CHUNK = 1 << 20
INCOMING = ".mlpack-incoming"
"""Where outputs stand in the caller's folder until all of them are there."""

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class IterStream(io.RawIOBase):
    """Chunks of bytes as a file that can only be read on."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        super().__init__()
        self.chunks = iter(chunks)
        self.rest = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Some bytes into ``buffer``; 0 when the chunks end."""
        view = memoryview(buffer)
        while not self.rest:
            chunk = next(self.chunks, None)
            if chunk is None:
                return 0
            self.rest = chunk
        count = min(len(view), len(self.rest))
        view[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count


def list_outputs(folder: Path) -> tuple[str, ...]:
    """Regular files below ``folder``, relative, POSIX style, sorted. Links are neither followed nor listed."""
    found = []
    for here, _, names in os.walk(folder):
        paths = (Path(here, name) for name in names)
        found += [path.relative_to(folder).as_posix() for path in paths if path.is_file() and not path.is_symlink()]
    return tuple(sorted(found))


def give_to_caller(folder: Path) -> None:
    """When root ran a job as the image's user: everything in ``folder`` becomes root's. Links are not followed."""
    if os.geteuid() != 0:
        return
    for _, folders, files, descriptor in os.fwalk(folder):
        for name in (*folders, *files):
            os.chown(name, os.geteuid(), os.getegid(), dir_fd=descriptor, follow_symlinks=False)
    os.chown(folder, os.geteuid(), os.getegid())


def extract_outputs(archive: IterStream, folder: Path) -> tuple[str, ...]:
    """Unpack a tar stream whose entries stand below one top folder into ``folder``, which is the caller's own.

    Docker calls the top folder by its name; Podman gives it none, and then nothing stands before the entries' names.

    Nothing is written outside ``folder``, and nothing through a link: each step of a path is opened without
    following links. Regular files, folders, and links that stay inside are kept; the names of all other entries are
    returned. Raises ``OSError`` and ``tarfile.TarError``.
    """
    left_out, above = [], None
    with tarfile.open(fileobj=io.BufferedReader(archive), mode="r|") as entries:
        for entry in entries:
            steps = [part for part in entry.name.split("/") if part not in ("", ".")]
            above = min(len(steps), 1) if above is None else above
            parts = steps[above:]
            if parts and not place(entries, entry, folder, parts):
                left_out.append(entry.name)
    return tuple(left_out)


def take_outputs(archive: IterStream, target: Path) -> tuple[str, ...]:
    """Unpack a tar stream as ``extract_outputs`` does, so that killed half-way and called again gives the same.

    Nothing in ``target`` is changed before all is here. Raises ``OSError`` and ``tarfile.TarError``.
    """
    target.mkdir(parents=True, exist_ok=True)
    incoming = target / INCOMING
    remove_tree(incoming)
    incoming.mkdir()
    left_out = extract_outputs(archive, incoming)
    bring(incoming, target)
    remove_tree(incoming)
    return left_out


def bring(source: Path, target: Path) -> None:
    """Move all that is in ``source`` to ``target``, over what an interrupted one left there."""
    for path in sorted(source.iterdir()):
        there = target / path.name
        if path.is_dir() and not path.is_symlink():
            there.mkdir(exist_ok=True)
            bring(path, there)
        else:
            path.replace(there)


def place(entries: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path, parts: list[str]) -> bool:
    """Write one entry; ``False`` when it is not one that we take."""
    if ".." in parts or not (entry.isreg() or entry.isdir() or (entry.issym() and stays_inside(parts, entry.linkname))):
        return False
    parent = open_parent(folder, parts)
    if parent is None:
        return False
    try:
        return write_entry(entries, entry, parent, parts[-1])
    except (FileExistsError, NotADirectoryError):
        return False
    finally:
        os.close(parent)


def stays_inside(parts: list[str], link: str) -> bool:
    """Whether a link at ``parts`` can only lead below the top: relative, and climbing first, never after a name.

    A name on the way may itself be a link; ``name/..`` could then be anywhere.
    """
    steps = [step for step in link.split("/") if step not in ("", ".")]
    climbs = steps.count("..")
    return not link.startswith("/") and steps[:climbs] == [".."] * climbs and climbs < len(parts)


def open_parent(folder: Path, parts: list[str]) -> int | None:
    """A descriptor of the folder for the entry, made where missing; ``None`` when a link or file is in the way."""
    current = os.open(folder, FOLDER)
    for part in parts[:-1]:
        try:
            make_folder(part, current)
            below = os.open(part, FOLDER, dir_fd=current)
        except OSError:
            return None
        finally:
            os.close(current)
        current = below
    return current


def make_folder(name: str, parent: int) -> None:
    """A folder, unless there is one."""
    try:
        os.mkdir(name, 0o755, dir_fd=parent)
    except FileExistsError:
        os.close(os.open(name, FOLDER, dir_fd=parent))


def write_entry(entries: tarfile.TarFile, entry: tarfile.TarInfo, parent: int, name: str) -> bool:
    """A folder, a link or a file called ``name``; set-id bits stay behind."""
    if entry.isdir():
        make_folder(name, parent)
        return True
    if entry.issym():
        os.symlink(entry.linkname, name, dir_fd=parent)
        return True
    mode = 0o755 if entry.mode & 0o100 else 0o644
    with os.fdopen(
        os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode, dir_fd=parent), "wb"
    ) as file:
        for chunk in read_chunks(entries.extractfile(entry)):
            file.write(chunk)
    return True


def read_chunks(source: IO[bytes] | None) -> Iterator[bytes]:
    """A file's bytes, a mebibyte at a time."""
    while source is not None and (chunk := source.read(CHUNK)):
        yield chunk
