"""Programs are never left behind, whenever a signal comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import children

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def interrupting() -> Iterator[None]:
    """SIGTERM raises, as it does while a command runs."""

    def hear(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, hear)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("start", [children.running, children.run], ids=["running", "run"])
def test_signal_between_fork_and_return__the_child_is_gone(
    start: Any, interrupting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    born: list[subprocess.Popen[bytes]] = []

    class Struck(subprocess.Popen[bytes]):
        def __init__(self, *words: Any, **options: Any) -> None:
            super().__init__(*words, **options)
            born.append(self)
            os.kill(os.getpid(), signal.SIGTERM)
            sum(range(1000))  # a handler that is not held back runs here

    monkeypatch.setattr(children.subprocess, "Popen", Struck)

    def attempt() -> None:
        with start(SLEEPS):
            pytest.fail("the signal was lost")

    with pytest.raises(KeyboardInterrupt):
        attempt()
    assert born
    assert born[0].returncode == -signal.SIGKILL


def test_signal_that_is_switched_off__stays_off() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        ignored = children.run(["grep", "SigIgn", "/proc/self/status"], text=True).stdout.split()[1]
    finally:
        signal.signal(signal.SIGHUP, before)
    assert int(ignored, 16) & 1 << signal.SIGHUP - 1


def test_run__outputs_status_and_input() -> None:
    program = "import sys; print(sys.stdin.read().upper()); print('bad', file=sys.stderr); sys.exit(3)"
    done = children.run([sys.executable, "-c", program], given="text", text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("TEXT\n", "bad\n", 3)


def test_run__too_long__gone() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        children.run(SLEEPS, timeout=0.1)


def test_run__in_a_thread__needs_no_signals(tmp_path: Path) -> None:
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(children.run(["true"]).returncode))
    thread.start()
    thread.join()
    assert done == [0]
