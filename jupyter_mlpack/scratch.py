"""Folders for the time of a build, and trees that go away: without the two modules that know more of it.

``tempfile`` and ``shutil`` import cryptography and four kinds of compression: a twentieth of a rebuild. They are asked
where something is unusual.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_mlpack.pattern import pattern

PLACES = ("TMPDIR", "TEMP", "TMP")
"""Variables that say where temporary files belong, as ``tempfile`` has them."""

LEFT = pattern("mlpack-([a-z]+-)?[0-9a-f]{12}")
HOUR = 3600.0
"""Seconds before which a folder without a lock is not taken for left behind: its maker may be about to lock it."""


@contextmanager
def scratch_folder(prefix: str = "mlpack-") -> Iterator[Path]:
    """A new folder among the machine's temporary files that is gone afterwards. Raises ``OSError``.

    It is locked meanwhile: what a killed process left is told by its being free (``sweep_scratch``).
    """
    with passing_folder(Path(usable_place(), prefix + os.urandom(6).hex())) as folder:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            yield folder
        finally:
            os.close(held)


@contextmanager
def passing_folder(folder: Path) -> Iterator[Path]:
    """``folder``, which is made now and gone afterwards, whenever the user stops us. Raises ``OSError``.

    Its name must be one that nobody else chooses: it is removed even if it is not known whether it was made.
    """
    try:
        os.mkdir(folder, 0o700)
        yield folder
    finally:
        try:
            remove_tree(folder)
        except BaseException:
            remove_tree(folder)
            raise


def sweep_scratch() -> None:
    """Remove what killed builds of this user left among the machine's temporary files; secrets may be in it."""
    with suppress(OSError), os.scandir(scratch_place()) as entries:
        for entry in entries:
            if LEFT.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _sweep(entry.path)


def _sweep(folder: str) -> None:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        state = os.fstat(held)
        if state.st_uid == os.geteuid() and time.time() - state.st_ctime > HOUR:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(folder)
    finally:
        os.close(held)


def scratch_place() -> str:
    """The folder of the machine's temporary files."""
    return os.path.abspath(next(filter(None, map(os.environ.get, PLACES)), "/tmp"))


def usable_place() -> str:
    """The same, or what else ``tempfile`` finds where that cannot be written. Raises ``OSError``."""
    place = scratch_place()
    if os.access(place, os.W_OK | os.X_OK):
        return place
    import tempfile

    from jupyter_mlpack.signals import signals_wait

    with signals_wait():  # it tries places by writing a file
        return tempfile.gettempdir()


def make_folder(prefix: str) -> Path:
    """A new folder among the machine's temporary files, for nobody else. Raises ``OSError``."""
    folder = Path(usable_place(), prefix + os.urandom(6).hex())
    os.mkdir(folder, 0o700)
    return folder


def remove_tree(folder: Path | str) -> None:
    """Remove a folder and all in it; what cannot be removed stays."""
    try:
        _remove(os.fspath(folder))
    except FileNotFoundError:
        return
    except OSError:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def copy_file(source: Path, target: Path) -> None:
    """Copy the contents of a file. Raises ``OSError``."""
    if source.stat().st_size <= 1 << 20 and source.is_file():
        target.write_bytes(source.read_bytes())
        return
    import shutil

    shutil.copyfile(source, target)


def _remove(folder: str) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _remove(entry.path)
            else:
                os.unlink(entry.path)
    os.rmdir(folder)
