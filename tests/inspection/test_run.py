"""Each folder in ``tests/notebooks`` is a notebook, what must be found in it, and the reason why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.errors import InputError
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Inspection, KernelDistribution, KernelEnvironment, Notebook, to_json

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASES = sorted(path.parent for path in (Path(__file__).parents[1] / "notebooks").glob("*/expected.toml"))


def expectation(case: Path) -> dict[str, Any]:
    return tomllib.loads((case / "expected.toml").read_text())


def found(inspection: Inspection) -> dict[str, Any]:
    return {
        "dependencies": [entry.requirement for entry in inspection.dependencies],
        "unresolved": [entry.module for entry in inspection.unresolved],
        "parameters": {
            entry.name: "None" if entry.default is None else entry.default for entry in inspection.parameters
        },
        "files": [entry.path for entry in inspection.files],
    }


def told(inspection: Inspection) -> dict[str, Any]:
    """What only some cases ask for: conflicts, system packages, used names by declaration, the Python."""
    return {
        "conflicts": [
            f"{conflict.subject}: " + ", ".join(f"{claim.source} {claim.says}" for claim in conflict.claims)
            for conflict in inspection.conflicts
        ],
        "declared": {
            path: sorted(
                name for entry in inspection.declarations if entry.location.path == path for name in entry.used
            )
            for path in {entry.location.path for entry in inspection.declarations if entry.used}
        },
        "system": [entry.name for entry in inspection.system],
        "python": inspection.python.version,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_inspect_notebook__case_folder__finds_what_is_expected(case: Path) -> None:
    expected = expectation(case)
    assert expected["reason"]
    if "error" in expected:
        with pytest.raises(InputError) as caught:
            read_notebook(case / "notebook.ipynb")
        assert caught.value.code == expected["error"]
        return
    inspection = inspect_notebook(read_notebook(case / "notebook.ipynb"))
    answer = found(inspection)
    assert answer["dependencies"] == expected["dependencies"]
    for key in ("unresolved", "files"):
        assert answer[key] == expected.get(key, [])
    if "parameters" in expected:
        assert answer["parameters"] == expected["parameters"]
    for key, value in told(inspection).items():
        assert value == expected.get(key, value)
    codes = {notice.code for notice in inspection.notices}
    assert set(expected.get("notices", [])) <= codes
    assert "hidden" not in expected or expected["hidden"] not in str(to_json(inspection))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_inspect_notebook__every_finding__has_its_place(case: Path) -> None:
    if "error" not in expectation(case):
        inspection = inspect_notebook(read_notebook(case / "notebook.ipynb"))
        for entry in (*inspection.dependencies, *inspection.unresolved, *inspection.files):
            assert entry.evidence
            in_metadata = [evidence.rule == "DCL2" for evidence in entry.evidence]
            assert all(evidence.rule for evidence in entry.evidence)
            assert all(
                evidence.location.line or told for evidence, told in zip(entry.evidence, in_metadata, strict=True)
            )


def with_kernel(tmp_path: Path, code: str, *held: KernelDistribution) -> Inspection:
    path = tmp_path / "notebook.ipynb"
    path.write_text(notebook_text(code))
    return inspect_notebook(read_notebook(path), KernelEnvironment("python3", "3.12.1", held))


def notebook_text(code: str) -> str:
    import json

    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": code}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


PANDAS = KernelDistribution("pandas", "2.2.3", "index", ("pandas",))
TORCH = KernelDistribution("torch", "2.9.0+cu128", "index", ("torch", "torchgen"))
MINE = KernelDistribution("my-tools", "0.1", "editable", ("my_tools",))
EVIL = KernelDistribution("odd_name", "1.0", "conda", ("strange",))
KEPT = KernelDistribution("kept", "1.0", "vcs", ("kept",), "git+https://example.org/kept", "it holds programs")
WHEELED = KernelDistribution(
    "wheeled", "2.0", "url", ("wheeled",), "https://example.org/wheeled-2.0-py3-none-any.whl", "it holds programs"
)


@pytest.mark.parametrize(
    ("code", "dependencies", "unresolved"),
    [
        pytest.param("import pandas, torch", ["pandas==2.2.3", "torch==2.9.0"], [], id="kernel versions"),
        pytest.param("!pip install 'pandas>=2'", ["pandas==2.2.3"], [], id="the kernel satisfies the line"),
        pytest.param("!pip install pandas==2.1", ["pandas==2.1"], [], id="the line wins when it does not"),
        pytest.param("import strange", ["odd-name==1.0"], [], id="only the kernel knows"),
        pytest.param("import my_tools", ["my-tools==0.1"], [], id="editable is packaged along"),
        pytest.param("import kept", [], ["kept"], id="what cannot be packaged is not taken from an index"),
        pytest.param("import wheeled", ["wheeled @ https://example.org/wheeled-2.0-py3-none-any.whl"], [],
                     id="a wheel of the web is fetched again"),
        pytest.param("!pip install file:///home/me/mine-1.0.tar.gz", [], ["mine"], id="a file of this machine is not"),
        pytest.param("!pip install my-tools==2.0\nimport my_tools", ["my-tools==2.0"], [],
                     id="another version that the notebook installs is"),
        pytest.param(
            "!pip install git+https://example.org/x/my-tools\nimport my_tools",
            ["my-tools @ git+https://example.org/x/my-tools"], [], id="an address in the notebook is",
        ),
    ],
)  # fmt: skip
def test_inspect_notebook__kernel__decides_versions(
    tmp_path: Path, code: str, dependencies: list[str], unresolved: list[str]
) -> None:
    inspection = with_kernel(tmp_path, code, PANDAS, TORCH, MINE, EVIL, KEPT, WHEELED)
    assert [entry.requirement for entry in inspection.dependencies] == dependencies
    assert [entry.module for entry in inspection.unresolved] == unresolved
    own = ("torch==2.9.0",) if "pandas==2.1" in dependencies else ("pandas==2.2.3", "torch==2.9.0")
    assert inspection.constraints == own
    assert inspection.python.version == "3.12.1"
    assert [entry.name for entry in inspection.dependencies if entry.packaged] == [
        name for name in ("my-tools",) if dependencies == ["my-tools==0.1"]
    ]


def test_inspect_notebook__conflict__is_shown_with_both_places(tmp_path: Path) -> None:
    inspection = with_kernel(tmp_path, "!pip install pandas==2.1", PANDAS)
    (conflict,) = inspection.conflicts
    assert conflict.subject == "pandas"
    assert [(claim.source, claim.says, str(claim.evidence.location)) for claim in conflict.claims] == [
        ("install", "==2.1", "notebook.ipynb, cell 1, line 1"),
        ("kernel", "==2.2.3", "kernel python3"),
    ]


def test_inspect_notebook__twice__is_equal() -> None:
    notebook: Notebook = read_notebook(CASES[0] / "notebook.ipynb")
    assert inspect_notebook(notebook) == inspect_notebook(notebook)


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "+".join(["1"] * 2000),
        "open('a'" + " / 'b'" * 800 + ")",
        "a" + ".b" * 900,
        "a = 'x'\n" + "a = a + a\n" * 60,
    ],
    ids=["long sum", "long path", "long attribute", "growing text"],
)
def test_inspect_notebook__hostile_code__answers(tmp_path: Path, code: str) -> None:
    assert with_kernel(tmp_path, code).dependencies == ()
