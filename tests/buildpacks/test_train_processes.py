"""The train process: several processes of one node."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Runner = Callable[[str], ModuleType]

FAILS_WHILE_OTHERS_RUN = """
import os, pathlib, signal, time
ready = pathlib.Path(__file__).with_name("ready")
if os.environ["LOCAL_RANK"] == "{fails}":
    while not ready.exists():
        time.sleep(0.01)
    os._exit(7)
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
ready.touch()
time.sleep(60)
"""


@pytest.mark.parametrize("fails", [0, 1])
def test_group__one_fails__its_status_and_not_that_of_who_was_ended_for_it(
    runner: Runner, tmp_path: Path, fails: int
) -> None:
    program = tmp_path / "train.py"
    program.write_text(FAILS_WHILE_OTHERS_RUN.format(fails=fails))
    group = runner("processes").Group(runner("world").World(declared=True, processes=2), program, 1.0)
    begun = time.monotonic()
    assert group.run([], os.environ) == 7
    assert time.monotonic() - begun < 30  # the other one would have gone on for a minute
