"""The application folder: exactly the planned files, with their modes, and nothing outside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.errors import PlannedPathUnsafe, WorkspaceUnwritable
from jupyter_mlpack.lifecycle.workspace import write_workspace
from jupyter_mlpack.values import PlannedFile

Workshop = Any  # conftest.Workshop, handed in by the fixture


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_write_workspace__umask__same_modes(mask: int, workshop: Workshop, tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(b"\x00\xff")
    files = (PlannedFile("a/b.bin", source=source), PlannedFile("größe/run", text="x", executable=True))
    before = os.umask(mask)
    try:
        write_workspace(workshop.plan(files), tmp_path / "app")
    finally:
        os.umask(before)
    found = {
        str(path.relative_to(tmp_path / "app")): path.stat().st_mode & 0o7777 for path in (tmp_path / "app").rglob("*")
    }
    assert found == {"a": 0o755, "a/b.bin": 0o644, "größe": 0o755, "größe/run": 0o755}
    assert (tmp_path / "app" / "a" / "b.bin").read_bytes() == b"\x00\xff"


UNSAFE = [("/etc/x",), ("../x",), ("a/../../x",), ("",), (".",), ("a\0b",), ("a", "a"), ("a", "a/b")]


@pytest.mark.parametrize("paths", UNSAFE, ids=lambda paths: repr("+".join(paths)))
def test_write_workspace__unsafe_path__nothing_is_written(
    paths: tuple[str, ...], workshop: Workshop, tmp_path: Path
) -> None:
    files = (PlannedFile("fine.txt", text="x"), *(PlannedFile(path, text="x") for path in paths))
    with pytest.raises(PlannedPathUnsafe):
        write_workspace(workshop.plan(files), tmp_path / "app")
    assert not (tmp_path / "app").exists()


def test_write_workspace__source_is_gone__error_names_it(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceUnwritable) as failure:
        write_workspace(workshop.plan((PlannedFile("x", source=tmp_path / "gone"),)), tmp_path / "app")
    assert "gone" in failure.value.sentence("where")
