"""environment.yml."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.declarations.environment import read_environment
from jupyter_mlpack.inspection.declarations.page import Page, Reading, UnreadablePageError
from jupyter_mlpack.values import Location

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + number)}: &{chr(98 + number)} [*{chr(97 + number)}, *{chr(97 + number)}]\n" for number in range(24)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{chr(98 + number)}: &{chr(98 + number)}\n  <<: [{', '.join(['*' + chr(97 + number)] * 9)}]\n"
    for number in range(20)
)


def read(text: str) -> Reading:
    return read_environment(Page(Location("environment.yml"), text, "environment", "environment", "3.11"))


def test_read_environment__file__packages_pip_and_python() -> None:
    reading = read(
        "name: x\ndependencies:\n  - python >=3.10\n  - conda-forge::numpy=1.26\n  - cudatoolkit=11\n  - pip\n"
        "  - pip:\n    - flask\n    - -r x.txt\n    - git+https://me:word@example.org/gadget\n"
    )
    assert [f"{entry.name}{entry.specifier} {entry.evidence.location.line}" for entry in reading.requirements] == [
        "numpy==1.26.* 4",
        "flask 8",
        "gadget @ git+https://example.org/gadget 10",
    ]
    assert [(claim.says, claim.evidence.location.line) for claim in reading.python] == [(">=3.10", 3)]
    assert "word" not in repr(reading)
    assert reading.notices == ()


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ("numpy, pip, python=3.11, conda-forge::pytorch", ""),
        ("libgdal=3.8=h1_0, openssl=3=h2", ""),
        ("gdal-grid, r-base >=4, a-a, b-b, c-c, c-c", "gdal-grid, r-base, a-a, b-b and 1 more;"),
    ],
    ids=["all on the index", "exported with builds", "some only conda has"],
)
def test_read_environment__packages_of_conda_alone__are_told_with_the_option(specs: str, said: str) -> None:
    told = " ".join(notice.text for notice in read(f"dependencies: [{specs}]").notices)
    assert (said in told, bool(told)) == (True, bool(said))
    assert not told or told.endswith("--conda environment.yml")


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        MERGES,
        "dependencies: &a [*a]",
        "- - - 1",
        "[" * 20_000,
        "!!python/object/apply:os.system [ls]",
        "? [a]\n: b",
        "",
        "dependencies: {a: b}",
        "dependencies: [{pip: x}, {pip: [{a: b}]}, [a]]",
        "a" * 100_000,
        "\x00",
        "dependencies: [" + "a, " * 9_000,
    ],
    ids=[
        "aliases",
        "merges",
        "circle",
        "lists",
        "deep",
        "object",
        "keys",
        "empty",
        "table",
        "shapes",
        "long",
        "nul",
        "flow",
    ],
)
def test_read_environment__hostile__is_unreadable_or_says_nothing(text: str) -> None:
    with suppress(UnreadablePageError):
        assert read(text).requirements == ()


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from("-:[]{}&*!|>'\"#%@\n "), max_size=120).map(
        "dependencies:\n- ".__add__
    )
)
def test_read_environment__any_text__is_read_or_unreadable(text: str) -> None:
    with suppress(UnreadablePageError):
        assert all(entry.name for entry in read(text).requirements)
