"""The table of kernels against the index itself, and the preflight in its place before a build."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.events import Event, Noticed
from jupyter_mlpack.inspection.hardware.facts import kernels_table
from jupyter_mlpack.oci import Store
from jupyter_mlpack.pipeline import inspect, plan_image
from jupyter_mlpack.preflight import cuda_lines
from jupyter_mlpack.resolution import LockRequest, index_settings, resolve
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Target
from jupyter_mlpack.wishes import Machine, Wishes

pytestmark = pytest.mark.network
TARGET = Target("linux", "amd64", "glibc2.36", "3.11")


@pytest.mark.parametrize("release", ["2.7.1", "2.8.0", "2.10.0", "2.11.0", "2.15.0"])
def test_table__torch_of_the_default_index__brings_the_cuda_line_that_the_table_says(
    release: str, tmp_path: Path
) -> None:
    lock = resolve(LockRequest((f"torch=={release}",), (), TARGET, index_settings(os.environ)), tmp_path)
    number = tuple(int(part) for part in release.split(".")[:2])
    rows = [row for row in kernels_table()["build"] if row["package"] == "torch" and "local" not in row]
    row = next(row for row in rows if tuple(int(part) for part in row["from"].split(".")) <= number)
    assert cuda_lines(lock) == {row["cuda"].split(".")[0]}


def test_plan_image__kaggles_p100_and_todays_torch__told_before_anything_is_built(tmp_path: Path) -> None:
    notebook = tmp_path / "train.ipynb"
    cells = [{"cell_type": "code", "source": "import torch\ntorch.ones(1).cuda()", "metadata": {}, "outputs": []}]
    metadata = {"kaggle": {"accelerator": "gpu", "isGpuEnabled": True}, "kernelspec": {"name": "no-such-kernel"}}
    notebook.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    machine = Machine(Store(tmp_path / "home"), read_catalog(), StackSettings(), index_settings(os.environ))
    events: list[Event] = []
    wishes = Wishes(required=("torch==2.15.0",))
    plan_image(*inspect(notebook, wishes, events.append), wishes, machine, events.append)
    told = {event.notice.code: event.notice.text for event in events if isinstance(event, Noticed)}
    assert "P100" in told["no-kernels"]
    assert "torch<2.8" in told["no-kernels"]
    assert "580" in told["driver-floor"]
