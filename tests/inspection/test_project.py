"""How far above a notebook's folder inspection looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlpack.inspection.folder import DiskFolder, NoFolder
from jupyter_mlpack.inspection.project import MARKS, MAX_LEVELS, leaving_links, read_above


def deep(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path.joinpath(*names)
    folder.mkdir(parents=True, mode=0o755)
    return folder


@pytest.mark.parametrize("mark", MARKS)
def test_read_above__marked_project__reaches_its_folder_and_no_further(tmp_path: Path, mark: str) -> None:
    folder = deep(tmp_path, "x", "project", "a", "b", "c", "d")
    (tmp_path / "x" / "project" / mark).mkdir()
    (tmp_path / "x" / "outer.py").touch()
    (tmp_path / "x" / "project" / "inner.py").touch()
    above = read_above(DiskFolder(folder))
    assert above.marked
    assert above.levels == ("..", "../..", "../../..", "../../../..")
    assert above.kind("../../../../inner.py") == "file"
    assert above.kind("../../../../../outer.py") is None


def test_read_above__no_mark__reaches_a_few_levels(tmp_path: Path) -> None:
    folder = deep(tmp_path, *"abcdefgh")
    above = read_above(DiskFolder(folder))
    assert not above.marked
    assert len(above.levels) == MAX_LEVELS


def test_read_above__home_and_shared_folders__are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = deep(tmp_path, "home", "work", "notes")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert read_above(DiskFolder(folder)).levels == ("..",)
    (tmp_path / "home" / "work").chmod(0o777)
    assert read_above(DiskFolder(folder)).levels == ()


def test_read_above__notebook_in_the_projects_folder__nothing_above(tmp_path: Path) -> None:
    folder = deep(tmp_path, "project")
    (folder / ".git").mkdir()
    (tmp_path / "x.py").touch()
    above = read_above(DiskFolder(folder))
    assert above.levels == ()
    assert above.kind("../x.py") is None
    assert above.text("../x.py") is None
    assert above.size("../x.py") == 0


def test_read_above__no_folder__nothing() -> None:
    assert read_above(NoFolder()).kind("../x.py") is None


def test_leaving_links__links__are_found(tmp_path: Path) -> None:
    folder = deep(tmp_path, "work")
    (folder / "data").mkdir()
    (folder / "data" / "a").touch()
    os.symlink(tmp_path, folder / "data" / "out")
    os.symlink(folder / "data" / "a", folder / "data" / "in")
    os.symlink("nowhere", folder / "gone")
    seen = DiskFolder(folder)
    assert leaving_links(seen, "data") == ("data/out",)
    assert leaving_links(seen, "gone") == ("gone",)
    assert leaving_links(seen, "data/a") == ()
    assert leaving_links(seen, "../work") == ()
