"""One lock for both images of a notebook; each has what it reaches of it, and what both have is the same layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import ResolutionError
from jupyter_mlpack.events import Event, Noticed
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.grouping import OWN_REST, group_packages
from jupyter_mlpack.oci import Store
from jupyter_mlpack.plan import RUNNER
from jupyter_mlpack.resolution.lock import line_name
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.twins import lock_twins
from jupyter_mlpack.values import Catalog, Dependency, Inspection, Lock, Purpose, Target
from jupyter_mlpack.wishes import Machine, Wishes

from .conftest import Index

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
SERVED = Inspection("n.ipynb", dependencies=(Dependency("plain", "", "table"),))
WHOLE = replace(SERVED, dependencies=(Dependency("plain", "<3", "install"), Dependency("plots", "", "table")))


@pytest.fixture
def stocked(index: Index) -> Index:
    """The programs of both images, small: papermill and fastapi both need ``deep``, fastapi not the newest."""
    for line in (line for lines in RUNNER.values() for line in lines):
        name = line_name(line)
        needs = {"fastapi": ("deep<2",), "papermill": ("deep",), "uvicorn": ("only",)}.get(name, ())
        index.add(name.replace("-", "_"), "99.0", *needs)
    for name, version, *needs in (
        ("plain", "1.0", "leaf"), ("plain", "2.0", "leaf"), ("plain", "3.0", "leaf"), ("leaf", "1.0"),
        ("plots", "1.0", "leaf"), ("deep", "1.0"), ("deep", "2.0"), ("only", "1.0"),
    ):  # fmt: skip
        index.add(name, version, *needs)
    return index


def lock(index: Index, folder: Path, purpose: Purpose, whole: Inspection = WHOLE) -> tuple[Lock, list[str]]:
    """The lock of one image, and the codes of what was told."""
    machine = Machine(Store(folder / "store"), Catalog((), (), ()), StackSettings(), index.settings(folder / "cache"))
    events: list[Event] = []
    made = lock_twins((whole, SERVED), TARGET, Wishes(purpose=purpose), machine, events.append)
    return made, [event.notice.code for event in events if isinstance(event, Noticed)]


def versions(made: Lock) -> dict[str, str]:
    return {package.name: package.version for package in made.packages}


def test_lock_twins__both__same_pins_and_only_what_each_reaches(stocked: Index, tmp_path: Path) -> None:
    training, told = lock(stocked, tmp_path, Purpose.TRAINING)
    inference, _ = lock(stocked, tmp_path, Purpose.INFERENCE)
    common = {"plain": "2.0", "leaf": "1.0", "deep": "1.0"}
    programs = {purpose: {line_name(line): "99.0" for line in lines} for purpose, lines in RUNNER.items()}
    assert versions(training) == {**common, "plots": "1.0", **programs[Purpose.TRAINING]}
    assert versions(inference) == {**common, "only": "1.0", **programs[Purpose.INFERENCE]}
    assert training.shared == inference.shared == frozenset(common)
    assert told == []


def test_lock_twins__layers__what_both_have_is_the_same_in_both(stocked: Index, tmp_path: Path) -> None:
    layers = [group_packages(lock(stocked, tmp_path, purpose)[0]) for purpose in Purpose]
    same = [layer for layer in layers[0] if layer in layers[1]]
    assert {pin.partition("==")[0] for layer in same for pin in layer["packages"]} == {"plain", "leaf", "deep"}
    assert {str(layer["layer"]) for layer in layers[0]} & {str(layer["layer"]) for layer in layers[1]} <= {
        *(str(layer["layer"]) for layer in same),
        OWN_REST,
    }


def test_lock_twins__server_and_notebook_cannot_agree__each_alone_and_told(stocked: Index, tmp_path: Path) -> None:
    whole = replace(WHOLE, dependencies=(*WHOLE.dependencies, Dependency("deep", "==2.0", "install")))
    training, told = lock(stocked, tmp_path, Purpose.TRAINING, whole)
    assert versions(training)["deep"] == "2.0"
    assert "fastapi" not in versions(training)
    assert (told, training.shared) == (["twins-apart"], frozenset())
    inference, told = lock(stocked, tmp_path, Purpose.INFERENCE, whole)
    assert (versions(inference)["deep"], told) == ("1.0", ["twins-apart"])


def test_lock_twins__nothing_satisfies_the_notebook__is_refused(stocked: Index, tmp_path: Path) -> None:
    whole = replace(WHOLE, dependencies=(Dependency("plain", "==9", "install"),))
    with pytest.raises(ResolutionError):
        lock(stocked, tmp_path, Purpose.TRAINING, whole)


def test_lock_twins__no_inference_side__as_if_there_were_no_twin(stocked: Index, tmp_path: Path) -> None:
    settings = stocked.settings(tmp_path / "cache")
    machine = Machine(Store(tmp_path / "store"), Catalog((), (), ()), StackSettings(), settings)
    made = lock_twins((WHOLE, None), TARGET, Wishes(), machine, lambda event: None)
    assert versions(made)["deep"] == "2.0"
    assert not made.shared
