"""Files of the content store, written so that they are there whole or not at all, whenever the process dies.

A file is written under a random name in ``tmp/``, locked by its writer, and moved into place. What a killed process
left there is unlocked, so the next one tells it from what is being written, and removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from jupyter_mlpack.errors import StoreFull, StoreUnreadable, StoreUnwritable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell failures to write at ``path`` as ``StoreFull`` or ``StoreUnwritable``."""
    try:
        yield
    except OSError as error:
        failure = StoreFull if error.errno in FULL else StoreUnwritable
        raise failure(path=path, reason=error.strerror or str(error)) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell failures to read ``path`` as ``StoreUnreadable``, except that it is not there (``FileNotFoundError``)."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreUnreadable(path=path, reason=error.strerror or str(error)) from error


class Draft:
    """A file that is being written. ``keep`` moves it into place; leaving the context without it removes it."""

    def __init__(self, folder: Path) -> None:
        with writing(folder):
            self._handle, self.path = _create(folder)

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(FileNotFoundError):
            self.path.unlink()
        os.close(self._handle)

    def write(self, data: bytes) -> int:
        """Take all of ``data``; raises ``StoreFull`` or ``StoreUnwritable``."""
        view = memoryview(data)
        with writing(self.path):
            while view:
                view = view[os.write(self._handle, view) :]
        return len(data)

    def keep(self, place: Path, durable: bool = False) -> None:
        """Move it to ``place``, whatever is there. ``durable``: so that it survives a power failure from here on."""
        with writing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            os.fchmod(self._handle, 0o644)
            if durable:
                os.fsync(self._handle)
            os.replace(self.path, place)
            if durable:
                sync_folder(place.parent)


def write_whole(folder: Path, place: Path, data: bytes, durable: bool = False) -> None:
    """Write ``data`` to ``place`` by way of a draft in ``folder``; raises ``StoreFull`` or ``StoreUnwritable``."""
    with Draft(folder) as draft:
        draft.write(data)
        draft.keep(place, durable)


def sweep(folder: Path) -> None:
    """Remove the drafts in ``folder`` that nobody is writing any more. What cannot be removed stays."""
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power failure."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_blob(path: Path) -> BinaryIO:
    """Open a file of the store for reading; raises ``FileNotFoundError`` or ``StoreUnreadable``."""
    with reading(path):
        return path.open("rb")


def _create(folder: Path) -> tuple[int, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        path = folder / secrets.token_hex(12)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # A sweeper may have come between creation and lock; then the file has no name any more.
            if os.fstat(handle).st_nlink:
                return handle, path
        except BaseException:
            os.close(handle)
            path.unlink(missing_ok=True)
            raise
        os.close(handle)
