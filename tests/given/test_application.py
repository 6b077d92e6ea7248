"""Which files a project descriptor lets into the application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.given.application import choose_files
from jupyter_mlpack.given.project import Project
from jupyter_mlpack.values import BuildPlan, PlannedFile, Purpose, Stack, Target

STACK = Stack("tiny", "debian", "12", "bookworm", "3.11", "glibc2.36", (), "mlpack", 1000, 1000)
ALWAYS = [".mlpack/build.json", "n.ipynb"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "n.ipynb",
        "used.csv",
        "data/a.csv",
        "data/b.bin",
        "src/m.py",
        ".env",
        "__pycache__/x.pyc",
        ".git/config",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    (tmp_path / "outside").symlink_to("/etc/passwd")
    return tmp_path


def planned(folder: Path, at: str = "") -> BuildPlan:
    prefix = f"{at}/" if at else ""
    files = [PlannedFile(".mlpack/build.json", text="{}"), PlannedFile(f"{prefix}n.ipynb", text="{}")]
    files += [PlannedFile(f"{prefix}{name}", source=folder / name) for name in ("src/m.py", "used.csv")]
    target = Target("linux", "amd64", "glibc2.36", "3.11")
    return BuildPlan("x:1", Purpose.TRAINING, target, STACK, (), tuple(files))


@pytest.mark.parametrize(
    ("patterns", "expected", "codes"),
    [
        pytest.param({}, ["src/m.py", "used.csv"], [], id="neither"),
        pytest.param({"exclude": ()}, ["src/m.py", "used.csv"], [], id="exclude nothing"),
        pytest.param({"exclude": ("*.csv",)}, ["src/m.py"], ["left-out"], id="exclude"),
        pytest.param({"exclude": ("*",)}, [], ["left-out", "left-out"], id="exclude everything"),
        pytest.param({"include": ("data/*.csv",)}, ["data/a.csv"], ["left-out", "left-out"], id="include"),
        pytest.param(
            {"include": ("data/", "*.csv", "*.py")}, ["data/a.csv", "data/b.bin", "src/m.py", "used.csv"], [], id="more"
        ),
        pytest.param(
            {"include": ("*",)},
            ["data/a.csv", "data/b.bin", "src/m.py", "used.csv"],
            ["credentials-left-out"],
            id="include everything: no credentials, no links, no caches",
        ),
    ],
)
def test_choose_files__patterns__kept(
    patterns: dict[str, Any], expected: list[str], codes: list[str], folder: Path
) -> None:
    project = Project(folder / "project.toml", **patterns)
    plan, notices = choose_files(planned(folder), project, folder / "n.ipynb", "")
    assert [file.path for file in plan.files] == sorted([*ALWAYS, *expected])
    assert [notice.code for notice in notices] == codes


def test_choose_files__notebook_in_a_folder_of_the_application__patterns_are_of_its_own(folder: Path) -> None:
    project = Project(folder / "project.toml", include=("data/a.csv",))
    plan, _ = choose_files(planned(folder, "notebooks"), project, folder / "n.ipynb", "notebooks")
    assert [file.path for file in plan.files] == [".mlpack/build.json", "notebooks/data/a.csv", "notebooks/n.ipynb"]
