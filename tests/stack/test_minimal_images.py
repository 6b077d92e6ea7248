"""Images on the stack that has nothing but Python: they train and answer in Docker, with a root that is read-only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

pytestmark = [
    pytest.mark.network,
    pytest.mark.docker,
    pytest.mark.skipif(not shutil.which("docker"), reason="NO DOCKER: images on a minimal stack are not run"),
]
STACK = "bookworm-minimal"
CELLS = [
    "factor = 3\n!ls",
    "def predict(x: int) -> int:\n    return factor * x",
    "open('/output/seen', 'w').write('4')",
]
READ_ONLY = ("--read-only", "--tmpfs", "/tmp")


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    """A command of the Docker client, whatever comes of it."""
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False)


def build(folder: Path, home: Path, cells: list[str], purpose: str, name: str) -> str:
    """A notebook's image, loaded into Docker; what was said."""
    code = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for at, cell in enumerate(cells)
    ]
    path = folder / "small.ipynb"
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    options = [
        "--stack",
        STACK,
        "--purpose",
        purpose,
        "--name",
        name,
        "--home",
        str(home),
        "--python",
        "3.11",
        "--load",
    ]
    done = subprocess.run(["jupyter-mlpack", "build", str(path), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def named() -> Iterator[str]:
    """A name for an image in Docker, which is gone afterwards."""
    if docker("info").returncode:
        pytest.skip("NO DOCKER DAEMON: images on a minimal stack are not run")
    name = f"mlpack-test/minimal:{os.getpid()}-{time.monotonic_ns()}"
    yield name
    docker("rmi", "--force", name)


def test_minimal__training__trains_with_nothing_but_python(run_image, machine_store, tmp_path, named):
    run_image(STACK)
    said = build(tmp_path, machine_store.root, ["factor = 3", *CELLS[2:]], "training", named)
    assert "no shell" not in said
    (tmp_path / "output").mkdir()
    (tmp_path / "output").chmod(0o777)
    done = docker("run", "--rm", "--network=none", *READ_ONLY, "-v", f"{tmp_path / 'output'}:/output", named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "output" / "seen").read_text() == "4"


def test_minimal__shell_line_in_training__told_before_and_fails_as_told(run_image, machine_store, tmp_path, named):
    run_image(STACK)
    said = build(tmp_path, machine_store.root, CELLS, "training", named)
    assert "`ls` will fail in the image. --stack bookworm has them." in said
    done = docker("run", "--rm", "--network=none", *READ_ONLY, "--tmpfs", "/output:uid=1000", named)
    assert done.returncode != 0
    assert "cell 1" in done.stdout + done.stderr


def test_minimal__inference__answers(run_image, machine_store, tmp_path, named):
    run_image(STACK)
    build(tmp_path, machine_store.root, CELLS[:2], "inference", named)
    started = docker("run", "--detach", *READ_ONLY, "--publish", "127.0.0.1::8080", named)
    assert started.returncode == 0, started.stderr
    container = started.stdout.strip()
    try:
        address = docker("port", container, "8080").stdout.split()[0]
        assert answer(f"http://{address}/predict", {"x": 5}) == 15
    finally:
        docker("rm", "--force", container)


def answer(address: str, body: object) -> object:
    """What the server answers as soon as it does, and has loaded the model."""
    for _ in range(300):
        with suppress(httpx.TransportError):
            said = httpx.post(address, json=body, trust_env=False)
            if said.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return said.json()
        time.sleep(0.2)
    raise AssertionError("the server does not answer")
