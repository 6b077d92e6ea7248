"""Starts programs that cannot be left behind.

A signal's handler may raise between the fork and the return of ``Popen``: then the child runs, and nobody holds it.
Here signals wait until the child is held.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jupyter_mlpack.signals import signals_wait


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """The child, which is gone when the block is left. ``options`` are those of ``Popen``; raises ``OSError``."""
    child: subprocess.Popen[Any] | None = None
    try:
        with signals_wait():
            child = subprocess.Popen(command, **options)
        yield child
    finally:
        if child is not None:
            try:
                end(child)
            except BaseException:
                end(child)
                raise


def end(child: subprocess.Popen[Any]) -> None:
    """Kill the child if it still runs, and close its pipes."""
    if child.poll() is None:
        child.kill()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
    child.wait()


def run(
    command: Sequence[str], *, given: Any = None, timeout: float | None = None, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """``subprocess.run`` with both outputs captured and ``given`` as standard input.

    Raises ``OSError`` and ``subprocess.TimeoutExpired``; the exit status is the caller's to look at.
    """
    stdin = subprocess.DEVNULL if given is None else subprocess.PIPE
    with running(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as child:
        out, err = child.communicate(given, timeout)
        return subprocess.CompletedProcess(command, child.returncode, out, err)
