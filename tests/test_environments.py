"""``--requirements FILE``: all that it declares for the target, and of its groups those that are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.environments import listed_lines
from jupyter_mlpack.values import Target
from jupyter_mlpack.wishes import Wishes

PROJECT = """[project]
name = "x"
version = "1"
dependencies = ["a>=1", "w; sys_platform == 'win32'"]
[project.optional-dependencies]
gpu = ["b[cuda]==2"]
[dependency-groups]
dev = ["c"]
"""
LOCK = """[[package]]
name = "a"
version = "1.5"
groups = ["main", "dev"]

[[package]]
name = "c"
version = "3"
groups = ["dev"]

[[package]]
name = "old"
version = "1"
groups = ["main"]
markers = "python_version < '3.9'"
"""
ROWS = {
    "requirements": ("requirements.txt", "a>=1\n-r more.txt\nw ; sys_platform == 'win32'\n", (), ["a>=1", "d==4"]),
    "another name": ("extra.txt", "a\n", (), ["a"]),
    "project": ("pyproject.toml", PROJECT, (), ["a>=1"]),
    "project and an extra": ("pyproject.toml", PROJECT, ("gpu",), ["a>=1", "b[cuda]==2"]),
    "project and a group": ("pyproject.toml", PROJECT, ("dev",), ["a>=1", "c"]),
    "lock": ("poetry.lock", LOCK, (), ["a==1.5"]),
    "lock and a group": ("poetry.lock", LOCK, ("dev",), ["a==1.5", "c==3"]),
    "environment": ("environment.yml", "dependencies: [numpy=1.26, {pip: [a]}]", (), ["numpy==1.26.*", "a"]),
    "Pipfile": ("Pipfile", "[packages]\na = '*'\n[dev-packages]\nc = '*'\n", ("dev",), ["a", "c"]),
}


def wished(path: Path, groups: tuple[str, ...] = ()) -> tuple[str, ...]:
    wishes = Wishes(requirement_files=(path,), groups=groups)
    return listed_lines(wishes, Target("linux", "amd64", "glibc2.36", "3.11"))


@pytest.mark.parametrize(("name", "text", "groups", "lines"), ROWS.values(), ids=ROWS)
def test_listed_lines__file__all_that_it_declares(
    tmp_path: Path, name: str, text: str, groups: tuple[str, ...], lines: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "more.txt").write_text("d==4\n")
    assert list(wished(tmp_path / name, groups)) == lines


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("requirements.txt", None, "not there"),
        ("environment.yml", "a: [b", "no YAML"),
        ("setup.json", "{}", "none of the kinds"),
        ("requirements.txt", "a @ file:///x/a.whl", "file of this machine"),
    ],
    ids=["missing", "broken", "unknown", "a path"],
)
def test_listed_lines__file_that_cannot_be_required__is_refused(
    tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(errors.RequirementsUnreadable, match=said):
        wished(tmp_path / name)


def test_listed_lines__group_that_no_file_has__is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    with pytest.raises(errors.GroupUnknown, match="called docs; they have: dev, gpu"):
        wished(tmp_path / "pyproject.toml", ("docs",))
