"""Words of install lines as requirements."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from jupyter_mlpack.inspection.requirement import PLAIN, Wanted, parse_requirement, wheel_requirement


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("a", Wanted("a"), id="name"),
        pytest.param("a[x,y]>=1,<2", Wanted("a", "<2,>=1", ("x", "y")), id="extras and range"),
        pytest.param("a=={version}", Wanted("a", open=True), id="computed version"),
        pytest.param("{name}", None, id="computed name"),
        pytest.param("--upgrade", None, id="option"),
        pytest.param("==", None, id="operator alone"),
        pytest.param("~=1.0", None, id="version alone"),
        pytest.param("1.0", None, id="number"),
        pytest.param(".", Wanted(".", kind="path"), id="this folder"),
        pytest.param("~/tools", Wanted("~/tools", kind="path"), id="home folder"),
        pytest.param("./dist/a-1.0.tar.gz", Wanted("./dist/a-1.0.tar.gz", kind="path"), id="archive beside"),
        pytest.param(
            "git+https://example.org/x/tool@v1",
            Wanted("tool", " @ git+https://example.org/x/tool@v1", kind="url"),
            id="repository",
        ),
        pytest.param(
            "git+https://example.org/x/tool#subdirectory=python",
            Wanted("tool", " @ git+https://example.org/x/tool#subdirectory=python", kind="url"),
            id="a folder that says nothing",
        ),
        pytest.param(
            "git+https://example.org/x/many#subdirectory=packages/one",
            Wanted("one", " @ git+https://example.org/x/many#subdirectory=packages/one", kind="url"),
            id="a folder that names it",
        ),
        pytest.param(
            "git+https://me:secret@example.org/x/tool",
            Wanted("tool", " @ git+https://example.org/x/tool", kind="url"),
            id="credentials are dropped",
        ),
    ],
)
def test_parse_requirement__word__is_told(word: str, expected: Wanted | None) -> None:
    assert parse_requirement(word) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/data/a_b-1.0.2-py3-none-any.whl", Wanted("a_b", "==1.0.2")),
        ("a-1.0-1-cp311-cp311-linux_x86_64.whl", Wanted("a", "==1.0")),
        ("a-1.0.tar.gz", None),
        ("a.whl", None),
    ],
    ids=["wheel", "build number", "archive", "no version"],
)
def test_wheel_requirement__file_name__says_what_is_inside(path: str, expected: Wanted | None) -> None:
    assert wheel_requirement(path) == expected


@given(st.text(max_size=80))
@example("git+https://[")
@example("a @ http://[::1")
@example("https://x/y.whl#egg=")
def test_parse_requirement__any_text__never_raises(word: str) -> None:
    found = parse_requirement(word)
    assert found is None or found.name


@given(st.text(max_size=80))
def test_wheel_requirement__any_text__never_raises(path: str) -> None:
    found = wheel_requirement(path)
    assert found is None or found.specifier.startswith("==")


@given(st.from_regex(r"[a-hA-H][a-hA-H0-9._-]{0,7}(\[[a-z0-9,_-]{1,6}\])?([=<>!~]{1,2}[0-9.]{1,6})?", fullmatch=True))
@example("Scikit_learn==01.0")
@example("torch==2.0.1")
@example("jax[cuda12,b,b]>=0.4")
@example("a.-_b==1")
def test_parse_requirement__plain_word__as_the_grammar_reads_it(word: str) -> None:
    if PLAIN.fullmatch(word) is not None:
        parsed = Requirement(word)
        assert parse_requirement(word) == Wanted(parsed.name, str(parsed.specifier), tuple(sorted(parsed.extras)))
