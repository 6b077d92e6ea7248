"""Run a command and measure it: wall time, CPU seconds, peak memory of all processes together, and both over time.

Memory is the sum of the proportional set sizes (PSS) of the processes that do the work: ours with all that it starts,
or the Docker daemon with its containers, less what the daemon took before. CPU seconds are those of the same processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from results import Sample

TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.1
"""Seconds between two looks at the processes' memory."""
Roots = Callable[[int], Sequence[int]]


def own(pid: int) -> Sequence[int]:
    """The command itself; what it started is found from there."""
    return (pid,)


def daemon(_: int) -> Sequence[int]:
    """The Docker daemon and containerd; their containers stand below."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            if path.read_text().strip() in {"dockerd", "containerd"}:
                found.append(int(path.parent.name))
    return found


def run(
    command: Sequence[object], roots: Roots = own, env: Mapping[str, str] | None = None, watched: bool = True
) -> Sample:
    """Run ``command`` to its end; ends the bench with its output if it fails. Without ``watched`` only times are taken.

    Everything dirty is written to the disk first: it is not this command's work.
    """
    words = [str(word) for word in command]
    os.sync()
    before, idle = look(roots(0)) if roots is daemon else (0.0, 0)
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env)
        watcher = Watcher(roots, process.pid, began, (before, idle))
        if watched:
            watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        watcher.done.set()
        if watched:
            watcher.join()
        if process.returncode != 0:
            output.seek(0)
            sys.exit(f"failed: {' '.join(words)}\n{output.read().decode(errors='replace')[-4000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    if roots is daemon:
        cpu += look(roots(0), memory=False)[0] - before
    peak = max((memory for _, _, memory in watcher.timeline), default=0)
    return Sample(seconds, cpu, peak, timeline=tuple(watcher.timeline))


class Watcher(threading.Thread):
    """Looks at the processes until ``done`` is set."""

    def __init__(self, roots: Roots, pid: int, began: float, idle: tuple[float, int]) -> None:
        super().__init__(daemon=True)
        self.roots, self.pid, self.began, self.idle = roots, pid, began, idle
        self.done = threading.Event()
        self.timeline: list[tuple[float, float, int]] = []

    def run(self) -> None:
        """Note (seconds, CPU seconds so far, bytes) every ``EVERY`` seconds."""
        roots = self.roots(self.pid)
        while not self.done.wait(EVERY):
            cpu, memory = look(roots)
            moment = round(time.monotonic() - self.began, 2)
            self.timeline.append((moment, round(cpu - self.idle[0], 2), max(0, memory - self.idle[1])))


def look(roots: Sequence[int], memory: bool = True) -> tuple[float, int]:
    """CPU seconds and PSS of these processes and all below; ended ones count in the CPU time of who waited for them."""
    ticks, total = 0, 0
    for pid in tree(roots):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
            if memory:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
    return ticks / TICKS, total


def tree(roots: Sequence[int]) -> list[int]:
    """These processes and all that they started."""
    found = list(roots)
    for pid in found:
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):
                found += [child for child in map(int, path.read_text().split()) if child not in found]
    return found
