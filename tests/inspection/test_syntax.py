"""Trees are made and walked once; what would cost too much has none."""

from __future__ import annotations

import ast
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.inspection.syntax import MAX_DEPTH, MAX_FIELDS, children, nodes_of, parse_python, walk_python

CODE = """
import a.b as c
from d import e

@f(1)
def g(x: int = 2, *, y=None, **z):
    global h
    match x:
        case [1, {"k": v, **rest}] if v:
            return {**z, "a": lambda: (yield)}
    return [i async for i in x if i] and x[1:2] or f"{x!r:>{y}}"
"""


def test_walk_python__all_kinds_of_nodes__as_the_library_walks_them() -> None:
    tree = ast.parse(CODE)
    silent = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop)
    expected = [ast.dump(node) for node in ast.walk(tree) if not isinstance(node, silent)]
    assert [ast.dump(node) for node in walk_python(CODE)] == expected


def test_children__each_node__those_below_it_in_order() -> None:
    silent = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
    for node in walk_python(CODE):
        expected = [below for below in ast.iter_child_nodes(node) if not isinstance(below, silent)]
        assert list(children(node)) == expected


@pytest.mark.parametrize("kind", [ast.Call, ast.Import, ast.Name, ast.Return, ast.While])
def test_nodes_of__a_kind__those_of_the_walk(kind: type[ast.AST]) -> None:
    assert list(nodes_of(CODE, kind)) == [node for node in walk_python(CODE) if type(node) is kind]


@given(st.text(max_size=60))
def test_nodes_of__any_text__never_raises(text: str) -> None:
    assert len(nodes_of(text, ast.Name)) <= len(walk_python(text))


FIELDS = "{x}" * (MAX_FIELDS + 1)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"f'{FIELDS}'", id="one quote"),
        pytest.param(f'y = Rf"""\n{FIELDS}"""', id="three quotes"),
        pytest.param(f"# it's f'\nf'\\'{FIELDS}'", id="behind an escaped quote"),
        pytest.param("+".join(["1"] * 2 * MAX_DEPTH) + "\n" + "import " + "a." * 2 * MAX_DEPTH + "a", id="long name"),
    ],
)
def test_parse_python__costs_too_much__has_no_tree(text: str) -> None:
    assert parse_python(text) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"x = '{FIELDS}'", id="a plain text"),
        pytest.param("y = [" + "{'a': f'{x}'}," * MAX_FIELDS + "]", id="many small ones"),
    ],
)
def test_parse_python__many_braces_elsewhere__has_a_tree(text: str) -> None:
    assert parse_python(text) is not None


def test_parse_python__broadest_text__costs_in_proportion() -> None:
    begin = time.process_time()
    parse_python("f'" + "{x}" * 60_000 + "'")
    parse_python("f'" + "{x}\\'" * 30_000)
    assert time.process_time() - begin < 1
