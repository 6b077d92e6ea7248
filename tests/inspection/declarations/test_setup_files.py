"""setup.py and setup.cfg."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.declarations.page import Page, Reading, UnreadablePageError
from jupyter_mlpack.inspection.declarations.setup_files import read_setup_cfg, read_setup_py
from jupyter_mlpack.values import Location


def page(text: str) -> Page:
    return Page(Location("setup"), text, "project", "project", "3.11")


def lines(reading: Reading) -> list[str]:
    return [
        f"{entry.name}{entry.specifier} ({entry.group}) {entry.evidence.location.line}"
        for entry in reading.requirements
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("setup(install_requires=['a>=1',\n'b'])", ["a>=1 () 1", "b () 2"], id="list"),
        pytest.param("import setuptools\nsetuptools.setup(install_requires=('a',))", ["a () 2"], id="attribute, tuple"),
        pytest.param("N = ['a']\nsetup(install_requires=N)", ["a () 1"], id="variable"),
        pytest.param("setup(extras_require={'x': ['a'], y: ['b']})", ["a (x) 1"], id="groups"),
        pytest.param("setup(install_requires=open('r.txt').read().split())", [], id="computed"),
        pytest.param("setup(install_requires=['a'] + more)", [], id="a sum"),
        pytest.param("setup(**options)", [], id="a table"),
        pytest.param("setup(install_requires=[a, 1, 'b'])", ["b () 1"], id="mixed"),
    ],
)
def test_read_setup_py__literals__count(text: str, expected: list[str]) -> None:
    assert lines(read_setup_py(page(text))) == expected


@pytest.mark.parametrize("text", ["print 'x'", "x = " + "(" * 5000, "\0", "x" * 300_000, "x = " + "-" * 100_000 + "1"])
def test_read_setup_py__no_python__is_unreadable(text: str) -> None:
    with pytest.raises(UnreadablePageError):
        read_setup_py(page(text))


def test_read_setup_py__python_requires__is_a_claim() -> None:
    assert [claim.says for claim in read_setup_py(page("setup(python_requires='>=3.8')")).python] == [">=3.8"]


def test_read_setup_cfg__sections__are_read() -> None:
    text = (
        "[options]\npython_requires = >=3.9\ninstall_requires =\n    a>=1\n    %(b)s\n[options.extras_require]\nx = c\n"
    )
    reading = read_setup_cfg(page(text))
    assert lines(reading) == ["a>=1 () 4", "c (x) 7"]
    assert [claim.says for claim in reading.python] == [">=3.9"]


@pytest.mark.parametrize("text", ["a = 1", "[options", "[options]\n= x", "\0"])
def test_read_setup_cfg__no_sections__is_unreadable(text: str) -> None:
    with pytest.raises(UnreadablePageError):
        read_setup_cfg(page(text))
