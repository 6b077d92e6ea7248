"""Go's ``filepath.Match`` as behaviour, row by row; each row was put to Go's own as well."""

from __future__ import annotations

import pytest

from jupyter_mlpack.errors import SlicePatternBad
from jupyter_mlpack.oci.pattern import parse_pattern

MATCHES = {
    "": [""],
    "notes": ["notes"],
    "*": ["notes", "", ".hidden"],
    "*.csv": [".csv", "a.csv", "a.b.csv"],
    "data/*": ["data/a", "data/"],
    "data/*/x": ["data/deep/x"],
    "*-*-*.py": ["a-b-c.py", "a-b-c-d.py", "--.py"],
    "**": ["notes"],
    "a**z": ["az", "abcz"],
    "run?": ["run1", "run\u00e9", "run\U0001f4d3", "run\n"],
    "[ab]x": ["ax", "bx"],
    "[0-9a]": ["5", "a"],
    "[^0-9]": ["x", "\u00e9", "/"],
    "src[^x]main": ["src/main"],
    "[\u00e0-\u00ff]*": ["\u00e9t\u00e9"],
    "[*?]": ["*", "?"],
    "[\\]\\-]": ["]", "-"],
    "\\[odd\\]\\*": ["[odd]*"],
    "*o*o*t": ["foot", "xoot", "ototoot"],
    "[a]]": ["a]"],
    "-": ["-"],
}
MISSES = {
    "": ["a"],
    "notes": ["note", "notes ", "Notes", "notes\n", "x/notes"],
    "*": ["a/b", "/"],
    "*.csv": ["data/a.csv", "a.csv.gz"],
    "data/*": ["data", "data/a/b"],
    "data/*/x": ["data/x", "data/a/b/x"],
    "**": ["a/b"],
    "run?": ["run", "run12", "run/"],
    "[ab]x": ["cx", "abx", "x"],
    "[^0-9]": ["5", ""],
    "[\u00e0-\u00ff]*": ["ete"],
    "\\[odd\\]\\*": ["oddx", "[odd]x"],
    "*o*o*t": ["fot", "foots"],
    "*[^q]*s": ["a/s"],
}
ROWS = [
    *((pattern, name, True) for pattern, names in MATCHES.items() for name in names),
    *((pattern, name, False) for pattern, names in MISSES.items() for name in names),
]
MALFORMED = ("[", "x[", "[]", "[]x]", "[x", "[^", "[^x", "[-z]", "[a-]", "[.-]", "[a-z-9]", "\\", "x\\", "[\\")


@pytest.mark.parametrize(("pattern", "name", "expected"), ROWS, ids=repr)
def test_matches__row__as_go(pattern: str, name: str, expected: bool) -> None:
    assert parse_pattern(pattern).matches(name) is expected


@pytest.mark.parametrize("pattern", MALFORMED)
def test_parse_pattern__malformed__is_told(pattern: str) -> None:
    with pytest.raises(SlicePatternBad):
        parse_pattern(pattern)


def test_matches__many_stars__is_quick() -> None:
    assert not parse_pattern("*a" * 200 + "b").matches("a" * 2000)
