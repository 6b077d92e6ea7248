"""Imports of cells: guarded, dynamic, timed, and those of code that runs elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.imports import cell_imports


def imports(*sources: str) -> list[str]:
    cells = [read_cell(number, source) for number, source in enumerate(sources, 1)]
    return sorted({found.module for found in cell_imports("n.ipynb", cells) if not found.optional})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("def f():\n    import a", ["a"], id="in a function"),
        pytest.param("importlib.import_module('a.b')\n__import__('c')", ["a.b", "c"], id="by name"),
        pytest.param("%load_ext a\n%reload_ext b\n%load_ext autoreload", ["a", "b"], id="extensions"),
        pytest.param("%load_ext jupyter_mlpack\n%mlpack build", [], id="what launches the notebook"),
        pytest.param("try:\n    import a\nexcept ImportError:\n    a = None", [], id="may be missing"),
        pytest.param(
            "try:\n    import a\nexcept ImportError:\n    !pip install a", ["a"], id="is installed if missing"
        ),
        pytest.param("if TYPE_CHECKING:\n    import a\nelse:\n    import b", ["b"], id="for the type checker"),
        pytest.param("if False:\n    import a\nif 0:\n    import b", [], id="never"),
        pytest.param("%time import a\n%timeit -n 1 -r 1 import b", ["a", "b"], id="timed line"),
        pytest.param("%%timeit import a\nimport b", ["a", "b"], id="timed cell"),
        pytest.param("%%writefile x.py\nimport a", [], id="merely written"),
    ],
)
def test_cell_imports__place__counts_or_not(source: str, expected: list[str]) -> None:
    assert imports(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("@component\ndef f():\n    import a", [], id="step"),
        pytest.param("@dsl.component(packages_to_install=['a'])\ndef f():\n    import a", [], id="step with packages"),
        pytest.param("@remote(instance_type='large')\ndef f():\n    import a", [], id="job on another machine"),
        pytest.param("@app.function(image=image)\ndef f():\n    import a", [], id="in an image"),
        pytest.param("@task.virtualenv(requirements=['a'])\ndef f():\n    import a", [], id="in an environment"),
        pytest.param("@ray.remote\ndef f():\n    import a", ["a"], id="worker with the same packages"),
        pytest.param("@pipeline(name='x')\ndef f():\n    import a", ["a"], id="runs here"),
        pytest.param("@component\nclass A:\n    import a", ["a"], id="class"),
    ],
)
def test_cell_imports__decorator__says_where_it_runs(source: str, expected: list[str]) -> None:
    assert imports(source) == expected


def test_cell_imports__function_made_a_step_later__runs_elsewhere() -> None:
    assert imports("def f():\n    import a", "import b\nb.create_component_from_func(f, base_image='x')") == ["b"]


@given(st.text(max_size=200))
@settings(deadline=None)
def test_cell_imports__any_text__never_raises(source: str) -> None:
    for found in cell_imports("n.ipynb", [read_cell(1, source), read_cell(2, f"%time {source}")]):
        assert found.evidence.location.line
