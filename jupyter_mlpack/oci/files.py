"""Files of the content store, written so that they are there whole or not at all, whenever the process dies.

A file is written under a random name in ``tmp/``, locked by its writer, and moved into place. What a killed process
left there is unlocked, so the next one tells it from what is being written, and removes it.

What others will rely on is on the disk before it has its name, so that a power failure cannot leave a name over
something else: blobs before the notes and manifests that name them, manifests before names of images. A large file is
brought there while it is written, so that its end does not wait for all of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from jupyter_mlpack import errors

if TYPE_CHECKING:
    from threading import Thread

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
STRETCH = 32 << 20
"""Bytes that are written before they are brought to the disk."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell failures to write at ``path`` as ``StoreFull`` or ``StoreUnwritable``."""
    try:
        yield
    except OSError as error:
        failure = errors.StoreFull if error.errno in FULL else errors.StoreUnwritable
        raise failure(path=path, reason=error.strerror or str(error)) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell failures to read ``path`` as ``StoreUnreadable``, except that it is not there (``FileNotFoundError``)."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise errors.StoreUnreadable(path=path, reason=error.strerror or str(error)) from error


class Draft:
    """A file that is being written. ``keep`` moves it into place; leaving the context without it removes it.

    So does the end of the object: a signal may come before the context is entered, or when it is about to be left.
    """

    _ended = True

    def __init__(self, folder: Path) -> None:
        self._syncing = _Syncing()
        self.path = folder / os.urandom(12).hex()
        self._handle, self._fresh, self._ended = -1, 0, False
        try:
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
                while not self._created():
                    continue
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __del__(self) -> None:
        self._end()

    def write(self, data: bytes) -> int:
        """Take all of ``data``; raises ``StoreFull`` or ``StoreUnwritable``."""
        view = memoryview(data)
        with writing(self.path):
            while view:
                view = view[os.write(self._handle, view) :]
            self._fresh += len(data)
            if self._fresh >= STRETCH:
                self._fresh = 0
                self._syncing.go_on(self._handle)
        return len(data)

    def keep(self, place: Path, durable: bool = False) -> None:
        """Move it to ``place``, whatever is there. ``durable``: so that it survives a power failure from here on."""
        with writing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            os.fchmod(self._handle, 0o644)
            if durable:
                self._syncing.end()
                os.fsync(self._handle)
            os.replace(self.path, place)
            if durable:
                sync_folder(place.parent)

    def _created(self) -> bool:
        """Create and lock the file; false if a sweeper came between, then it has no name any more."""
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        if os.fstat(self._handle).st_nlink:
            return True
        handle, self._handle = self._handle, -1
        os.close(handle)
        return False

    def _end(self) -> None:
        if self._ended:
            return
        with suppress(OSError):
            self.path.unlink()
        with suppress(OSError):
            self._syncing.end()
        handle, self._handle, self._ended = self._handle, -1, True
        if handle >= 0:
            os.close(handle)


class _Syncing:
    """Brings the written part of a file to the disk, beside its writer."""

    def __init__(self) -> None:
        self._thread: Thread | None = None
        self._failed: OSError | None = None

    def go_on(self, handle: int) -> None:
        """Begin anew, unless the last time is not over."""
        from threading import Thread

        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._sync, args=(handle,), name="mlpack-sync")
            self._thread.start()

    def end(self) -> None:
        """Wait for what is going on. Raises ``OSError`` if it ever failed: the kernel tells that only once."""
        if self._thread is not None:
            self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _sync(self, handle: int) -> None:
        try:
            os.fsync(handle)
        except OSError as error:
            self._failed = error


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
