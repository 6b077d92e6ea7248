"""A command in a process of its own: its lines as they come, its end, and Ctrl-C handed on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import IO, Any

COMMAND = (sys.executable, "-c", "import sys; sys.path[:1] = []; from jupyter_mlpack.cli.app import main; main()")
"""Not ``-m``: that would put the current folder, where notebooks lie, before the standard library."""

WAIT = 0.5
"""Seconds of silence after which ``lines`` yields ``None``, so that a clock can go on."""

EVIDENCE = 20


class Child:
    """A running command. ``errors`` are the last lines of its standard error."""

    def __init__(self, words: Sequence[str]) -> None:
        # A session of its own: an interrupt reaches the kernel's whole group, and the command shall hear it once.
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*COMMAND, *words], stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
        )
        self.errors: deque[str] = deque(maxlen=EVIDENCE)
        self.queue: SimpleQueue[bytes | None] = SimpleQueue()
        self.threads = [threading.Thread(target=reader, daemon=True) for reader in (self.read, self.listen)]
        for thread in self.threads:
            thread.start()

    def lines(self) -> Iterator[dict[str, Any] | None]:
        """What it says, line by line; ``None`` when it is silent. What is no JSON object is text for ``errors``."""
        while True:
            try:
                line = self.queue.get(timeout=WAIT)
            except Empty:
                yield None
                continue
            if line is None:
                return
            try:
                said = json.loads(line)
            except ValueError:
                said = None
            if isinstance(said, dict):
                yield said
            else:
                self.errors.append(line.decode(errors="replace").rstrip("\n"))

    def interrupt(self) -> None:
        """As Ctrl-C does it."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Its exit status, once it has one."""
        status = self.process.wait()
        for thread in self.threads:
            thread.join()
        return status

    def read(self) -> None:
        """Its standard output into the queue."""
        for line in stream(self.process.stdout):
            self.queue.put(line)
        self.queue.put(None)

    def listen(self) -> None:
        """Its standard error."""
        for line in stream(self.process.stderr):
            self.errors.append(line.decode(errors="replace").rstrip("\n"))


def stream(pipe: IO[bytes] | None) -> IO[bytes]:
    """A pipe that was asked for."""
    assert pipe is not None
    return pipe
