"""Training and inference image of one notebook: the same layers, and the one serves what the other has trained."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import nbformat
import pytest

from jupyter_mlpack.oci import Store
from jupyter_mlpack.oci.manifest import StoredImage

pytestmark = pytest.mark.network

CELLS = (
    "import json, sys\nimport numpy as np\nfrom tabulate import tabulate",
    "x = np.arange(10.0)\nslope, shift = np.polyfit(x, 3 * x + 1, 1)\nprint(tabulate([[slope, shift]]))\n"
    "np.save('line.npy', np.array([slope, shift]))",
    "slope, shift = np.load('line.npy')",
    "def predict(x: list[float]) -> list[float]:\n    return (np.array(x) * slope + shift).tolist()",
)


def mlpack(home: Path, *words: str) -> str:
    command = [sys.executable, "-m", "jupyter_mlpack", *words, "--home", str(home)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def home(machine_store: Store, run_image: Callable[..., StoredImage]) -> Path:
    run_image("bookworm")
    return machine_store.root


@pytest.fixture(scope="module")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook with both images made: of the training one, its run's outputs lie in ``out``."""
    folder = tmp_path_factory.mktemp("twins")
    cells = [nbformat.v4.new_code_cell(source, id=f"c{at}") for at, source in enumerate(CELLS)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "twin-line.ipynb")
    mlpack(home, "build", str(folder / "twin-line.ipynb"))
    mlpack(home, "run", "twin-line:training", "--engine", "process", "--output", str(folder / "out"))
    words = ("--purpose", "inference", "--model", str(folder / "out"))
    mlpack(home, "build", str(folder / "twin-line.ipynb"), *words)
    return folder


def layers(image: StoredImage) -> dict[str, str]:
    """The layers of packages by their digest."""
    entries = [entry for entry in image.config.history if not entry.empty_layer]
    origins = {layer.descriptor.digest: entry.created_by for entry, layer in zip(entries, image.layers, strict=True)}
    return {digest: origin for digest, origin in origins.items() if "mlpack/packages@" in origin}


@pytest.mark.usefixtures("trained")
def test_twins__dependency_layers__what_both_need_is_one_layer(home: Path) -> None:
    training, inference = (Store(home).image(f"twin-line:{purpose}") for purpose in ("training", "inference"))
    assert training
    assert inference
    ours, theirs = layers(training), layers(inference)
    assert any("numpy-" in origin for digest, origin in ours.items() if digest in theirs)
    names = [{origin.split("'")[1] for origin in side.values()} for side in (ours, theirs)]
    own = {"environment", "packages-own"}
    shared = {origin.split("'")[1] for digest, origin in ours.items() if digest in theirs}
    assert names[0] & names[1] - own == shared
    assert not any(name.startswith(("runner-", "tabulate-", "common-")) for name in names[1])
    assert not any(name.startswith("server-") for name in names[0])


@pytest.fixture
def address(docker: str, home: Path, trained: Path) -> Iterator[str]:
    """The inference image in Docker, as somebody without a name, with nothing to write to."""
    assert trained.is_dir()
    mlpack(home, "images", "twin-line:inference", "--load")
    command = [docker, "run", "--detach", "--read-only", "--user", "12345", "--publish", "127.0.0.1::8080"]
    started = subprocess.run([*command, "twin-line:inference"], capture_output=True, text=True, check=True)
    container = started.stdout.strip()
    try:
        told = subprocess.run([docker, "port", container, "8080"], capture_output=True, text=True, check=True)
        yield f"http://{told.stdout.split()[0]}"
    finally:
        subprocess.run([docker, "rm", "--force", container], capture_output=True, check=False)
        subprocess.run([docker, "rmi", "twin-line:inference"], capture_output=True, check=False)


def test_twins__inference_image__serves_what_the_training_image_made(address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"{address}/ping").status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.2)
    answer = httpx.post(f"{address}/invocations", json={"instances": [{"x": [0.0, 2.0]}]})
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.text)["predictions"][0] == pytest.approx([1.0, 7.0])
