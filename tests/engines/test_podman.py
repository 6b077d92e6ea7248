"""The docker engine on Podman's socket: trains, fails truly, is cancelled, and brings its outputs back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker import DockerEngine
from jupyter_mlpack.engines.engine import LogChunk, StateChange, Update
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Resources, Task

NEEDED = {"podman": "podman", "runc": "runc", "catatonit": "catatonit"}
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
init_path = "{catatonit}"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
"""What runs within a container, too: limits that it may set, and cgroups without systemd, also of both versions."""


@pytest.fixture(scope="module")
def podman(store: Store) -> Iterator[DockerEngine]:
    """The engine over a service of its own, whose images and containers are in a folder of this test."""
    absent = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if absent or os.geteuid() != 0:
        wanted = f"apt-get install {' '.join(absent)}" if absent else "it needs root"
        pytest.skip(f"NOT TESTED: no Podman here ({wanted})")
    # Podman takes 50 characters for its --runroot; the folders of pytest can be longer.
    folder = Path(tempfile.mkdtemp(prefix="mlpack-podman-", dir="/tmp"))
    (folder / "containers.conf").write_text(CONFIGURATION.format(catatonit=shutil.which("catatonit")))
    socket = folder / "podman.sock"
    places = ["--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]
    environment = {**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf")}
    words = ["podman", *places, "system", "service", "--time", "0", f"unix://{socket}"]
    with (folder / "log").open("wb") as log, subprocess.Popen(words, stderr=log, env=environment) as service:
        until = time.monotonic() + 30
        while not socket.exists() and service.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        try:
            engine = DockerEngine(store, grace=1, options={"host": f"unix://{socket}", "network": "host"})
            assert "Podman" in engine.probe().reason, (folder / "log").read_text()
            yield engine
        finally:
            clear = ["podman", *places, "rm", "--all", "--force", "--time", "0"]
            subprocess.run(clear, env=environment, capture_output=True, check=False)
            service.terminate()
            service.wait(20)
            shutil.rmtree(folder, ignore_errors=True)


def task(tmp_path: Path, mode: str, **wished: int) -> Task:
    name = f"mlpack-{os.urandom(9).hex()}"
    arguments = ("-p", f"mode={json.dumps(mode)}")
    return Task(name, "test/train:1", arguments, (("LR", "0.1"),), tmp_path / "output", resources=Resources(**wished))


def text(updates: list[Update]) -> str:
    return "".join(update.text for update in updates if isinstance(update, LogChunk))


def test_follow__whole_training__log_and_outputs_as_of_docker(podman: DockerEngine, tmp_path: Path) -> None:
    asked = task(tmp_path, "plain")
    handle = podman.start(podman.prepare(asked))
    assert podman.start(podman.prepare(asked)) == handle
    updates = list(podman.follow(handle))
    assert updates[-1] == StateChange(JobState.SUCCEEDED, 0)
    lines = text(updates).splitlines()
    assert [line for line in lines if line.startswith("out")] == [f"out {number}" for number in range(1, 6)]
    found = sorted(path.relative_to(asked.output).as_posix() for path in asked.output.rglob("*"))
    assert found == ["models", "models/w.bin", "train.ipynb"]
    podman.release(handle)
    assert podman.attach(asked) is None


def test_follow__training_fails__its_own_exit_status(podman: DockerEngine, tmp_path: Path) -> None:
    handle = podman.start(podman.prepare(task(tmp_path, "fail")))
    updates = list(podman.follow(handle))
    assert "no such column" in text(updates)
    assert updates[-1] == StateChange(JobState.FAILED, 1)
    podman.release(handle)


def test_cancel__training_waits__ends_and_what_it_wrote_comes(podman: DockerEngine, tmp_path: Path) -> None:
    asked = task(tmp_path, "wait")
    handle = podman.start(podman.prepare(asked))
    updates: list[Update] = []
    for update in podman.follow(handle):
        updates.append(update)
        if isinstance(update, LogChunk) and "waiting" in update.text:
            podman.cancel(handle)
    assert updates[-1] == StateChange(JobState.CANCELLED, 143)
    assert (asked.output / "half").read_text() == "half\n"
    podman.release(handle)


def test_start__more_memory_than_there_is__refused_with_the_option(podman: DockerEngine, tmp_path: Path) -> None:
    with pytest.raises(errors.DockerTooSmall, match="GB of memory"):
        podman.start(podman.prepare(task(tmp_path, "plain", memory=1 << 50)))
