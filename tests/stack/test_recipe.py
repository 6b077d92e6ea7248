"""Stack recipes: those that we ship, and those that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import RecipeInvalid
from jupyter_mlpack.stack.recipe import StackSettings, read_stack

STACKS = Path(__file__).parents[2] / "stacks"
GOOD = (STACKS / "bookworm" / "stack.toml").read_text()


@pytest.mark.parametrize(
    ("name", "python", "libc", "shell"),
    [
        ("bookworm", "3.11", "glibc2.36", True),
        ("bookworm-minimal", "3.11", "glibc2.36", False),
        ("trixie", "3.13", "glibc2.41", True),
        ("trixie-minimal", "3.13", "glibc2.41", False),
    ],
)
def test_read_stack__shipped__names_python_libc_and_shell(name, python, libc, shell):
    stack = read_stack(STACKS / name)
    suite = name.removesuffix("-minimal")
    assert (stack.name, stack.suite, stack.python, stack.libc) == (name, suite, python, libc)
    assert f"python{python}-minimal" in stack.packages
    assert stack.shell is shell
    assert (STACKS / (stack.libraries or name) / "libraries.txt").is_file()
    assert {"apt", "bash", "dpkg", "git"} <= set(stack.build)
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
        ("left_out = [", "left_out = [7,"),
        ('  "git-man",', '  "Git-Man",'),
        ('  "/usr/bin/scalar",', '  "usr/bin/scalar",'),
        ("[build]\npackages = [", "[build]\npackages = [7,"),
        ("[build]", "build = 7\n[other]"),
        ("[build]", '[labels]\n"a b" = "c"\n[build]'),
        ("[build]", "[labels]\nteam = 7\n[build]"),
        ('libc = "glibc2.36"', 'libc = "glibc2.36"\nlibraries = "../bookworm"'),
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
        "left-out-number",
        "left-out-capital",
        "left-out-relative",
        "build-number",
        "build-no-table",
        "label-name",
        "label-number",
        "libraries-climb",
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


@pytest.mark.parametrize(
    ("registry", "plain"), [("localhost:5000", True), ("hub.lan:5000", True), ("registry.example", False)]
)
def test_access__of_what_a_build_takes__plain_only_here_and_where_named(registry: str, plain: bool) -> None:
    access = StackSettings(insecure=True, insecure_hosts=frozenset({"hub.lan:5000"})).access(registry)
    assert access.plain(registry) == plain
    assert access.insecure == (registry == "localhost:5000"), "others are reached in TLS, not refused"
