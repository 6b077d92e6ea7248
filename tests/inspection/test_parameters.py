"""What a run may change, and what never becomes a default."""

from __future__ import annotations

import ast
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        pytest.param(["c = {'api_key': 'q8ZkPw02LmXv71Rt'}", "c"], {}, id="a secret inside a dict"),
        pytest.param(["x = 1", "y = 2", "a = 3", "print(a)"], {}, id="late"),
        pytest.param(["x = 1", "y = 2", "a = 3 #@param {type:'integer'}"], {"a": 3}, id="Colab's form, also late"),
        pytest.param(["a = 1 #@param", "a = 2"], {}, id="a form that is assigned again"),
        pytest.param(["a: float = 0.5", "a"], {"a": 0.5}, id="annotated"),
        pytest.param(["a = b = 1", "a, b"], {}, id="two names at once"),
        pytest.param(["a = 1", "a += 1", "a"], {}, id="augmented"),
        pytest.param(["a = 1", "for a in x: pass", "a"], {}, id="a loop's variable"),
        pytest.param(["a = 1", "with f() as a: pass", "a"], {}, id="bound by with"),
        pytest.param(["a = 1", "try:\n    f()\nexcept E as a:\n    pass", "a"], {}, id="bound by except"),
        pytest.param(["a = {}", "a['b'] = 1"], {}, id="an empty dict is a store"),
        pytest.param(["a = {'x': 1}", "a.y = 1", "a"], {}, id="changed by an attribute"),
        pytest.param(["a = 1", "def a(): pass", "a"], {}, id="a function takes the name"),
        pytest.param(["import a\na = 1", "a"], {}, id="an import has the name"),
        pytest.param(["_a = 1", "_a"], {}, id="private"),
        pytest.param(["@dataclass\nclass C:\n    a: int = 1", "C().a"], {}, id="a class's own"),
        pytest.param(["p.add_argument('--a', default=1)", "p"], {}, id="argparse"),
        pytest.param(["a = 1", "%%bash -s {a}\necho hi"], {"a": 1}, id="read by a shell cell"),
        pytest.param(["a = 'x'", "!echo $a"], {"a": "x"}, id="read through a dollar"),
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


def test_find_parameters__tagged__first_tag_wins_and_keeps_none() -> None:
    cells = [
        read_cell(1, "early = 1"),
        read_cell(2, "rate: float = 0.1\nname = None\ntoken = 'q8ZkPw02LmXv71Rt'\nrate = 0.2", ["parameters"]),
        read_cell(3, "other = 1", ["parameters"]),
    ]
    found = find_parameters("n.ipynb", cells)
    assert {item.name: item.default for item in found} == {"rate": 0.2, "name": None}
    assert str(found[0].location) == "n.ipynb, cell 2, line 4"


def test_find_parameters__many_cells__time_grows_with_their_number() -> None:
    start = time.process_time()
    find_parameters(
        "n.ipynb", [read_cell(number, f"a{number} = {number}\nprint(a{number - 1})") for number in range(4_000)]
    )
    assert time.process_time() - start < 10


@given(st.lists(st.text(max_size=40), max_size=4))
def test_find_parameters__any_text__never_raises(texts: list[str]) -> None:
    cells = [read_cell(number, source, ["parameters"] if number == 3 else ()) for number, source in enumerate(texts, 1)]
    find_parameters("n.ipynb", cells)
