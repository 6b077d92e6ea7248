"""A build that is stopped at any of the chances that Python has to stop it: one sentence, nothing left, no name moved.

``interrupting.py`` counts the chances and takes the one that it is told: hundreds of thousands, from which each test
takes some, the same ones each time. A quarter of them falls into imports.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.errors import Interrupted
from jupyter_mlpack.oci.store import Store

pytestmark = pytest.mark.network

SAID = ((["interrupted"], ""), (["interrupted-after-build"], ""), ([], f"{Interrupted()}\n"))
"""Codes of failures and standard error: the last while our modules are imported."""

PROGRAM = Path(__file__).with_name("interrupting.py")


def edit(machine: Any, turn: int) -> None:
    """The notebook is another one."""
    machine.write(f"print({turn})")


def forget_base(machine: Any, turn: int) -> None:
    """There is no run image, but all archives that it is made of."""
    edit(machine, turn)
    for image in Store(machine.home).images():
        if image.name.startswith("mlpack/run:"):
            Store(machine.home).untag(image.name)


def forget_packages(machine: Any, turn: int) -> None:
    """Nothing was ever resolved, and no wheel unpacked; they are downloaded already."""
    edit(machine, turn)
    for name in ("wheels", "outcomes", "known", "locks"):
        shutil.rmtree(machine.home / name, ignore_errors=True)


@dataclass(frozen=True)
class Work:
    """What makes a build necessary, and how often it is stopped."""

    prepare: Callable[[Any, int], None]
    times: int
    number: signal.Signals = signal.SIGINT


WORKS = {
    "an edited notebook": Work(edit, 12),
    "an edited notebook, SIGTERM": Work(edit, 4, signal.SIGTERM),
    "the run image": Work(forget_base, 2),
    "all packages": Work(forget_packages, 3),
}


def start(machine: Any, number: signal.Signals, chance: int) -> subprocess.Popen[str]:
    """Start a build that is stopped at this chance, 0 for never; ``report`` tells how many there were, or where."""
    report = machine.folder / "report"
    report.write_text("")
    process: subprocess.Popen[str] = machine.start(program=(str(PROGRAM), str(int(number)), str(chance), str(report)))
    return process


def stop(machine: Any, number: signal.Signals, chance: int) -> str:
    """Stop a build at this chance; where that was. Only that sentence is said, which is true."""
    before = machine.digest()
    process = start(machine, number, chance)
    out, err = process.communicate(timeout=120)
    place: str = (machine.folder / "report").read_text()
    if place:
        assert process.returncode == 128 + number, (place, err)
        said = [event["code"] for event in map(json.loads, out.splitlines()) if event.get("event") == "Failed"]
        assert (said, err) in ((["interrupted"], ""), ([], f"{Interrupted()}\n"), (["interrupted-after-build"], "")), (
            place
        )
        assert (machine.digest() == before) == (said != ["interrupted-after-build"]), place
    assert machine.left_behind() == [], place
    return place


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_build__stopped_at_any_chance__one_sentence_and_nothing_left(
    machine: Any, work: Work, orphans: Callable[[], list[str]]
) -> None:
    work.prepare(machine, 0)
    process = start(machine, work.number, 0)
    machine.end(process, 0)
    chances, whole = int((machine.folder / "report").read_text()), machine.digest()
    taken = []
    for turn in range(1, work.times + 1):
        work.prepare(machine, turn)
        taken.append(stop(machine, work.number, round(chances * (turn - 0.5) / work.times)))
        assert orphans() == [], taken[-1]
    assert len(list(filter(None, taken))) > work.times / 2
    work.prepare(machine, 0)
    machine.build()
    assert machine.digest() == whole
