"""A kernel's answer is kept for as long as nothing that it depends on has changed."""

from __future__ import annotations

import json
import os
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.inspection.answers import Answers
from jupyter_mlpack.inspection.kernel import read_kernel

LONG_AGO = 1_000_000_000_000_000_000
LATER = 1_500_000_000_000_000_000
PACKAGE = "tabular-1.0.dist-info"


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A virtual environment with one package, all of it old."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "site" / PACKAGE).mkdir(parents=True)
    for name in ("bin/python", "pyvenv.cfg", "site/extra.pth", "site/module.py"):
        (tmp_path / name).write_text("old")
    age(tmp_path)
    return tmp_path / "bin" / "python"


def age(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, ns=(LONG_AGO, LONG_AGO))


def answers(python: Path, program: bytes = b"probe") -> Answers:
    return Answers(python.parent.parent / "answers", program)


def keep(python: Path, asked: int = LATER) -> None:
    answers(python).keep(str(python), [str(python.parent.parent / "site"), "/no/such/folder"], {"python": "3"}, asked)


def test_answers__nothing_changed__holds(python: Path) -> None:
    keep(python)
    assert answers(python).find(str(python)) == {"python": "3"}


@pytest.mark.parametrize(
    "change",
    [
        lambda home: (home / "site" / "other-2.dist-info").mkdir(),
        lambda home: (home / "site" / PACKAGE).rmdir(),
        lambda home: (home / "site" / PACKAGE / "RECORD").write_text("replaced"),
        lambda home: (home / "site" / "extra.pth").write_text("/elsewhere"),
        lambda home: (home / "pyvenv.cfg").write_text("home = /elsewhere"),
        lambda home: (home / "bin" / "python").write_text("another Python"),
        lambda home: (home / "bin" / "python").unlink(),
    ],
    ids=["installed", "removed", "reinstalled", "path file", "environment", "interpreter", "gone"],
)
def test_answers__something_changed__is_asked_again(python: Path, change: Callable[[Path], object]) -> None:
    keep(python)
    change(python.parent.parent)
    assert answers(python).find(str(python)) is None


def test_answers__another_program__has_other_answers(python: Path) -> None:
    keep(python)
    assert answers(python, b"newer probe").find(str(python)) is None


def test_answers__changed_while_asked__is_not_kept(python: Path) -> None:
    keep(python, asked=LONG_AGO + 1_000)
    assert answers(python).find(str(python)) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"watched": 3}'], ids=["empty", "a list", "no keys", "nonsense"])
def test_answers__damaged__is_as_good_as_none(python: Path, text: str) -> None:
    keep(python)
    (entry,) = (python.parent.parent / "answers").iterdir()
    entry.write_text(text)
    assert answers(python).find(str(python)) is None


def test_read_kernel__package_installed_later__is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "kernel")
    age(tmp_path / "kernel")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    (tmp_path / "kernels" / "own").mkdir(parents=True)
    spec = {"argv": [str(tmp_path / "kernel" / "bin" / "python")], "display_name": "own", "language": "python"}
    (tmp_path / "kernels" / "own" / "kernel.json").write_text(json.dumps(spec))
    before = read_kernel("own", cache=tmp_path / "cache")
    assert read_kernel("own", cache=tmp_path / "cache") == before
    site = tmp_path / "kernel" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "tabular-1.0.dist-info").mkdir()
    (site / "tabular-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: tabular\nVersion: 1.0\n")
    after, _ = read_kernel("own", cache=tmp_path / "cache")
    assert after is not None
    assert [entry.name for entry in after.distributions] == ["tabular"]
