"""The environment rules: rows for each, and properties that hold whatever the values are."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.lifecycle.environment import (
    add_files,
    add_platform,
    add_root,
    inherited_environment,
    with_overrides,
)

ROWS = {
    "no-suffix-overrides": ("old", {"X": "new"}, "new"),
    "override": ("old", {"X.override": "new"}, "new"),
    "default-keeps": ("old", {"X.default": "new"}, "old"),
    "default-fills": ("", {"X.default": "new"}, "new"),
    "append": ("old", {"X.append": "new"}, "oldnew"),
    "prepend": ("old", {"X.prepend": "new"}, "newold"),
    "append-delimited": ("old", {"X.append": "new", "X.delim": ":"}, "old:new"),
    "prepend-delimited": ("old", {"X.prepend": "new", "X.delim": ":"}, "new:old"),
    "delimiter-only-between": ("", {"X.append": "new", "X.delim": ":"}, "new"),
    "newline-counts": ("old", {"X": "new\n"}, "new\n"),
    "unknown-action": ("old", {"X.sideways": "new"}, "old"),
    "two-dots": ("old", {"X.append.prepend": "new"}, "old"),
    "bare-dot-prepends-a-path": ("old", {"X.": "new"}, "new:old"),
    "order-of-names": ("o", {"X.append": "a", "X.default": "d", "X.prepend": "p"}, "poa"),
}


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return folder


@pytest.mark.parametrize(("old", "files", "expected"), ROWS.values(), ids=ROWS)
def test_add_files__row__value(old: str, files: dict[str, str], expected: str, tmp_path: Path) -> None:
    env = {"X": old}
    add_files(env, write(tmp_path / "env", files))
    assert env == {"X": expected}


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(deadline=None)
@given(old=VALUES, value=VALUES, delimiter=VALUES)
def test_add_files__any_values__rules_hold(old: str, value: str, delimiter: str) -> None:
    between = delimiter if old else ""
    expected = {
        "append": old + between + value,
        "prepend": value + between + old,
        "override": value,
        "default": old or value,
    }
    for action, result in expected.items():
        with tempfile.TemporaryDirectory() as scratch:
            env = {"X": old, "OTHER": "kept"}
            add_files(env, write(Path(scratch), {f"X.{action}": value, "X.delim": delimiter}))
            assert env == {"X": result, "OTHER": "kept"}


def test_add_files__no_folder__nothing(tmp_path: Path) -> None:
    env = {"X": "old"}
    add_files(env, tmp_path / "none")
    assert env == {"X": "old"}


def test_add_root__folders__in_front(tmp_path: Path) -> None:
    for folder in ("bin", "lib"):
        (tmp_path / folder).mkdir()
    env = {"PATH": "/bin", "CPATH": "/include"}
    add_root(env, tmp_path)
    assert env == {
        "PATH": f"{tmp_path}/bin:/bin",
        "LD_LIBRARY_PATH": f"{tmp_path}/lib",
        "LIBRARY_PATH": f"{tmp_path}/lib",
        "CPATH": "/include",
    }


def test_add_platform__files__paths_in_front_others_replaced(tmp_path: Path) -> None:
    write(tmp_path / "env", {"PATH": "/ours", "X": "new", "LIBRARY_PATH": "/lib"})
    env = {"PATH": "/bin", "X": "old"}
    add_platform(env, tmp_path)
    assert env == {"PATH": "/ours:/bin", "X": "new", "LIBRARY_PATH": "/lib"}


def test_with_overrides__operator__only_defaults(tmp_path: Path) -> None:
    write(tmp_path / "config" / "env", {"X": "config", "Y": "config"})
    write(tmp_path / "platform" / "env", {"X": "platform"})
    before = {"Z": "layer"}
    assert with_overrides(before, tmp_path / "platform", tmp_path / "config") == {
        "X": "platform",
        "Y": "config",
        "Z": "layer",
    }
    assert with_overrides(before, None, None) == before == {"Z": "layer"}


def test_inherited_environment__machine__only_the_list() -> None:
    environ = {"PATH": "/bin", "HOME": "/home", "https_proxy": "p", "AWS_SECRET_ACCESS_KEY": "s", "PYTHONPATH": "x"}
    assert inherited_environment(environ) == {"PATH": "/bin", "HOME": "/home", "https_proxy": "p"}
