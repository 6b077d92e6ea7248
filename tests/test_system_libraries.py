"""Packages that need more of the system than a slim run image has: ``import cv2`` works, and stays reproducible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.engines import make_engine
from jupyter_mlpack.oci import Store, StoredImage

pytestmark = pytest.mark.network
CELLS = (
    "%pip install opencv-python",
    "import cv2\nimport numpy\nblurred = cv2.GaussianBlur(numpy.full((9, 9), 7, numpy.uint8), (3, 3), 0)",
    "print('sum', blurred.sum())",
)
LARGEST = 8_000_000
"""Bytes of the layer with the libraries; what apt would add to have them is more than ten times that."""


def notebook(folder: Path, *cells: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    described = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": text,
        }
        for number, text in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"cells": described, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path = folder / "seeing.ipynb"
    path.write_text(json.dumps(document))
    return path


def mlpack(home: Path, *words: str, **environment: str) -> list[dict[str, object]]:
    """``jupyter mlpack`` as a process; its events."""
    answer = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", *words, "--home", str(home), "--format", "json"],
        capture_output=True, text=True, env={**os.environ, **environment}, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def phases(events: list[dict[str, object]]) -> list[object]:
    return [event["phase"] for event in events if event.get("event") == "PhaseStarted"]


def build(home: Path, path: Path, stack: str, **environment: str) -> tuple[StoredImage, list[dict[str, object]]]:
    name = f"seeing-{stack}:training"
    events = mlpack(home, "build", str(path), "--name", name, "--stack", stack, **environment)
    image = Store(home).image(name)
    assert image is not None
    return image, events


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def stack(request: pytest.FixtureRequest, run_image: Callable[..., StoredImage]) -> str:
    run_image(request.param)
    return str(request.param)


def without_extensions(home: Path, base_and_locks: Callable[[Path, Path], None], fresh: Path) -> Path:
    """A store with the run images and package indexes of ``home`` that has never extended one."""
    base_and_locks(home, fresh)
    for image in Store(fresh).images():
        if image.name.count("-") > 1:
            Store(fresh).untag(image.name)
    for note in fresh.glob("stacks/*/extensions/*"):
        note.unlink()
    return fresh


def test_build__opencv__libraries_come_as_one_small_layer_and_it_runs(
    stack: str, machine_store: Store, tmp_path: Path, base_and_locks: Callable[[Path, Path], None]
) -> None:
    home = without_extensions(machine_store.root, base_and_locks, tmp_path / "home")
    path = notebook(tmp_path / "work", *CELLS)
    image, events = build(home, path, stack)
    assert "extend" in phases(events)
    extension = image.layers[1]
    assert image.config.history[1].created_by.startswith(f"mlpack extension of {stack}: libgl1, libglib2.0-0")
    assert extension.descriptor.size < LARGEST
    label = json.loads(dict(image.config.labels)["io.buildpacks.lifecycle.metadata"])
    assert label["runImage"]["topLayer"] == image.layers[0].diff_id  # a rebase keeps the extension
    again, events = build(home, path, stack)
    assert "extend" not in phases(events)
    assert again.descriptor == image.descriptor
    availability = make_engine("process", Store(home)).probe()
    if not availability.available:
        pytest.skip(f"NO PROCESS ENGINE HERE: the image was built and not run: {availability}")
    mlpack(home, "run", image.name, "--engine", "process", "--output", str(tmp_path / "out"))
    executed = json.loads((tmp_path / "out" / "seeing.ipynb").read_text())
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", ())]
    assert any("sum 567" in "".join(output.get("text", ())) for output in outputs)
