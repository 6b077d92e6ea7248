"""The table of kernels against the index itself, and the preflight in its place before a build."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.errors import NoKernelsForCard
from jupyter_mlpack.events import ignore
from jupyter_mlpack.inspection.hardware.facts import kernels_table
from jupyter_mlpack.oci import Store
from jupyter_mlpack.pipeline import inspect, lock_and_plan
from jupyter_mlpack.resolution import LockRequest, index_settings
from jupyter_mlpack.resolution.cuda import cuda_lines
from jupyter_mlpack.resolution.lock import resolve
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import BuildPlan, Lock, Target
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


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., tuple[BuildPlan, Lock]]:
    """``plan({"accelerator": "GPU"}, "import torch")`` -> the plan of such a notebook, and its lock."""

    def plan(metadata: dict[str, object], source: str, *required: str) -> tuple[BuildPlan, Lock]:
        notebook = tmp_path / "train.ipynb"
        cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []}]
        said = {**metadata, "kernelspec": {"name": "no-such-kernel"}}
        notebook.write_text(json.dumps({"cells": cells, "metadata": said, "nbformat": 4, "nbformat_minor": 5}))
        machine = Machine(Store(tmp_path / "home"), read_catalog(), StackSettings(), index_settings(os.environ))
        wishes = Wishes(required=required)
        lock, planned = lock_and_plan(*inspect(notebook, wishes, ignore), wishes, machine, ignore)
        return planned, lock

    return plan


T4 = {"accelerator": "GPU", "colab": {"gpuType": "T4"}}
P100 = {"kaggle": {"accelerator": "gpu", "isGpuEnabled": True}}
TORCH = "import torch\ntorch.ones(1).cuda()"


def test_plan_image__kaggles_p100_and_a_torch_without_code_for_it__refused_before_anything_is_built(plan) -> None:
    with pytest.raises(NoKernelsForCard) as refused:
        plan(P100, TORCH, "torch==2.15.0")
    assert "P100" in str(refused.value)
    assert "torch<2.8" in refused.value.sentence("hint")


@pytest.mark.parametrize(
    ("declared", "source", "expected"),
    [
        pytest.param(T4, TORCH, ("cuda13", {"13"}, r"torch==2\.1[1-9]"), id="T4-torch"),
        pytest.param(P100, TORCH, ("cuda12", {"12"}, r"torch==2\.7"), id="P100-torch"),
        pytest.param(T4, "import jax", ("cuda13", {"13"}, "jax-cuda13-plugin"), id="T4-jax"),
        pytest.param(P100, "import jax", ("cuda12", {"12"}, "jax-cuda12-plugin"), id="P100-jax"),
        pytest.param(T4, "import tensorflow", ("cuda12", {"12"}, "tensorflow==2"), id="T4-tensorflow"),
        pytest.param(T4, "import xgboost, torch", ("cuda13", {"13"}, "xgboost==3"), id="T4-xgboost"),
        pytest.param({}, "import xgboost", ("cpu", set(), "xgboost-cpu==3"), id="cpu-xgboost"),
        pytest.param({}, "import tensorflow", ("cpu", set(), "tensorflow-cpu==2"), id="cpu-tensorflow"),
        pytest.param({"accelerator": "TPU"}, "import jax", ("tpu", set(), "libtpu"), id="tpu-jax"),
    ],
)
def test_plan_image__hardware_and_framework__its_wheels_of_the_default_index(
    plan, declared: dict[str, object], source: str, expected: tuple[str, set[str], str]
) -> None:
    accelerator, lines, pinned = expected
    planned, lock = plan(declared, source)
    assert planned.target.accelerator == accelerator
    assert cuda_lines(lock) == lines
    assert re.search(f"^{pinned}", lock.text, re.MULTILINE)
