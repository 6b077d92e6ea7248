"""Who writes a run's file holds a lock on it."""

from __future__ import annotations

import os
import socket
from io import BufferedRandom

from jupyter_mlpack.ledger.record import Record

try:
    import fcntl
except ImportError:  # no such locks on this system: processes are asked for by their number instead
    fcntl = None  # type: ignore[assignment]

PIECE = 65_536
"""Bytes in which the end of a file is looked through."""


def take_lock(file: BufferedRandom, process: Record | None = None) -> bool:
    """Lock the file for this process, without waiting. Where there are no locks, ask whether ``process`` still runs."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except OSError:  # this file system has no locks
        pass
    return process is None or not still_runs(process)


def still_runs(record: Record) -> bool:
    """Whether the process that began a run may still be there. Of other machines that is not known: it may."""
    if record.host != socket.gethostname():
        return True
    if record.process == os.getpid():
        return False
    try:
        os.kill(record.process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def cut_torn_line(file: BufferedRandom) -> None:
    """Cut off what a crash left of a line, and go to the end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 1, 0))
    if size and file.read(1) != b"\n":
        place = size
        while place:
            place = max(place - PIECE, 0)
            file.seek(place)
            newline = file.read(min(PIECE, size - place)).rfind(b"\n")
            if newline >= 0:
                file.truncate(place + newline + 1)
                break
        else:
            file.truncate(0)
    file.seek(0, os.SEEK_END)
