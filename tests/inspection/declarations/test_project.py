"""pyproject.toml and Pipfile."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.declarations.page import Page, Reading
from jupyter_mlpack.inspection.declarations.pipfile import read_pipfile
from jupyter_mlpack.inspection.declarations.project import pep440, read_project
from jupyter_mlpack.values import Location

PROJECT = """
[project]
requires-python = ">=3.10"
dependencies = [
    "numpy>=1.24",
    'pandas; python_version < "3"',
]
[project.optional-dependencies]
plots = ["seaborn"]
[dependency-groups]
test = ["pytest", {include-group = "other"}]
[tool.poetry.dependencies]
python = "^3.10"
rich = {version = "^13.1", extras = ["jupyter"]}
local = {path = "../local"}
[tool.poetry.group.dev.dependencies]
ruff = "*"
[tool.uv]
dev-dependencies = ["mypy"]
"""


def page(text: str) -> Page:
    return Page(Location("p"), text, "project", "project", "3.11")


def lines(reading: Reading) -> list[str]:
    return [
        f"{entry.name}{''.join(f'[{extra}]' for extra in entry.extras)}{entry.specifier} ({entry.group}) "
        f"{entry.evidence.location.line}"
        for entry in reading.requirements
    ]


def test_read_project__all_tables__are_read_groups_last() -> None:
    reading = read_project(page(PROJECT))
    assert lines(reading) == [
        "numpy>=1.24 () 5",
        "rich[jupyter]<14,>=13.1 () 14",
        "local () 15",
        "seaborn (plots) 9",
        "pytest (test) 11",
        "mypy (dev) 19",
        "ruff (dev) 17",
    ]
    assert [(claim.says, claim.evidence.location.line) for claim in reading.python] == [(">=3.10", 3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", ""),
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^1", ">=1,<2"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("~=1.4", "~=1.4"),
        ("1.2", "==1.2"),
        (">=1.2,<2", ">=1.2,<2"),
        (">=1.2 <2", ">=1.2,<2"),
        ("^1 || ^2", ""),
        ("1.2.*", "==1.2.*"),
        ("", ""),
        ("^x", "^x"),
    ],
)
def test_pep440__poetry_dialect__is_translated(text: str, expected: str) -> None:
    assert pep440(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "project = 1",
        "[project]\ndependencies = 'numpy'",
        "[project]\ndependencies = [1, [2]]",
        "[tool]\npoetry = []",
        "[project.optional-dependencies]\na = {b = 1}",
        "[dependency-groups]\na = 1",
        "[tool.uv]\nindex = [1, {url = 2}]",
        "[tool.poetry.dependencies]\na = [1]\nb = {version = 1}\n",
        "[tool.poetry.group]\na = 1",
    ],
)
def test_read_project__other_shapes__say_nothing(text: str) -> None:
    assert [entry.specifier for entry in read_project(page(text)).requirements] in ([], ["", ""])


def test_read_pipfile__sections__are_read() -> None:
    text = '[[source]]\nname = "own"\nurl = "https://me:word@example.org/simple"\n[packages]\na = "*"\nb = "~=1.2"\n'
    reading = read_pipfile(page(text + '[dev-packages]\nc = "==1"\n[requires]\npython_version = "3.11"\n'))
    assert lines(reading) == ["a () 5", "b~=1.2 () 6", "c==1 (dev) 8"]
    assert [index.url for index in reading.indexes] == ["https://example.org/simple"]
    assert [claim.says for claim in reading.python] == ["3.11"]
