"""What a script did to its copy of the application, as a layer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.binder.changes import copy_application, differences, layer_entries, look

OWNER = (1000, 1000)
ROWS: dict[str, tuple[Callable[[Path], object], list[str], list[str]]] = {
    "nothing": (lambda work: None, [], []),
    "a file is read": (lambda work: (work / "data/a.txt").read_text(), [], []),
    "a new file": (lambda work: (work / "data/b.txt").write_text("b"), ["data/b.txt"], []),
    "a changed file": (lambda work: (work / "data/a.txt").write_text("other"), ["data/a.txt"], []),
    "a file that is gone": (lambda work: (work / "data/a.txt").unlink(), [], ["data/a.txt"]),
    "a folder": (lambda work: (work / "made/deep").mkdir(parents=True), ["made", "made/deep"], []),
    "a link": (lambda work: (work / "link").symlink_to("/etc"), ["link"], []),
    "another mode": (lambda work: (work / "data/a.txt").chmod(0o755), ["data/a.txt"], []),
}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The copy of an application without its notebook."""
    app = tmp_path / "app"
    (app / "data").mkdir(parents=True)
    (app / "data/a.txt").write_text("a")
    (app / "n.ipynb").write_text("{}")
    copy_application(app, tmp_path / "work", {"n.ipynb"}, OWNER)
    assert sorted(os.listdir(tmp_path / "work")) == ["data"]
    return tmp_path / "work"


@pytest.mark.parametrize(("change", "changed", "removed"), ROWS.values(), ids=ROWS)
def test_differences__what_a_script_does__by_name(
    work: Path, change: Callable[[Path], object], changed: list[str], removed: list[str]
) -> None:
    before = look(work)
    change(work)
    assert tuple(map(list, differences(before, look(work)))) == (changed, removed)


def test_layer_entries__what_changed__with_the_folders_above_and_no_rights_of_others(work: Path) -> None:
    (work / "made").mkdir()
    (work / "made/tool").write_text("#!/bin/sh\n")
    (work / "made/tool").chmod(0o6755)
    os.mkfifo(work / "made/pipe")
    entries = layer_entries(work, ("made/tool", "made/pipe"), "/workspace", OWNER)
    assert [(entry.name, entry.kind, entry.mode, entry.uid) for entry in entries] == [
        ("/workspace", "directory", 0o755, 1000),
        ("/workspace/made", "directory", 0o755, 1000),
        ("/workspace/made/tool", "file", 0o755, 1000),
    ]
