"""Whatever stands in metadata, side files and cells: an answer, in bounded time, the same each time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.declarations import Declared
from jupyter_mlpack.inspection.folder import NoFolder
from jupyter_mlpack.inspection.hardware import find_hardware
from jupyter_mlpack.inspection.python_version import find_python
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import Notebook, to_json

CLASSES = {"none", "gpu", "tpu", "cpu", "neuron", "gaudi"}
KEYS = [
    "accelerator",
    "colab",
    "gpuType",
    "kaggle",
    "isGpuEnabled",
    "instance_type",
    "availableInstances",
    "name",
    "gpuNum",
    "kernelspec",
    "display_name",
    "environment",
    "type",
    "uri",
    "application/vnd.databricks.v1+notebook",
    "hardware",
    "computePreferences",
    "environmentMetadata",
    "environment_version",
    "deepnote_environment",
    "customImage",
    "kubeflow_notebook",
    "docker_image",
    "mlpack",
    "instance",
    "count",
    "microsoft",
    "host",
    "machine_shape",
    "enable_gpu",
]
WORDS = [
    "GPU",
    "TPU",
    "T4",
    "gpu",
    "none",
    "ml.g5.xlarge",
    "gcloud",
    "x-gpu:1",
    "GPU_8xH100",
    "true",
    "2",
    "Standard_NC6",
]
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(WORDS))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=4)), inner)
    ),
    max_leaves=12,
)
METADATA = st.dictionaries(st.sampled_from(KEYS), TREES, max_size=6)
PIECES = st.sampled_from(
    [
        "torch.cuda.is_available()",
        "if ",
        "else:\n  ",
        ":\n  ",
        "\n",
        'x.to("cuda")',
        "x.cuda()",
        "try",
        "except E",
        "raise",
        "@component\n",
        "def f(device='cuda')",
        "import cudf",
        "import sagemaker",
        "=",
        "device",
        "(",
        ")",
        "!nvidia-smi",
        "not ",
        "assert ",
        "lambda: ",
        "[",
        "]",
        "%%bash\n",
    ]
)


@dataclass(frozen=True)
class Beside(NoFolder):
    """A folder whose every file has this text."""

    content: str = ""

    def text(self, path: str) -> str | None:
        return self.content


def notebook(metadata: dict[str, Any], *sources: str) -> Notebook:
    cells = tuple(read_cell(number, source) for number, source in enumerate(sources, 1))
    kernel = metadata.get("kernelspec")
    return Notebook(Path("n.ipynb"), cells, "python", kernel if isinstance(kernel, str) else None, None, metadata, "")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(METADATA, st.text(max_size=40))
def test_find_hardware__any_metadata_and_side_file__a_known_class(metadata: dict[str, Any], beside: str) -> None:
    around = Surroundings(Beside(beside))
    found = find_hardware(notebook(metadata), (), (), around)
    assert found.hardware.declared.class_ in CLASSES
    assert find_hardware(notebook(metadata), (), (), around) == found
    to_json(found.hardware)


@settings(max_examples=100, deadline=None)
@given(METADATA)
def test_find_python__any_metadata__an_answer(metadata: dict[str, Any]) -> None:
    version = find_python(notebook(metadata), None, Declared()).python.version
    assert version is None or version[0].isdigit()


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_find_hardware__any_code__an_answer(source: str) -> None:
    needed = find_hardware(notebook({}, source), (), (), Surroundings(NoFolder())).hardware.needed
    assert needed.kind in {"cpu", "cuda", "rocm", "tpu", "neuron", "gaudi", "mps"}


@pytest.mark.parametrize(
    "source",
    [
        "if gpu:\n  pass\n" + "elif gpu:\n  pass\n" * 900,
        "x = " + " or ".join(["torch.cuda.is_available()"] * 5_000),
        "x = " + "a if torch.cuda.is_available() else " * 80 + "1",
        "device = [" + "'cuda'," * 20_000 + "]",
        "f(" + ",".join(f"device{number}='cuda'" for number in range(9_000)) + ")",
        "!" + "; " * 20_000 + "nvidia-smi",
        "%%bash\n" + "(" * 100_000,
    ],
    ids=["elif", "or", "if-else", "list", "options", "commands", "brackets"],
)
def test_find_hardware__large_and_twisted_cell__within_seconds(source: str) -> None:
    page = notebook({}, source)
    begin = time.monotonic()
    find_hardware(page, (), (), Surroundings(NoFolder()))
    assert time.monotonic() - begin < 5
