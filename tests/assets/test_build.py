"""From a notebook with assets to its images, with the command line: what is in them, what an edit moves, what runs."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack.oci import Store, StoredImage

pytestmark = pytest.mark.network

CANARY = "canary-7f3a-word"
DATA = b"a,b\n" + b"1,2\n" * 50_000
CELLS = (
    "import csv, os\nrows = len(list(csv.DictReader(open('data/train.csv'))))\nprint('rows', rows)",
    "print('lake', sorted(os.listdir('lake')))\nopen('result.txt', 'w').write('made')",
    "table = dict(csv.reader(open('model/table.csv')))",
    "def predict(key: str) -> str:\n    return table[key]",
)


def mlpack(home: Path, *words: str, expected: int = 0) -> tuple[list[dict[str, object]], str]:
    """``jupyter mlpack`` as a process: its events, and all that it said."""
    command = [sys.executable, "-m", "jupyter_mlpack", *words, "--home", str(home), "--format", "json"]
    answer = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    assert answer.returncode == expected, answer.stdout + answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()], answer.stdout + answer.stderr


def image_of(home: Path, name: str) -> StoredImage:
    image = Store(home).image(name)
    assert image is not None
    return image


def layers(home: Path, image: StoredImage) -> dict[str, bytes]:
    """The tars of the application's slices by their numbers."""
    store = Store(home)
    history = [entry for entry in image.config.history if not entry.empty_layer]
    pairs = zip(history, image.layers, strict=True)
    return {
        entry.created_by.rpartition(" ")[2]: gzip.decompress(store.read(layer.descriptor.digest))
        for entry, layer in pairs
        if entry.created_by.startswith("Application Slice")
    }


def write(path: Path, *cells: str) -> None:
    made = [nbformat.v4.new_code_cell(cell, id=f"c{number}") for number, cell in enumerate(cells)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    assets = [{"path": "lake", "mount": True}, {"path": "model", "from": "table"}]
    document = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel, "mlpack": {"assets": assets}})
    nbformat.write(document, path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A notebook with a mount, and a folder of models beside it under another name."""
    (tmp_path / "work/table").mkdir(parents=True)
    (tmp_path / "work/table/table.csv").write_text("x,y\n")
    write(tmp_path / "work/churn.ipynb", *CELLS)
    return tmp_path / "work"


def test_build__assets__layers_labels_runs_and_nothing_secret(
    folder: Path, site, sha256: Callable[[bytes], str], machine_store: Store, run_image: Callable[..., StoredImage]
) -> None:
    run_image("bookworm")
    home, notebook = machine_store.root, str(folder / "churn.ipynb")
    site.files["/train.csv"] = DATA
    address = site.address.replace("://", f"://me:{CANARY}@") + "/train.csv?token=" + CANARY
    words = ("build", notebook, "--asset", f"data/train.csv={address}#sha256={sha256(DATA)}", "--python", "3.11")
    events, said = mlpack(home, *words)
    phases = [event["phase"] for event in events if event.get("event") == "PhaseStarted"]
    assert phases[:4] == ["inspect", "resolve", "fetch", "stack"]
    image = image_of(home, "churn:training")
    slices = layers(home, image)
    assert DATA in slices["1"]
    assert b"x,y\n" in slices["2"]
    assert DATA not in slices["3"]
    labels = dict(image.config.labels)
    assert json.loads(labels["org.jupyter-mlpack.assets"])[0] == {
        "path": "data/train.csv", "sha256": sha256(DATA), "size": len(DATA),
    }  # fmt: skip
    assert json.loads(labels["org.jupyter-mlpack.mounts"]) == [{"path": "/workspace/lake", "required": True}]
    texts = [said.encode(), *slices.values(), json.dumps(labels).encode()]
    texts += [path.read_bytes() for path in (home / "assets").rglob("*") if path.is_file()]
    assert not any(CANARY.encode() in text for text in texts)

    write(folder / "churn.ipynb", *CELLS[:-1], CELLS[-1] + "  # edited")
    events, _ = mlpack(home, *words)
    fresh = [event["name"] for event in events if event.get("event") == "LayerExported" and not event["reused"]]
    assert fresh == ["slice-3"]
    assert len(site.seen) == 1

    refused, _ = mlpack(home, "run", "churn:training", "--output", str(folder / "none"), expected=2)
    assert refused[-1]["code"] == "mount-missing"
    (folder / "lakes").mkdir()
    (folder / "lakes/deep.bin").write_text("deep")
    volume = f"{folder / 'lakes'}:lake"
    _, said = mlpack(home, "run", "churn:training", "--output", str(folder / "out"), "--volume", volume)
    assert "rows 50000" in said
    assert "deep.bin" in said
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["churn.ipynb", "result.txt"]

    mlpack(home, *words, "--purpose", "inference")
    slices = layers(home, image_of(home, "churn:inference"))
    assert b"x,y\n" in slices["1"]
    assert not any(DATA in text for text in slices.values())
