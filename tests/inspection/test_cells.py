"""Magics are told apart from Python, and line numbers stay."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import MAX_CELL, Budget, read_cell


@pytest.mark.parametrize(
    ("source", "magics"),
    [
        pytest.param("%pip install x", [("pip", "install x", 1)], id="line magic"),
        pytest.param("a = 1\n!ls \\\n  -l\nb = 2", [("!", "ls    -l", 2)], id="continued shell line"),
        pytest.param("x = !ls\ny = %pwd", [("!", "ls", 1), ("pwd", "", 2)], id="assigned"),
        pytest.param("if 1:\n    !pip install x\nelse:\n    pass", [("!", "pip install x", 2)], id="indented"),
        pytest.param("a = (1\n% 2)", [], id="percent in a bracket"),
        pytest.param("t = '''\n!x\n'''", [], id="in a text"),
        pytest.param("\n\n%%bash\nls", [("bash", "", 3)], id="cell magic below empty lines"),
        pytest.param(
            "#@title Install\n%%capture\n!pip install x", [("capture", "", 2), ("!", "pip install x", 3)], id="captured"
        ),
        pytest.param("%%writefile a.py\nimport x", [("writefile", "a.py", 1)], id="written file"),
        pytest.param("print?", [("pinfo", "print", 1)], id="help"),
        pytest.param("%md\n# words", [("md", "", 1)], id="databricks"),
    ],
)
def test_read_cell__magics__are_found_at_their_line(source: str, magics: list[tuple[str, str, int]]) -> None:
    cell = read_cell(1, source)
    assert [(magic.name, magic.arguments, magic.line) for magic in cell.magics] == magics
    assert cell.parses
    assert len(cell.python.split("\n")) == len(source.split("\n"))


def test_read_cell__python_below_a_magic__keeps_its_line() -> None:
    cell = read_cell(1, "!a \\\n b \\\n c\nimport numpy")
    statement = ast.parse(cell.python).body[-1]
    assert isinstance(statement, ast.Import)
    assert statement.lineno == 4


def test_read_cell__no_python__keeps_import_lines() -> None:
    cell = read_cell(1, "import a\nprint 'x'\n  from b import c")
    assert not cell.parses
    assert cell.python == "import a\n\nfrom b import c"


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000,
        "-" * 100_000 + "1",
        "x" * (MAX_CELL + 1),
        "\0",
        "!a\n" * 3000,
        "a" + ".b" * 50_000,
        "[\n" * 2000,
        "\\\n" * 500,
    ],
    ids=["brackets", "signs", "long", "nul", "many magics", "attributes", "open lines", "continuations"],
)
def test_read_cell__hostile__answers(source: str) -> None:
    assert read_cell(1, source).number == 1


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("%!?\\\n \t'\"([{}])#=;,/abimport.\r\f\0é"), max_size=60))
def test_read_cell__any_text__never_raises(source: str) -> None:
    cell = read_cell(3, source)
    assert cell.source == source
    assert not cell.parses or ast.parse(cell.python) is not None


def test_read_cell__more_magics_than_are_kept__the_cell_is_noted() -> None:
    budget = Budget(magics=3)
    kept = [len(read_cell(number, "%a b\n!c", budget=budget).magics) for number in (1, 2, 3)]
    assert (kept, budget.cut) == ([2, 1, 0], 2)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("%a b\n!c", id="python"),
        pytest.param("%a b\n!c\nprint 'x'", id="no python"),
        pytest.param("%a b\n!c\n" + "#" * MAX_CELL, id="too long"),
    ],
)
def test_read_cell__as_many_magics_as_are_kept__nothing_is_noted(source: str) -> None:
    full, less = Budget(magics=2), Budget(magics=1)
    assert (len(read_cell(1, source, budget=full).magics), full.cut) == (2, 0)
    assert (len(read_cell(1, source, budget=less).magics), less.cut) == (1, 1)
