"""Patterns of project descriptors: git itself is the referee."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlpack.given.patterns import read_patterns

ROWS = {
    "name anywhere": (["a.csv"], {"a.csv": True, "b/a.csv": True, "ba.csv": False}),
    "star": (["*.csv"], {"a.csv": True, "b/c.csv": True, "a.csv.gz": False}),
    "anchored": (["/a.csv"], {"a.csv": True, "b/a.csv": False}),
    "slash in the middle": (["b/a.csv"], {"b/a.csv": True, "c/b/a.csv": False}),
    "folder": (["data/"], {"data/a": True, "x/data/a": True, "data": False}),
    "folder without slash": (["data"], {"data/a": True, "data": True}),
    "star stays in a name": (["b/*.csv"], {"b/a.csv": True, "b/c/a.csv": False}),
    "two stars in front": (["**/b/a"], {"b/a": True, "c/d/b/a": True}),
    "two stars behind": (["b/**"], {"b/a": True, "b/c/d": True, "b": False}),
    "two stars between": (["b/**/a"], {"b/a": True, "b/c/d/a": True, "bc/a": False}),
    "question mark": (["a?"], {"ab": True, "a": False, "a/b": False}),
    "class": (["[a-c]1"], {"b1": True, "d1": False}),
    "class negated": (["[!a]1"], {"b1": True, "a1": False}),
    "again": (["*.csv", "!keep.csv"], {"a.csv": True, "keep.csv": False}),
    "not again below a folder": (["data/", "!data/keep"], {"data/keep": True}),
    "comment": (["#a"], {"#a": False}),
    "protected": (["\\#a", "\\!b"], {"#a": True, "!b": True}),
    "spaces behind": (["a  ", "b\\ "], {"a": True, "b ": True, "b": False}),
    "empty": (["", "/"], {"a": False}),
}


@pytest.mark.parametrize(("lines", "expected"), ROWS.values(), ids=ROWS)
def test_match__row__said(lines: list[str], expected: dict[str, bool]) -> None:
    patterns = read_patterns(lines)
    assert {path: patterns.match(path) for path in expected} == expected


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("git"):
        pytest.skip("NOT COMPARED with git's own patterns: git is not installed")
    folder = tmp_path_factory.mktemp("patterns")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


PIECES = st.sampled_from(["a", "b", ".", "*", "**", "?", "/", "[ab]", "[!a]", "\\*", " "])
LINES = st.lists(st.builds("".join, st.lists(PIECES, min_size=1, max_size=6)), min_size=1, max_size=3)
NAMES = st.text("ab.* ", min_size=1, max_size=3).filter(lambda name: name.strip(". ") and name[-1] != " ")
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, again=st.booleans(), path=PATHS)
def test_match__any_pattern__as_git_has_it(repository: Path, lines: list[str], again: bool, path: str) -> None:
    lines = [*lines, f"!{lines[0]}"] if again and len(lines) > 1 else lines
    (repository / ".gitignore").write_text("\n".join(lines) + "\n")
    asked = ["git", "-C", str(repository), "-c", "core.excludesFile=", "check-ignore", "-q", "--no-index", "--", path]
    ignored = subprocess.run(asked, check=False).returncode == 0
    assert read_patterns(lines).match(path) == ignored
