"""Lets signals wait for the end of what must not be half done: a program that is started, a name that moves."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

WAITING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_wait() -> Iterator[None]:
    """The handlers of ``WAITING`` are called at the end of the block instead of within it; they may raise there.

    Only the main thread runs handlers, and only Python's own are held back: what is switched off stays off.
    """
    if not _in_main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    handlers = {number: signal.getsignal(number) for number in WAITING}
    held = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in held:
        signal.signal(number, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for came_number, frame in came:
            held[signal.Signals(came_number)](came_number, frame)


def _in_main_thread() -> bool:
    """Without the module ``threading``, which is not imported for this, there is only that one."""
    threading = sys.modules.get("threading")
    return threading is None or threading.current_thread() is threading.main_thread()
