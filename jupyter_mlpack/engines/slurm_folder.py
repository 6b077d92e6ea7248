"""A job's folder on the file system that this machine shares with the nodes: written before Slurm hears of the job.

It comes into being by one rename, complete: what is found there is a job that shall run. Only its user can enter it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.outputs import IterStream, extract_outputs
from jupyter_mlpack.engines.slurm_commands import find_named, read_number, submit
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.scratch import remove_tree

PIECE = 1 << 20
STALE = 3600.0
"""Seconds after which a folder that never came into being was left behind by a killed process."""

INCOMING = ".mlpack-incoming"


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path

    def file(self, name: str) -> Path:
        """One of them."""
        return self.path / name

    def has(self, name: str) -> bool:
        """Whether it is there. Asking for it opens the folder first: a network file system then looks anew."""
        with suppress(OSError):
            return name in os.listdir(self.path)
        return False

    def text(self, name: str) -> str:
        """A small file; empty if it is not there."""
        with suppress(OSError):
            return self.file(name).read_text(errors="replace")
        return ""

    def pairs(self) -> dict[str, str]:
        """The environment that the training gets."""
        entries = self.text("environment").split("\0")
        return dict(entry.partition("=")[::2] for entry in entries if entry)

    def status(self) -> dict[str, str]:
        """How the script says that it ended; empty as long as it has not."""
        return dict(line.partition("=")[::2] for line in self.text("status").splitlines()) if self.has("status") else {}

    def last_words(self) -> str:
        """The last line that Slurm or the container runtime said."""
        lines = [line.strip() for line in self.text("slurm.out").splitlines() if line.strip()]
        return lines[-1].rstrip(".")[:500] if lines else ""

    def number(self) -> str:
        """Slurm's number of the job; given to Slurm now if that was cut off. Raises ``SlurmError`` leaves."""
        with self.locked() as lock:
            known = read_number(self.file("id"))
            if known:
                return known
            known = find_named(self.path.name)
            if known:
                self.file("id").write_text(known)
                return known
            words: list[str] = json.loads(self.text("sbatch.json"))
            submit(words, self.file("id"), lock)
            return read_number(self.file("id"))

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Nobody else gives this job to Slurm meanwhile; a killed process's sbatch is waited for."""
        lock = os.open(self.file("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
        finally:
            os.close(lock)


def make_folder(path: Path, files: Mapping[str, str]) -> JobFolder:
    """The folder with its files, at once. What is there already stays. Raises ``SlurmFolder``."""
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(path.parent)
        draft.mkdir(mode=0o700)
        try:
            for name, text in files.items():
                with open(os.open(draft / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(text.encode(errors="surrogateescape"))
            with suppress(FileExistsError):
                rename_new(draft, path)
        finally:
            remove_tree(draft)
    except OSError as error:
        raise errors.SlurmFolder(path=path.parent, reason=error.strerror or str(error)) from error
    return JobFolder(path)


def rename_new(draft: Path, path: Path) -> None:
    """Rename a folder. One that is not empty is never replaced. Raises ``FileExistsError``."""
    import errno

    try:
        draft.rename(path)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise FileExistsError(path) from error
        raise


def sweep(shared: Path) -> None:
    """Remove folders that killed processes never finished: secrets may be in them."""
    for path in shared.glob(".*.????????????"):
        with suppress(OSError):
            if path.is_dir() and time.time() - path.stat().st_mtime > STALE:
                remove_tree(path)


def settings(values: Mapping[str, str]) -> str:
    """Assignments that the script reads."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def ended_by_nul(entries: Sequence[str]) -> str:
    """Texts that may hold anything but a NUL, each ended by one."""
    return "".join(f"{entry}\0" for entry in entries)


def read_log(folder: JobFolder, offset: int, ended: bool) -> Iterator[tuple[str, int]]:
    """What the log says behind ``offset``, and where each piece ends: whole lines, unless a line does not end."""
    try:
        file = folder.file("log").open("rb")
    except OSError:
        return
    with file:
        file.seek(offset)
        while data := file.read(PIECE):
            cut = data.rfind(b"\n") + 1
            if not cut:
                cut = len(data) if ended and len(data) < PIECE else whole(data)
            if not cut:
                return
            offset += cut
            file.seek(offset)
            yield data[:cut].decode(errors="replace"), offset


def whole(data: bytes) -> int:
    """How many bytes of ``data`` are whole characters: the last may not be written yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            length = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if length > back else len(data)
    return len(data)


def take_outputs(folder: JobFolder, target: Path) -> tuple[str, ...]:
    """Unpack what the training wrote into ``target``; names of entries that were not safe to take.

    Killed half-way and called again it gives the same. Raises ``SlurmFolder``.
    """
    incoming = target / INCOMING
    try:
        target.mkdir(parents=True, exist_ok=True)
        remove_tree(incoming)
        if not folder.has("output.tar"):
            return ()
        incoming.mkdir()
        with folder.file("output.tar").open("rb") as archive:
            left_out = extract_outputs(IterStream(iter(lambda: archive.read(PIECE), b"")), incoming)
        for entry in sorted(incoming.iterdir()):
            place = target / entry.name
            if place.is_dir() and not place.is_symlink():
                remove_tree(place)
            entry.replace(place)
        remove_tree(incoming)
    except (OSError, tarfile.TarError) as error:
        raise errors.SlurmFolder(path=folder.path, reason=str(error)) from error
    return left_out
