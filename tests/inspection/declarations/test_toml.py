"""TOML of unknown origin."""

from __future__ import annotations

import resource
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.declarations.page import UnreadablePageError
from jupyter_mlpack.inspection.declarations.toml import read_toml, table, texts


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{b = " * 50_000,
        ".".join("a" * 100_000) + " = 1",
        f"[{'.'.join('a' * 100_000)}]",
        "{" + ".".join(['"a"'] * 60_000) + " = 1}",
        "a = 1\n" * 2,
        "a = " + "9" * 9_000,
        "<<<<<<< HEAD",
        "a = 1979-99-99",
        "x" * 400_000,
        "'a'" + " . 'a'" * 50_000 + " = 1",
        'a = "' + '\\"' * 100_000,
        "a = " + "'" * 99_999,
    ],
    ids=[
        "lists",
        "tables",
        "dotted key",
        "dotted header",
        "quoted parts",
        "twice",
        "digits",
        "conflict",
        "date",
        "long",
        "blanks",
        "escapes",
        "quotes",
    ],
)
def test_read_toml__hostile__is_unreadable_within_bounds(text: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadablePageError):
        read_toml(text)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


@pytest.mark.parametrize(
    "text",
    [
        'a = ["' + '", "'.join(f"p{number}==1.2.3.4" for number in range(50)) + '"]',
        'a = "' + "." * 200 + '" # ' + "." * 200,
        "a = [" + "1.5, " * 100 + "]",
    ],
    ids=["pins in one line", "dots in texts and remarks", "numbers"],
)
def test_read_toml__many_dots_that_are_no_key__is_read(text: str) -> None:
    assert "a" in read_toml(text)


def test_table__other_shapes__are_empty() -> None:
    assert table({"a": {"b": 1}}, "a", "b") == {}
    assert table([1], "a") == {}
    assert table({"a": {"b": 1}}, "a") == {"b": 1}
    assert texts(["a", 1, None]) == ["a"]
    assert texts("abc") == []


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("=[]{}.\"'#\n"), max_size=200))
def test_read_toml__any_text__is_a_table_or_unreadable(text: str) -> None:
    with suppress(UnreadablePageError):
        assert isinstance(read_toml(text), dict)
