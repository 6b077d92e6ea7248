"""Who works with a store's content holds its lock together with others; who removes content holds it alone.

The locks are those of the kernel: they end with the process. They bind only who asks for them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAME = "lock"
STEP = 0.1
STAMP = "collected"
"""The file whose date is that of the last collection that nobody asked for."""

EVERY = 86_400.0
"""Seconds between two of them."""


@contextmanager
def together(root: Path) -> Iterator[None]:
    """Nothing of the store in ``root`` is removed meanwhile. A store that we may only read is not locked by us."""
    handle = _open(root)
    try:
        if handle is not None:
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def alone(root: Path, patience: float) -> Iterator[bool]:
    """Whether nobody else works with the store; others then wait. Tries for ``patience`` seconds."""
    handle = _open(root)
    try:
        yield handle is not None and _taken(handle, patience)
    finally:
        if handle is not None:
            os.close(handle)


def hold_folder(folder: Path) -> int | None:
    """Keep ``folder`` from being removed until the handle that is returned is closed."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def is_held(folder: Path) -> bool:
    """Whether somebody holds ``folder``; also where that cannot be told."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return True
    try:
        return not _taken(handle, 0)
    finally:
        os.close(handle)


def is_due(root: Path) -> bool:
    """Whether it is time to collect what nobody uses. Reads one date."""
    try:
        return time.time() - (root / STAMP).stat().st_mtime > EVERY
    except OSError:
        return root.is_dir()


def _open(root: Path) -> int | None:
    with suppress(OSError):
        root.mkdir(parents=True, exist_ok=True)
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        with suppress(OSError):
            return os.open(root / NAME, flags | os.O_CLOEXEC, 0o644)
    return None


def _taken(handle: int, patience: float) -> bool:
    end = time.monotonic() + patience
    while True:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(STEP)
