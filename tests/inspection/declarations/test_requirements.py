"""Requirements files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.declarations.page import MAX_ENTRIES, Page, Reading
from jupyter_mlpack.inspection.declarations.requirements import read_requirements
from jupyter_mlpack.values import Location


def read(text: str, **files: str) -> Reading:
    beside = {name.replace("_", "."): content for name, content in files.items()}
    return read_requirements(Page(Location("r.txt"), text, "requirements", "requirements", "3.11", beside.get))


def lines(reading: Reading) -> list[str]:
    return [
        f"{entry.name}{''.join(f'[{extra}]' for extra in entry.extras)}{entry.specifier} {entry.evidence.location}"
        for entry in reading.requirements
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("numpy==1.0\n", ["numpy==1.0 r.txt, line 1"], id="pin"),
        pytest.param("# a\n\nNumPy # b\n", ["numpy r.txt, line 3"], id="remarks"),
        pytest.param(
            "a==1 \\\n  --hash=sha256:00 \\\n  --hash=sha256:01\nb\n",
            ["a==1 r.txt, line 1", "b r.txt, line 4"],
            id="hashes keep the line numbers",
        ),
        pytest.param(
            "a; python_version < '3.8'\nb; sys_platform == 'win32'\nc; python_version >= '3.11'",
            ["c r.txt, line 3"],
            id="markers",
        ),
        pytest.param("a; not a marker", ["a r.txt, line 1"], id="a broken marker counts as holding"),
        pytest.param(
            "a @ git+https://example.org/a@main", ["a @ git+https://example.org/a@main r.txt, line 1"], id="address"
        ),
        pytest.param("a @ https://example.org/a;x.whl ; sys_platform == 'win32'", [], id="marker after an address"),
        pytest.param("a @ file:///home/me/a", ["a @ file: r.txt, line 1"], id="a file loses its address"),
        pytest.param("-e .\n./x\n../y.whl\n--pre\n-v", [], id="folders and options name nothing"),
        pytest.param(
            "-e git+https://example.org/g.git#egg=gadget",
            ["gadget @ git+https://example.org/g.git r.txt, line 1"],
            id="editable address",
        ),
        pytest.param("torch==2.1.0+cu118", ["torch==2.1.0 r.txt, line 1"], id="a build for one machine is no release"),
        pytest.param("sklearn", ["scikit-learn r.txt, line 1"], id="placeholder"),
        pytest.param("pip\nsetuptools>=60", [], id="installers"),
        pytest.param("uvicorn[standard]", ["uvicorn[standard] r.txt, line 1"], id="extras"),
        pytest.param("a" * 3000, [], id="too long"),
        pytest.param("a; " + "(" * 5000, [], id="too long a marker"),
        pytest.param("a; " + "(" * 1500, ["a r.txt, line 1"], id="deep marker"),
        pytest.param("a; '://' == " + "(" * 1500, ["a r.txt, line 1"], id="deep marker with an address in it"),
    ],
)
def test_read_requirements__line__is_understood(text: str, expected: list[str]) -> None:
    assert lines(read(text)) == expected


def test_read_requirements__includes__are_followed_once() -> None:
    found = read(
        "-r more.txt\n-c limits.txt\n-r https://example.org/x.txt",
        more_txt="-r r.txt\nb\n-r more.txt",
        limits_txt="c<2",
    )
    assert lines(found) == ["b more.txt, line 2", "c<2 limits.txt, line 1"]


def test_read_requirements__indexes__lose_credentials() -> None:
    found = read("-i https://me:word@example.org/a\n--extra-index-url=https://example.org/b\n--find-links ./wheels\n")
    assert [(index.url, index.role) for index in found.indexes] == [
        ("https://example.org/a", "default"),
        ("https://example.org/b", "extra"),
    ]
    assert "word" not in repr(found)


def test_read_requirements__endless_list__is_cut() -> None:
    assert len(read("a\n" * 100_000).requirements) == MAX_ENTRIES


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("-r=\\#;@[](){}<>!~ \n\t"), max_size=300))
def test_read_requirements__any_text__never_raises(text: str) -> None:
    for entry in read(text, r_txt=text).requirements:
        assert entry.name
        assert "\n" not in entry.evidence.text
