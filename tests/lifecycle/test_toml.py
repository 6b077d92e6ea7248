"""The text forms of Go's encoders, with values that tell them from Python's."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.lifecycle.floats import json_float, toml_float
from jupyter_mlpack.lifecycle.gojson import go_json, sorted_table
from jupyter_mlpack.lifecycle.toml import MalformedError, dump_toml, read_toml, write_toml

FLOATS = [
    (0.0, "0.0", "0"),
    (-0.0, "-0.0", "-0"),
    (1.0, "1.0", "1"),
    (0.5, "0.5", "0.5"),
    (-2.25, "-2.25", "-2.25"),
    (123456.0, "123456.0", "123456"),
    (1234567.0, "1.234567e+06", "1234567"),
    (1e-4, "0.0001", "0.0001"),
    (1e-5, "1e-05", "0.00001"),
    (1e-7, "1e-07", "1e-7"),
    (1e20, "1e+20", "100000000000000000000"),
    (1e21, "1e+21", "1e+21"),
]


@pytest.mark.parametrize(("value", "toml", "json"), FLOATS, ids=str)
def test_floats__value__as_go_writes_it(value: float, toml: str, json: str) -> None:
    assert (toml_float(value), json_float(value)) == (toml, json)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats__any__read_back_equal(value: float) -> None:
    assert float(toml_float(value)) == value == float(json_float(value))


def test_go_json__odd_values__escaped() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=-7))
    value = {
        "<": "a&b>\u2028\u007f\x01größe\n",
        "when": datetime.datetime(1979, 5, 27, 0, 32, 0, 250000, zone),
        "utc": datetime.datetime(1979, 5, 27, tzinfo=datetime.timezone.utc),
        "none": None,
        "list": (True, 1, 1.0),
    }
    assert go_json(value) == (
        '{"\\u003c":"a\\u0026b\\u003e\\u2028\x7f\\u0001größe\\n","when":"1979-05-27T00:32:00.25-07:00",'
        '"utc":"1979-05-27T00:00:00Z","none":null,"list":[true,1,1]}'
    )


def test_go_json__no_number__value_error() -> None:
    with pytest.raises(ValueError, match="not a JSON number"):
        go_json(float("nan"))


def test_dump_toml__tables__layout() -> None:
    table = {
        "after": {"x": None, "deep": {"y": 'q"\\\t'}},
        "scalar": [1, {"in": "line"}],
        "rows": [{"a": True}, {"b": {"c": 1.5}}],
        "odd key": datetime.date(1979, 5, 27),
    }
    assert dump_toml(table) == (
        'scalar = [1, {in = "line"}]\n"odd key" = 1979-05-27\n\n[after]\n  [after.deep]\n    y = "q\\"\\\\\\t"\n\n'
        "[[rows]]\n  a = true\n\n[[rows]]\n  [rows.b]\n    c = 1.5\n"
    )


SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(st.characters(codec="utf-8")), st.floats(allow_nan=False)
)
TABLES = st.recursive(
    st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), SCALARS, max_size=4),
    lambda inner: st.dictionaries(st.text("ab.", min_size=1), st.one_of(inner, SCALARS, st.lists(inner)), max_size=4),
    max_leaves=8,
)


@given(TABLES)
def test_write_toml__any_table__reads_back_equal(table: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "x.toml"
        write_toml(path, table)
        assert read_toml(path) == table
    assert list(sorted_table(table)) == sorted(table)


@pytest.mark.parametrize("content", [b"= 1", b"\xff", b"a = 1\na = 2"], ids=["no-key", "no-text", "twice"])
def test_read_toml__not_toml__malformed(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(MalformedError) as failure:
        read_toml(tmp_path / "x.toml")
    assert failure.value.path == tmp_path / "x.toml"
