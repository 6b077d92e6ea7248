"""Runs buildpack executables as children that cannot outlive us.

A child gets exactly the environment it is given, umask 022 (so that layers do not depend on the user's), no standard
input, and a process group of its own, which is stopped whenever we leave early: by an error, by Ctrl-C, or because
an ``emit`` raised.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.signals import signals_wait

UMASK = 0o022
GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""
BEAT = 0.5
"""Seconds after which lines are handed on, and after which a silent child's listener is asked whether to go on."""
_CHUNK = 1 << 16
_LONGEST = 1 << 16


class NotStarted(OSError):
    """A program that cannot be started: there is none, or it may not be run, or its environment is impossible."""


@dataclass(frozen=True)
class Command:
    """What to run: ``argv`` (the first is a path), the working directory, the whole environment."""

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


@contextmanager
def started(command: Command, output: IO[bytes] | int) -> Iterator[subprocess.Popen[bytes]]:
    """The running child; it and all of its group are gone when the block is left.

    Raises ``NotStarted``.
    """
    child = None
    try:
        try:
            with signals_wait():
                child = subprocess.Popen(
                    list(command.argv),
                    cwd=command.folder,
                    env=dict(command.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    umask=UMASK,
                )
        except (OSError, ValueError) as error:
            raise NotStarted(str(error)) from error
        yield child
    finally:
        if child is not None:
            try:
                _stop(child)
            except BaseException:
                _stop(child)
                raise
            if child.stdout is not None:
                child.stdout.close()


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End what is left of the child's group: politely first while the child itself runs, then for certain."""
    if child.poll() is None:
        _signal(child.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
    _signal(child.pid, signal.SIGKILL)
    child.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def run_streaming(command: Command, take: Callable[[tuple[str, ...]], None]) -> int:
    """Run to the end, handing on the lines of both outputs in batches; returns the exit status (negative: a signal).

    ``take`` is called with no lines about twice a second while the child is silent, so that it can raise to cancel.
    """
    with started(command, subprocess.PIPE) as child, selectors.DefaultSelector() as selector:
        assert child.stdout is not None
        os.set_blocking(child.stdout.fileno(), False)
        selector.register(child.stdout, selectors.EVENT_READ)
        rest = b""
        open_ = True
        while open_:
            ready = selector.select(BEAT)
            data = _drain(child.stdout) if ready else b""
            # a grandchild may hold the pipe open for ever: the end of the child itself is the end of its log
            open_ = not (data is None or (not ready and child.poll() is not None))
            lines, rest = _split(rest + (data or b""))
            if lines or not ready:
                take(lines)
        if rest:
            take((_decode(rest),))
        return child.wait()


def _drain(stream: IO[bytes]) -> bytes | None:
    """What can be read now; ``None`` at the end of the stream."""
    return os.read(stream.fileno(), _CHUNK) or None


def _split(data: bytes) -> tuple[tuple[str, ...], bytes]:
    """Whole lines and the rest; a line without end is cut, so that a hostile log cannot fill the memory."""
    *lines, rest = data.split(b"\n")
    if len(rest) > _LONGEST:
        lines, rest = [*lines, rest], b""
    return tuple(map(_decode, lines)), rest


def _decode(line: bytes) -> str:
    """A log line as text; of what a progress bar overwrote only the last state stays."""
    return line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
