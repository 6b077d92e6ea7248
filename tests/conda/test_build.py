"""A notebook whose module only a conda channel has: built, run in the environment's own Python, the same twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.stack import run_root

from .conftest import Channel, Content, serve

pytest.importorskip("rattler", reason="NO CONDA HERE: py-rattler is not installed")
pytestmark = pytest.mark.network
CODE = "import sys, condaonly, six\nprint('answer', condaonly.answer, six.__version__, sys.base_prefix)\n"
CACHE = str(Path.home() / ".cache" / "uv")
PREFIX = "/layers/mlpack_conda/environment"


def python_files(root: Path) -> Iterator[tuple[str, Content]]:
    """The run image's Python as a conda package; Debian's looks into ``dist-packages`` only, so a file leads on."""
    yield "bin/python3.11", Content((root / "usr/bin/python3.11").read_bytes(), 0o755)
    library = root / "usr/lib/python3.11"
    for path in sorted(library.rglob("*")):
        if path.is_file() and not path.is_symlink() and not {"__pycache__", "test"} & set(path.parts):
            yield f"lib/python3.11/{path.relative_to(library)}", Content(path.read_bytes())
    yield "lib/python3/dist-packages/conda.pth", Content(b"../../python3.11/site-packages\n")


@pytest.fixture
def folder(tmp_path: Path, machine_store: Store, run_image: Callable[..., StoredImage]) -> Iterator[Path]:
    """The notebook and its environment.yml, which names a private channel by its name only."""
    root = run_root(machine_store, run_image("bookworm"))
    with serve(Channel(tmp_path / "channel")) as channel:
        channel.folder = tmp_path / "channel" / "team"
        channel.add("python", "3.11.2", dict(python_files(root)), "__glibc >=2.17")
        channel.add("condaonly", "1.0", {"site-packages/condaonly.py": "answer = 42\n"}, "python", subdir="noarch")
        channel.folder, channel.password = tmp_path / "channel", "canary-secret"
        (tmp_path / "home").mkdir()
        secret = channel.url.replace("://", "://me:canary-secret@")
        (tmp_path / "home" / ".condarc").write_text(f"channel_alias: {secret}\n")
        pip = "  - pip:\n    - six==1.16.0\n"
        text = f"channels: [team]\ndependencies:\n  - python=3.11\n  - condaonly\n{pip}"
        (tmp_path / "environment.yml").write_text(text)
        cell = {"cell_type": "code", "metadata": {}, "source": CODE, "outputs": [], "execution_count": None}
        document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
        (tmp_path / "only.ipynb").write_text(json.dumps(document))
        yield tmp_path


def run(*words: str, expected: int = 0) -> str:
    command = [sys.executable, "-m", "jupyter_mlpack", *words]
    environment = {"UV_CACHE_DIR": CACHE, **os.environ}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_build__conda_environment__runs_in_its_python_with_the_index_beside_it(
    folder: Path, machine_store: Store
) -> None:
    words = ("build", str(folder / "only.ipynb"), "--home", str(machine_store.root))
    assert "condaonly" in run(*words, "--dry-run", expected=4), "no index has it"
    said = run(*words, "--conda", str(folder / "environment.yml"), "-v")
    image = machine_store.image("only:training")
    assert image is not None
    said += run(
        "run",
        "only:training",
        "--home",
        str(machine_store.root),
        "--engine",
        "process",
        "--output",
        str(folder / "out"),
    )
    assert f"answer 42 1.16.0 {PREFIX}" in said
    assert "canary-secret" not in said
    for layer in image.layers:
        with tarfile.open(machine_store.path(layer.descriptor.digest)) as archive:
            members = [archive.extractfile(member) for member in archive if member.isfile()]
            assert not any(b"canary-secret" in member.read() for member in members if member)
    kept = (path for path in machine_store.root.rglob("*") if path.is_file() and path.stat().st_size < 1_000_000)
    assert not any(b"canary-secret" in path.read_bytes() for path in kept)
    run(*words, "--conda", str(folder / "environment.yml"), "--name", "again")
    again = machine_store.image("again")
    assert again is not None
    assert [one.diff_id for one in again.layers] == [one.diff_id for one in image.layers]


PREDICT = "import condaonly\ndef predict(x: int) -> int:\n    return x * condaonly.answer\n"


def test_build__conda_environment__twins_share_it_and_one_serves(folder: Path, machine_store: Store) -> None:
    document = json.loads((folder / "only.ipynb").read_text())
    document["cells"].append({**document["cells"][0], "source": PREDICT})
    (folder / "pair.ipynb").write_text(json.dumps(document))
    words = ("build", str(folder / "pair.ipynb"), "--home", str(machine_store.root))
    for purpose in ("training", "inference"):
        run(*words, "--conda", str(folder / "environment.yml"), "--purpose", purpose)
    sides = [machine_store.image(f"pair:{purpose}") for purpose in ("training", "inference")]
    layers = [{one.descriptor.digest: str(one) for one in side.layers} for side in sides if side]
    origins = {
        one.descriptor.digest: entry.created_by
        for side in sides if side
        for one, entry in zip(side.layers, [e for e in side.config.history if not e.empty_layer], strict=True)
    }  # fmt: skip
    shared = [origins[digest] for digest in layers[0] if digest in layers[1]]
    assert any("mlpack/conda@" in origin for origin in shared)
    assert sum("mlpack/packages@" in origin for origin in shared) >= 1
    command = [sys.executable, "-m", "jupyter_mlpack", "run", "pair:inference", "--home", str(machine_store.root)]
    process = subprocess.Popen([*command, "--engine", "process", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = next(line for line in process.stdout if " at http://" in line)
        address = line.split(" at ")[1].split(",")[0]
        assert ask(address) == 84
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def ask(address: str) -> int:
    """The answer, once the service is ready."""
    for _ in range(300):
        try:
            answer = httpx.post(f"{address}/predict", json={"x": 2}, trust_env=False)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 200:
            return int(answer.json())
        time.sleep(0.2)
    raise AssertionError("the service does not answer")
