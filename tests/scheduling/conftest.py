"""jupyter-scheduler, if it is here: installed, or in the folder ``.venv/scheduler`` that ``.ci/test`` makes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / ".venv/scheduler"
if FOLDER.is_dir() and str(FOLDER) not in sys.path:
    sys.path.append(str(FOLDER))


@pytest.fixture(scope="session", autouse=True)
def scheduler_is_here() -> None:
    pytest.importorskip(
        "jupyter_scheduler", reason="LOUD: no jupyter-scheduler (pip install jupyter-mlpack[scheduler])"
    )
