"""Ctrl-C, a closed terminal and a polite kill end a command the same way: it cleans up, and says one sentence."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DEAF = 3.0
"""Seconds after a signal in which further ones are not heard: an impatient finger must not stop the cleaning up."""

AGAIN = 0.001
"""Seconds after which a signal comes again that fell where nothing can be raised."""


class Stopped(KeyboardInterrupt):
    """The signal ``args[0]`` came.

    A class of its own because a plain ``KeyboardInterrupt`` that passes through a string's ``exec`` (each dataclass is
    made by one) makes Python end by SIGINT whatever the program says afterwards (``run_eval_code_obj`` in CPython).
    """


class Told:
    """Whether the command of this process has said how it ended."""

    yet = False


@contextmanager
def stoppable(last: bool = False) -> Iterator[None]:
    """Within the block, each of ``SIGNALS`` raises ``Stopped`` in the main thread, until ``ending`` is called.

    A signal that whoever started us had switched off (``nohup``, a shell's ``&``) stays off. ``last``: the process
    ends after the block, and no signal changes how.
    """
    Told.yet, heard = False, -DEAF
    lost: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        if not Told.yet and time.monotonic() >= heard + DEAF:
            heard = time.monotonic()
            raise Stopped(number)

    def hear_again(number: int, frame: FrameType | None) -> None:
        if lost and not Told.yet:
            raise Stopped(lost.pop())

    def not_raised(found: sys.UnraisableHookArgs) -> None:
        """Where Python can only print what is raised (while it collects an object), ``Stopped`` comes again at once."""
        if isinstance(found.exc_value, Stopped):
            lost.append(found.exc_value.args[0])
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
        else:
            told_before(found)

    told_before, sys.unraisablehook = sys.unraisablehook, not_raised
    before = {number: signal.getsignal(number) for number in SIGNALS}
    clock = signal.signal(signal.SIGALRM, hear_again)
    try:
        for number, handler in before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, hear)
        yield
    finally:
        # Once stopped, the process is ending. Python's last steps take handlers away, but leave SIG_IGN: only so
        # does a second Ctrl-C not change how it ends.
        for number, handler in before.items():
            signal.signal(number, handler if heard < 0 and not last else signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, clock)
        sys.unraisablehook = told_before


def ending() -> None:
    """The command says now how it ended: a signal that comes later does not change that."""
    Told.yet = True


def exit_status(stop: KeyboardInterrupt) -> int:
    """The shell's exit status of a command that a signal ended: 130 for Ctrl-C, 143 for SIGTERM."""
    number: int = stop.args[0] if isinstance(stop, Stopped) else signal.SIGINT
    return 128 + number
