"""SIGTERM on its way to the notebook: to its own handler, if it has one, else as a KeyboardInterrupt."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

PATIENCE = 4.0  # seconds for a cell to end after its KeyboardInterrupt; container engines kill after 10
LAST_WARNING = 2.0  # seconds before the end at which a handler that did not end the cell is overruled


class Stopper:
    """Ends the kernel in order. ``find`` gives its process while there is one; ``seconds`` are a handler's."""

    def __init__(self, find: Callable[[], subprocess.Popen[bytes] | None], seconds: float) -> None:
        self.find, self.seconds = find, seconds
        self.stopped = False
        self.handled = False

    @property
    def may_go_on(self) -> bool:
        """Whether the next cell may start: a handler has asked for that, and cells may save what there is."""
        return not self.stopped or self.handled

    def stop(self) -> None:
        """The first call asks, the second kills. What the notebook started is interrupted and killed with it."""
        if self.stopped:
            self._signal_group(signal.SIGKILL)
            return
        self.stopped = True
        process = self.find()
        self.handled = process is not None and process.poll() is None and handles_term(process.pid)
        if process is not None and self.handled:
            os.kill(process.pid, signal.SIGTERM)
            self._later(max(self.seconds - LAST_WARNING, self.seconds / 2), signal.SIGINT)
            self._later(self.seconds, signal.SIGKILL)
        else:
            self._signal_group(signal.SIGINT)
            self._later(PATIENCE, signal.SIGKILL)

    def _later(self, seconds: float, number: int) -> None:
        timer = threading.Timer(seconds, self._signal_group, [number])
        timer.daemon = True
        timer.start()

    def _signal_group(self, number: int) -> None:
        process = self.find()
        if process is not None and process.poll() is None:
            os.killpg(process.pid, number)  # the kernel leads its own group


def handles_term(process: int) -> bool:
    """Whether a process catches SIGTERM. A kernel by itself does not."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)
