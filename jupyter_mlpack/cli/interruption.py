"""Ctrl-C, a closed terminal and a polite kill end a command the same way: it cleans up, and says one sentence."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DEAF = 3.0
"""Seconds after a signal in which further ones are not heard: an impatient finger must not stop the cleaning up."""


class Stopped(KeyboardInterrupt):
    """The signal ``args[0]`` came.

    A class of its own because a plain ``KeyboardInterrupt`` that passes through a string's ``exec`` (each dataclass is
    made by one) makes Python end by SIGINT whatever the program says afterwards (``run_eval_code_obj`` in CPython).
    """


@contextmanager
def stoppable() -> Iterator[None]:
    """Within the block, each of ``SIGNALS`` raises ``Stopped`` in the main thread.

    A signal that whoever started us had switched off (``nohup``, a shell's ``&``) stays off.
    """
    heard = -DEAF

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        if time.monotonic() >= heard + DEAF:
            heard = time.monotonic()
            raise Stopped(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        for number, handler in before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, hear)
        yield
    finally:
        # Once stopped, the process is ending. Python's last steps take handlers away, but leave SIG_IGN: only so
        # does a second Ctrl-C not change how it ends.
        for number, handler in before.items():
            signal.signal(number, handler if heard < 0 else signal.SIG_IGN)


def exit_status(stop: KeyboardInterrupt) -> int:
    """The shell's exit status of a command that a signal ended: 130 for Ctrl-C, 143 for SIGTERM."""
    number: int = stop.args[0] if isinstance(stop, Stopped) else signal.SIGINT
    return 128 + number
