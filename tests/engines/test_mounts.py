"""Folders of this machine that a job sees (``run --volume``), by each engine that can run here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mlpack.engines.engine import Engine, LogChunk
from jupyter_mlpack.values import Mount, Task

from .conftest import LOCAL

IMAGE = "test/train:1"


@pytest.fixture(name="engine", params=LOCAL)
def local_engine(request: pytest.FixtureRequest) -> Engine:
    """Those that see this machine's folders."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that everybody may write to, with a name that has to be quoted."""
    folder = tmp_path / "data with ünicode"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "here").write_text("from the machine")
    return folder


def run(engine: Engine, tmp_path: Path, mount: Mount, mode: str, **environment: str) -> list[str]:
    (tmp_path / "output").mkdir(exist_ok=True)
    arguments = ("-p", f"mode={json.dumps(mode)}")
    task = Task("train", IMAGE, arguments, tuple(environment.items()), tmp_path / "output", mounts=(mount,))
    updates = engine.follow(engine.start(engine.prepare(task)))
    return "".join(update.text for update in updates if isinstance(update, LogChunk)).splitlines()


@pytest.mark.parametrize(("writable", "said"), [(False, "closed"), (True, "writable")], ids=["ro", "rw"])
def test_follow__folder_mounted__seen_and_written_to_only_if_it_may_be(
    engine: Engine, tmp_path: Path, folder: Path, writable: bool, said: str
) -> None:
    lines = run(engine, tmp_path, Mount(folder, "/workspace", writable), "put", FIND="/workspace")
    assert lines[-2:] == ["here", said]
    assert (folder / "new").exists() is writable
    assert (folder / "here").read_text() == "from the machine"
