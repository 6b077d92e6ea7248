"""As strict as the sources allow, then less so: what accompanies goes first, then what the folder's files declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import ResolutionError
from jupyter_mlpack.events import Event, Noticed
from jupyter_mlpack.locking import lock_packages
from jupyter_mlpack.oci import Store
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import (
    Catalog,
    Dependency,
    Evidence,
    Inspection,
    Location,
    PythonVersion,
    Target,
)
from jupyter_mlpack.wishes import Machine, Wishes

from .conftest import Index

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
LINE = Evidence("PIP1", Location("n.ipynb", 2, 1), "!pip install plain")
FILE = Evidence("DCL6", Location("requirements.txt", None, 1), "plain==0.1")
OWN = Evidence("DCL1", Location("n.ipynb", 1, 1), "plain==0.1")
CASES = {
    "all can be had": (Dependency("plain", "==1.0", "declaration", (FILE,)), ("deep==1.0",), "1.0", ""),
    "a companion's is gone": (Dependency("plain", "", "install", (LINE,)), ("deep==0.5",), "2.0", "folder's lock"),
    "a file's is gone": (Dependency("plain", "==0.1", "declaration", (FILE,)), ("deep==1.0",), "2.0", "files declare"),
}


def lock(index: Index, folder: Path, found: Inspection) -> tuple[dict[str, str], list[str]]:
    """Versions by name, and what was told."""
    machine = Machine(Store(folder / "store"), Catalog((), (), ()), StackSettings(), index.settings(folder / "cache"))
    events: list[Event] = []
    made = lock_packages(found, TARGET, Wishes(runner=()), machine, events.append)
    told = [event.notice.text for event in events if isinstance(event, Noticed)]
    return {package.name: package.version for package in made.packages}, told


@pytest.fixture
def stocked(index: Index) -> Index:
    index.add("plain", "1.0", "deep")
    index.add("deep", "1.0")
    index.add("deep", "2.0")
    return index


@pytest.mark.parametrize(("dependency", "constraints", "deep", "told"), CASES.values(), ids=CASES)
def test_lock_packages__versions_that_cannot_be_had__are_left_aside_in_turn(
    stocked: Index, tmp_path: Path, *, dependency: Dependency, constraints: tuple[str, ...], deep: str, told: str
) -> None:
    found = Inspection("n.ipynb", dependencies=(dependency,), constraints=constraints)
    versions, notices = lock(stocked, tmp_path, found)
    assert versions == {"plain": "1.0", "deep": deep}
    assert len(notices) == bool(told)
    assert told in "".join(notices)


@pytest.mark.parametrize(
    "dependency",
    [Dependency("plain", "==0.1", "install", (LINE,)), Dependency("plain", "==0.1", "declaration", (OWN,))],
    ids=["an install line", "the notebook's own block"],
)
def test_lock_packages__what_the_notebook_itself_says__is_never_left_aside(
    stocked: Index, tmp_path: Path, dependency: Dependency
) -> None:
    found = Inspection("n.ipynb", python=PythonVersion("3.11.7", "kernel"), dependencies=(dependency,))
    with pytest.raises(ResolutionError, match=r"plain==0\.1") as caught:
        lock(stocked, tmp_path, found)
    assert caught.value.location == dependency.evidence[0].location
