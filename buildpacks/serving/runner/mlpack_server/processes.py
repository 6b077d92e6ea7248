"""Several processes behind one port, for functions that compute in Python: each has its own interpreter and model.

They share the listening socket; the kernel gives each connection to one of them. One that ends by itself ends all: who
started the container restarts it, and knows why.
"""

from __future__ import annotations

import mmap
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field

from mlpack_server.folder import FolderError

COUNTERS = "PROMETHEUS_MULTIPROC_DIR"
"""Where Prometheus' library keeps the numbers of several processes, so that each can tell those of all."""


@dataclass(frozen=True)
class Place:
    """Which of the processes this is. ``loaded`` is memory that all share: a byte for each, set when it is ready."""

    number: int = 0
    loaded: mmap.mmap | bytearray = field(default_factory=lambda: bytearray(1), compare=False)
    parent: int = 0

    def tell(self) -> None:
        """This one is ready."""
        self.loaded[self.number] = 1

    @property
    def all_loaded(self) -> bool:
        """Whether every process has its model: platforms send requests to any of them."""
        return all(self.loaded[:])

    @property
    def is_orphan(self) -> bool:
        """Whether the process that started the others is gone."""
        return bool(self.parent) and os.getppid() != self.parent


def run_processes(
    count: int, work: Callable[[Place], int], started: Callable[[], object], say: Callable[[str], None]
) -> int:
    """The exit status: in a process of its own that of ``work``, here the first that is not 0. Raises FolderError.

    ``started`` is called here when all are there. There must not be any thread yet.
    """
    folder = counters()
    os.environ[COUNTERS] = folder
    loaded, parent = mmap.mmap(-1, count), os.getpid()
    children: dict[int, int] = {}
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    for number in range(count):
        child = os.fork()
        if not child:
            for sent in (signal.SIGTERM, signal.SIGINT):
                signal.signal(sent, signal.SIG_DFL)
            return work(Place(number, loaded, parent))
        children[child] = number
    started()
    result = 0
    while children:
        child, status = os.wait()
        if child not in children:
            continue  # PID 1 inherits those whose parents are gone
        number = children.pop(child)
        code = os.waitstatus_to_exitcode(status)
        result = result or (128 - code if code < 0 else code)
        if not stopping:
            why = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
            say(f"process {number + 1} of {count} {why}: the others are stopped")
            result = result or 1
            stop()
    shutil.rmtree(folder, ignore_errors=True)
    return result


def counters() -> str:
    """A folder for the counters of all processes."""
    try:
        return tempfile.mkdtemp(prefix="mlpack-counters-")
    except OSError as error:
        why = error.strerror or str(error)
        raise FolderError(f"several processes need a writable temporary folder for their counters ({why})") from None
