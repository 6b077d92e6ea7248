"""Each error gives its four sentences, and each ``raise`` gives exactly the data that they need."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.values import Location, to_json

errors.load()
PACKAGE = Path(errors.__file__).parent.parent
GROUPS = {errors.MlpackError, errors.TargetError, *errors.MlpackError.__subclasses__()}


def every_error(parent: type[errors.MlpackError] = errors.MlpackError) -> Iterator[type[errors.MlpackError]]:
    for child in parent.__subclasses__():
        yield child
        yield from every_error(child)


LEAVES = [error for error in every_error() if error not in GROUPS]


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.code)
def test_every_leaf_says_what_happened_and_the_next_step(error: type[errors.MlpackError]) -> None:
    failure = error(**dict.fromkeys(error.fields(), "X"))
    assert failure.sentence("what")
    assert failure.sentence("hint")
    assert error.__doc__


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.code)
def test_every_leaf_has_one_action_whose_words_fill(error: type[errors.MlpackError]) -> None:
    here = Location("train.ipynb", 3)
    action = error(location=here, **dict.fromkeys(error.fields(), "X")).mend()
    assert action.kind in ("retry", "open-cell", "open-packages", "open-log")
    assert action.label
    assert "{" not in action.label
    assert not action.choices or action.kind == "retry"
    json.dumps(to_json(action))


def test_action__cell_is_not_known__it_is_the_log() -> None:
    data = {"cell": "3", "message": "ValueError", "output": "out"}
    assert errors.CellFailed(**data).mend().kind == "open-log"
    assert errors.CellFailed(location=Location("train.ipynb", 4), **data).mend().kind == "open-cell"


def test_action__choices__hold_the_data_themselves() -> None:
    data = dict.fromkeys(errors.ImportsUnresolved.fields(), "X") | {"names": ["cv3x", "b"], "short": "cv3x, b"}
    action = errors.ImportsUnresolved(**data).mend()
    assert (action.label, dict(action.choices)) == ("Build without cv3x, b", {"ignore": ["cv3x", "b"]})


def test_every_group_has_a_line_for_those_who_check_types() -> None:
    """Without it, the errors of a new file are found all the same, but not by mypy."""
    lines = Path(errors.__file__).read_text().splitlines()
    groups = {path.stem for path in Path(errors.__file__).parent.glob("*.py")} - {"__init__"}
    assert groups == {line.split()[1].rsplit(".", 1)[1] for line in lines if line.strip().startswith("from jupyter")}


def test_codes_are_unique() -> None:
    codes = [error.code for error in LEAVES]
    assert sorted(codes) == sorted(set(codes))


def raises() -> Iterator[tuple[str, type[errors.MlpackError], frozenset[str]]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                error = getattr(errors, name, None)
                if isinstance(error, type) and issubclass(error, errors.MlpackError):
                    given = frozenset(
                        keyword.arg for keyword in node.keywords if keyword.arg and keyword.arg != "location"
                    )
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", error, given


@pytest.mark.parametrize(
    ("place", "error", "given"), list(raises()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_raise__gives_the_data_its_sentences_name(
    place: str, error: type[errors.MlpackError], given: frozenset[str]
) -> None:
    assert error not in GROUPS, f"{place} raises a group, not a leaf"
    assert given == error.fields(), place
