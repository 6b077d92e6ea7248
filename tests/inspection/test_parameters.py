"""What a run may change, and what never becomes a default."""

from __future__ import annotations

import ast

import pytest

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.parameters import find_parameters, read_literal


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param(["a = 1", "print(a)"], {"a": 1}, id="read later"),
        pytest.param(["a = 1\nprint(a)"], {}, id="read in the same cell only"),
        pytest.param(["a = 1", "a = 2", "print(a)", "a"], {}, id="assigned twice"),
        pytest.param(["a = [1]", "a[0] = 2", "a", "a"], {}, id="changed by an index"),
        pytest.param(["a = []", "a.append(1)"], {}, id="an empty list is a store"),
        pytest.param(["a = -1.5\nb = f(1)", "a, b"], {"a": -1.5}, id="a call is no literal"),
        pytest.param(["if x:\n    a = 1", "a"], {}, id="not at the top"),
        pytest.param(["a = 1", "def f():\n    global a\n", "a"], {}, id="global"),
        pytest.param(["rate = 0.1", "!train --rate {rate}"], {"rate": 0.1}, id="read by a shell line"),
        pytest.param(["api_key = 'q8ZkPw02LmXv71Rt'", "api_key"], {}, id="a secret"),
        pytest.param(["text = 'hf_" + "a1B" * 12 + "'", "text"], {}, id="a token by its form"),
    ],
)
def test_find_parameters__untagged__by_use(cells: list[str], expected: dict[str, object]) -> None:
    read = [read_cell(number, source) for number, source in enumerate(cells, 1)]
    assert {found.name: found.default for found in find_parameters("n.ipynb", read)} == expected


@pytest.mark.parametrize(
    "text", ["1e999", "b'x'", "{1: 2}", "(1, 2)", "1j", "{*()}", "[1, b'x']", "'" + "a" * 20_000 + "'"]
)
def test_read_literal__no_parameter__is_none(text: str) -> None:
    assert read_literal(ast.parse(text, mode="eval").body) is None
