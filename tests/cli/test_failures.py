"""A build that is stopped or fails says one thing, leaves nothing behind, and never moves a name.

Real processes and real obstacles: signals, full disks, silent and refusing registries, changed hashes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from jupyter_mlpack.oci.store import Store

pytestmark = pytest.mark.network

SOON = 8.0
"""Seconds from a signal to the end, on a busy machine; nothing waits for a network or for work that is not needed."""
UNREACHABLE = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0", "PIP_FIND_LINKS": ""}


# --- signals --------------------------------------------------------------------------------------------------


def begins(phase: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("event") == "PhaseStarted" and event["phase"] == phase


def installs(event: dict[str, Any]) -> bool:
    return event.get("event") == "LogLines" and any("Installing" in line for line in event["lines"])


def assembles(event: dict[str, Any]) -> bool:
    return event.get("event") == "Progress" and event["phase"] == "stack"


@dataclass(frozen=True)
class Stop:
    """When a signal comes, and which; ``quick``: a phase that may be over before the signal arrives."""

    when: Callable[[dict[str, Any]], bool]
    number: signal.Signals = signal.SIGINT
    cell: str = "print('changed')"
    options: tuple[str, ...] = ()
    quick: bool = False
    without_base: bool = False


READS = "open('data.bin', 'rb').read()"
STOPS = {
    "inspect": Stop(begins("inspect")),
    "resolve": Stop(begins("resolve"), options=("--upgrade",)),
    "stack": Stop(assembles, without_base=True),
    "analyze": Stop(begins("analyze"), quick=True),
    "detect": Stop(begins("detect"), quick=True),
    "restore": Stop(begins("restore"), quick=True),
    "build": Stop(installs, cell="%pip install six"),
    "export": Stop(begins("export"), cell=READS),
    "SIGTERM in resolve": Stop(begins("resolve"), signal.SIGTERM, options=("--upgrade",)),
    "SIGTERM in stack": Stop(assembles, signal.SIGTERM, without_base=True),
    "SIGTERM in build": Stop(installs, signal.SIGTERM, cell="%pip install toml"),
    "SIGTERM in export": Stop(begins("export"), signal.SIGTERM, cell=READS),
    "SIGHUP in export": Stop(begins("export"), signal.SIGHUP, cell=READS),
}


def send(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """A terminal sends Ctrl-C and hang-up to all of its foreground group; kill reaches the process alone."""
    if number == signal.SIGTERM:
        process.send_signal(number)
    else:
        os.killpg(process.pid, number)


def stop_when(process: subprocess.Popen[str], stop: Stop) -> list[dict[str, Any]]:
    """Send the signal as soon as the event is seen; the events from then on."""
    assert process.stdout is not None
    for line in process.stdout:
        if stop.when(json.loads(line)):
            break
    else:
        pytest.fail("the phase never began")
    send(process, stop.number)
    began = time.monotonic()
    out, err = process.communicate(timeout=120)
    assert time.monotonic() - began < SOON
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_build__signal__one_sentence_and_nothing_left(
    machine: Any, stop: Stop, orphans: Callable[[], list[str]]
) -> None:
    (machine.folder / "data.bin").write_bytes(os.urandom(1 << 20) * 150)
    machine.write(stop.cell)
    if stop.without_base:
        for image in Store(machine.home).images():
            if image.name.startswith("mlpack/run:"):
                Store(machine.home).untag(image.name)
    before = machine.digest()
    process = machine.start(*stop.options)
    events = stop_when(process, stop)
    if not (stop.quick and process.returncode == 0):
        assert process.returncode == 128 + stop.number
        assert [event["code"] for event in events if event.get("event") == "Failed"] == ["interrupted"]
        assert machine.digest() == before
    assert orphans() == []
    assert machine.left_behind() == []
    if stop.number == signal.SIGINT:
        machine.build()
        assert machine.digest() not in (None, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_build__signal_while_a_registry_is_silent__ends_and_keeps_the_image(
    machine: Any, stalling_server: Any, number: signal.Signals
) -> None:
    before = machine.digest()
    machine.write("print('changed')")
    process = machine.start("--push", f"{stalling_server.host}/team/n:1", "--insecure")

    def when(event: dict[str, Any]) -> bool:
        return begins("publish")(event) and stalling_server.stalled.wait(20) is not None

    began = time.monotonic()
    events = stop_when(process, Stop(when, number))
    assert process.returncode == 128 + number
    assert [event["code"] for event in events if event.get("event") == "Failed"] == ["interrupted-after-build"]
    assert time.monotonic() - began < 40
    assert machine.digest() not in (None, before), "the image was finished before"
    assert machine.left_behind() == []


def test_build__two_signals_in_a_row__still_cleans_up(machine: Any, orphans: Callable[[], list[str]]) -> None:
    machine.write("%pip install tomli_w")
    process = machine.start()
    assert process.stdout is not None
    for line in process.stdout:
        if installs(json.loads(line)):
            break
    for _ in range(3):
        send(process, signal.SIGINT)
        time.sleep(0.1)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert machine.left_behind() == []
    assert orphans() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("delay", [0.15, 0.3, 0.45, 0.6])
def test_start__signal_while_it_starts__no_traceback(machine: Any, number: signal.Signals, delay: float) -> None:
    """Wherever it lands while modules are imported (before our first line runs, it is Python's own matter)."""
    process = machine.start("--dry-run")
    time.sleep(delay)
    send(process, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (128 + number, -number, 0)
    assert "Traceback" not in err or "interruption.py" not in err
