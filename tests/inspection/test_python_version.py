"""Which Python, from whom, and who disagrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.declarations import Declared
from jupyter_mlpack.inspection.python_version import FoundPython, allows, exact_version, find_python, version_in_name
from jupyter_mlpack.values import Claim, Evidence, KernelEnvironment, Location, Notebook

DATABRICKS = "application/vnd.databricks.v1+notebook"


def find(
    *claims: tuple[str, str],
    version: str | None = None,
    kernel: str | None = None,
    environment: str | None = None,
    **metadata: Any,
) -> FoundPython:
    notebook = Notebook(Path("n.ipynb"), (read_cell(1, "1"),), "python", kernel, version, metadata, {})
    declared = Declared(
        python=tuple(Claim(source, says, Evidence("DEC1", Location(source), says)) for source, says in claims)
    )
    held = KernelEnvironment("python3", environment, ()) if environment else None
    return find_python(notebook, held, declared)


def told(found: FoundPython) -> list[list[tuple[str, str]]]:
    return [[(claim.source, claim.says) for claim in conflict.claims] for conflict in found.conflicts]


@pytest.mark.parametrize(
    ("found", "version", "source"),
    [
        (find(), None, None),
        (find(version="3.11.7"), "3.11.7", "language_info"),
        (find(version="3.11.7", environment="3.12.1"), "3.12.1", "kernel"),
        (find(("script", "==3.12.*"), version="3.11.7"), "3.12", "script"),
        (find(("script", ">=3.10"), version="3.11.7"), "3.11.7", "language_info"),
        (find(("binder", "3.10"), version="3.11.7"), "3.10", "binder"),
        (find(("environment", "3.9"), version="3.11.7"), "3.11.7", "language_info"),
        (find(("environment", "3.9")), "3.9", "environment"),
        (find(("environment", "3.9"), kernel="conda_pytorch_p310"), "3.10", "kernelspec"),
        (find(("project", ">=3.9")), None, None),
        (find(("script", ">=3.12"), version="3.11.7"), None, None),
        (find(kernel="python38-azureml", version="3.6.9"), "3.6.9", "language_info"),
        (find(kernel="python310-sdkv2"), "3.10", "kernelspec"),
        (find(**{DATABRICKS: {"environmentMetadata": {"environment_version": "2"}}}), "3.11.10", "databricks"),
        (find(**{DATABRICKS: {"environmentMetadata": {"environment_version": "99"}}}), None, None),
        (find(**{DATABRICKS: {"environmentMetadata": {"environment_version": ["2"]}}}), None, None),
    ],
)  # fmt: skip
def test_find_python__sources__the_most_believed_exact_one(
    found: FoundPython, version: str | None, source: str | None
) -> None:
    assert (found.python.version, found.python.source) == (version, source)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (find(version="3.11.7", kernel="conda_pytorch_p311"), []),
        (find(version="3.6.9", kernel="python38-azureml"), [[("language_info", "3.6.9"), ("kernelspec", "3.8")]]),
        (find(("script", ">=3.12"), version="3.11.7"), [[("script", ">=3.12"), ("language_info", "3.11.7")]]),
        (find(("script", ">=3.10"), version="3.11.7"), []),
        (
            find(("environment", "3.9"), version="3.11.7", environment="3.12.1"),
            [[("kernel", "3.12.1"), ("language_info", "3.11.7"), ("environment", "3.9")]],
        ),
        (
            find(("project", "<3.11"), version="3.11.7"),
            [[("language_info", "3.11.7"), ("project", "<3.11")]],
        ),
    ],
)
def test_find_python__sources_disagree__a_conflict_with_the_followed_one_first(
    found: FoundPython, expected: list[list[tuple[str, str]]]
) -> None:
    assert told(found) == expected


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("conda_pytorch_p39", "3.9"),
        ("conda_tensorflow2_p310", "3.10"),
        ("conda_amazonei_mxnet_p27", "2.7"),
        ("aws_neuron_pytorch_p36", "3.6"),
        ("python310-sdkv2", "3.10"),
        ("python38-azureml", "3.8"),
        ("venv-python3.11", "3.11"),
        ("py35", "3.5"),
        ("x:image/pytorch-2.0.0-gpu-py310", "3.10"),
        ("x:image/tensorflow-2.10.1-gpu-py39-cu112-ubuntu20.04-sagemaker-v1.2", "3.9"),
        ("x:image/sagemaker-data-science-310-v1", "3.10"),
        ("x:image/sagemaker-data-science-38", "3.8"),
        ("x:image/datascience-1.0", "3.7"),
        ("registry.example/x/base-cu113.py310:m99", "3.10"),
        ("python3", None),
        ("conda_python3", None),
        ("python2", None),
        ("julia-1.6", None),
        ("synapse_pyspark", None),
        ("tf2-2-3-gpu.2-3.m55", None),
        ("happy39lucky", None),
        ("", None),
    ],
)
def test_version_in_name__names_of_kernels_and_images__version_or_nothing(name: str, version: str | None) -> None:
    assert version_in_name(name) == version


@pytest.mark.parametrize(
    ("says", "version"),
    [("3.11.7", "3.11.7"), ("==3.11.*", "3.11"), ("~=3.11.2", "3.11.2"), ("=3.8", "3.8"), ("~=3.11", ""),
     (">=3.10", ""), ("^3.9", ""), ("nonsense", ""), ("", "")],
)  # fmt: skip
def test_exact_version__one_minor_version_or_a_range__the_version_or_nothing(says: str, version: str) -> None:
    assert exact_version(says) == version


@pytest.mark.parametrize(
    ("says", "allowed"),
    [(">=3.10", True), ("<3.11", False), ("<3.11.4", True), (">=3.11.9", True), ("3.11", True), ("3.10", False),
     ("!=3.11.*", False), ("nonsense", True)],
)  # fmt: skip
def test_allows__range__whether_it_leaves_room_for_the_minor_version(says: str, allowed: bool) -> None:
    assert allows(says, "3.11.5") is allowed
