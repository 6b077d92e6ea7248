"""Stack recipes: those that we ship, and those that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import RecipeInvalid
from jupyter_mlpack.stack.recipe import read_stack

STACKS = Path(__file__).parents[2] / "stacks"
GOOD = (STACKS / "bookworm" / "stack.toml").read_text()


@pytest.mark.parametrize(
    ("name", "python", "libc"), [("bookworm", "3.11", "glibc2.36"), ("trixie", "3.13", "glibc2.41")]
)
def test_read_stack__shipped__names_python_and_libc(name, python, libc):
    stack = read_stack(STACKS / name)
    assert (stack.name, stack.suite, stack.python, stack.libc) == (name, name, python, libc)
    assert f"python{python}-minimal" in stack.packages
    assert (stack.user, stack.uid, stack.gid) == ("mlpack", 1000, 1000)
    assert (STACKS / name / "README.md").is_file()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("uid = 1000", "uid = 0"),
        ("uid = 1000", "uid = true"),
        ("gid = 1000", ""),
        ('suite = "bookworm"', 'suite = "bookworm main\\ndeb http://elsewhere"'),
        ('user = "mlpack"', 'user = "mlpack:x:0"'),
        ('  "bash",', '  "--option",'),
        ('  "bash",', '  "Bash",'),
        ('  "bash",', "  7,"),
        ("packages = [", "others = ["),
        ('name = "bookworm"', 'name = "bookworm'),
    ],
    ids=[
        "root",
        "boolean",
        "missing",
        "source-line",
        "passwd-line",
        "option",
        "capital",
        "number",
        "no-packages",
        "no-toml",
    ],
)
def test_read_stack__wrong_field__is_refused(tmp_path, old, new):
    assert old in GOOD
    (tmp_path / "stack.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(RecipeInvalid):
        read_stack(tmp_path)


def test_read_stack__no_file__is_refused(tmp_path):
    with pytest.raises(RecipeInvalid):
        read_stack(tmp_path)
