"""Locks."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.declarations.lock import read_lock, read_pipfile_lock
from jupyter_mlpack.inspection.declarations.page import Page, Reading, UnreadablePageError
from jupyter_mlpack.values import Location

INDEX = 'source = { registry = "https://example.org/simple" }\n'


def page(text: str) -> Page:
    return Page(Location("lock"), text, "lock", "lock", "3.11")


def lines(reading: Reading) -> list[str]:
    return [f"{entry.name}{entry.specifier} {entry.evidence.location.line}" for entry in reading.requirements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f'[[package]]\nname = "a"\nversion = "1.0"\n{INDEX}', ["a==1.0 1"], id="index"),
        pytest.param('[[package]]\nname = "a"\nversion = "1.0"\n', ["a==1.0 1"], id="no source"),
        pytest.param('[[package]]\nname = "a"\nversion = "1"\nsource = { editable = "." }\n', [], id="editable"),
        pytest.param('[[package]]\nname = "a"\nversion = "1"\nsource = { virtual = "." }\n', [], id="virtual"),
        pytest.param(
            '[[package]]\nname = "a"\nversion = "1"\nsource = { git = "https://example.org/a" }\n', ["a 1"], id="git"
        ),
        pytest.param(
            '[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "https://git.example.org/editable" }\n',
            ["a==1 1"],
            id="words of an address say nothing",
        ),
        pytest.param(
            '[[package]]\nname = "a"\nversion = "1"\n[package.source]\ntype = "git"\nurl = "https://example.org"\n',
            ["a 1"],
            id="poetry's source",
        ),
        pytest.param(
            '[[package]]\nname = "a"\nversion = "1"\n[package.dependencies]\nname = ">=2"\nversion = "*"\n',
            ["a==1 1"],
            id="a dependency called name",
        ),
        pytest.param(
            '[[packages]]\nname = "a"\nversion = "1"\n[packages.vcs]\ntype = "git"\n', ["a 1"], id="pylock's vcs"
        ),
        pytest.param(
            '[[packages]]\nname = "a"\nversion = "1"\nmarker = "sys_platform == \'win32\'"\n', [], id="marker"
        ),
        pytest.param(
            '[[package]]\nname = "a"\nversion = "1"\nmarkers = "extra == \\"b\\""\n', [], id="quotes in a marker"
        ),
        pytest.param('[[package]]\nname = "a"\nversion = "1"\n' * 2, ["a 1", "a 4"], id="twice"),
        pytest.param("name = 'a'\nversion = '1'\n", [], id="no table"),
        pytest.param("[[package]]\nname = 7\nversion = []\n", [], id="no texts"),
    ],
)
def test_read_lock__entry__is_a_pin_if_it_comes_from_an_index(text: str, expected: list[str]) -> None:
    assert lines(read_lock(page(text))) == expected


def test_read_lock__python__is_claimed_with_its_line() -> None:
    (claim,) = read_lock(page('version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "a"\n')).python
    assert (claim.says, claim.evidence.location.line) == (">=3.11", 2)


def test_read_lock__two_megabytes__is_quick() -> None:
    one = (
        '[[package]]\nname = "p{0}"\nversion = "1"\n'
        + INDEX
        + "wheels = [\n"
        + '    { url = "https://x/y" },\n' * 150
        + "]\n"
    )
    text = "".join(one.replace("{0}", str(number)) for number in range(400))
    started = time.process_time()
    assert len(read_lock(page(text)).requirements) == 400
    assert time.process_time() - started < 1


def test_read_pipfile_lock__sections__are_pins() -> None:
    text = '{"default": {\n"a": {"version": "==1.0"},\n"b": {"git": "x", "version": "==2"}},\n"develop": {"c": {}}}'
    assert lines(read_pipfile_lock(page(text))) == ["a==1.0 2", "b 3", "c 4"]


@pytest.mark.parametrize("text", ["", "[" * 100_000, "{", "[1]", '{"default": [1]}', '{"default": {"a": 1}}'])
def test_read_pipfile_lock__no_lock__is_unreadable_or_empty(text: str) -> None:
    with suppress(UnreadablePageError):
        assert [entry.specifier for entry in read_pipfile_lock(page(text)).requirements] in ([], [""])


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=300)
    | st.lists(
        st.sampled_from(
            [
                "[[package]]\n",
                'name = "a"\n',
                'version = "1.0"\n',
                "version = '1!2+x'\n",
                'name = "\\"',
                "[package.source]\n",
                "\n",
                'source = { path = "x" }\n',
                'marker = "((("\n',
            ]
        )
    ).map("".join)
)
def test_read_lock__any_text__never_raises(text: str) -> None:
    assert all(entry.name for entry in read_lock(page(text)).requirements)
