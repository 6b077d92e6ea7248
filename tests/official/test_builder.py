"""Our builder image in Docker: the official lifecycle in it builds what ``--workspace`` writes, as we build it.

Once as ``docker run BUILDER creator`` and ``pack`` do, once phase by phase at Platform API 0.9, as kpack does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlpack.builder import BuilderWish, create_builder, read_recipe
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.events import ignore
from jupyter_mlpack.fetching import Fetcher
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.oci.daemon import load_image
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.pipeline import build_image, host_architecture
from jupyter_mlpack.resolution import index_settings
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Purpose
from jupyter_mlpack.wishes import Machine, Wishes
from jupyter_mlpack.workspaces import Workspace, write_application

pytestmark = [pytest.mark.docker, pytest.mark.official, pytest.mark.network]

OURS = ("Buildpacks Application Launcher", "Buildpacks Launcher Config")
"""Layers that differ between two lifecycles: each brings a launcher of its own."""

ASK = """
import time
import urllib.request
for left in reversed(range(150)):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8080/ping").status)
        break
    except OSError:
        if not left:
            raise
        time.sleep(0.2)
"""


def docker(words: Sequence[str]) -> str:
    """The Docker client's answer; skips where no daemon answers."""
    program = shutil.which("docker")
    if program is None or subprocess.run([program, "version"], capture_output=True, check=False).returncode:
        pytest.skip("NOT TESTED: the builder runs in a container, and no Docker daemon answers here")
    done = subprocess.run([program, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


@dataclass(frozen=True)
class Yard:
    """A builder in Docker, its run image in a registry, and our own machine."""

    name: str
    machine: Machine
    hub: Any
    folder: Path

    def write(self, notebook: Path, wishes: Wishes) -> Workspace:
        return write_application(notebook, wishes, self.machine, self.folder / notebook.stem, ignore)

    def run(self, workspace: Workspace, *command: str, api: str) -> str:
        """A program of the builder, with the application and the platform's folder in their places."""
        places = {
            "/workspace": workspace.folder,
            "/layers": workspace.folder.with_name(f"{workspace.folder.name}-layers"),
        }
        places["/platform"] = platform = workspace.folder.with_name(f"{workspace.folder.name}-platform")
        settings = dict(line.split("=", 1) for line in workspace.settings.read_text().splitlines())
        if certificates := os.environ.get("SSL_CERT_FILE"):
            settings["SSL_CERT_FILE"] = "/certificates.pem"
            places["/certificates.pem"] = Path(certificates)
        for name, value in settings.items():
            (platform / "env").mkdir(parents=True, exist_ok=True)
            (platform / "env" / name).write_text(value)
        if not places["/layers"].exists():
            places["/layers"].mkdir()
            os.chown(places["/layers"], 1000, 1000)
        mounts = [word for at, place in places.items() for word in ("--volume", f"{place}:{at}")]
        return docker(
            ["run", "--rm", "--network", "host", *mounts, "--env", f"CNB_PLATFORM_API={api}", self.name, *command]
        )


@pytest.fixture(scope="module")
def yard(official_release: Path, hub, machine_store: Store, run_image, tmp_path_factory) -> Iterator[Yard]:
    docker(["version"])
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: the folder for layers is given to the builder's user")
    folder = tmp_path_factory.mktemp("yard")
    base = run_image("bookworm", host_architecture())
    hub.push(machine_store, base, f"{hub.host}/run:1")
    catalog, settings = read_catalog(), StackSettings(run_image=f"{hub.host}/run:1", insecure=True)
    wish = BuilderWish(
        f"{hub.host}/builder:1", host_architecture(), lifecycle=str(official_release), run_image=f"{hub.host}/run:1"
    )
    sources = Sources(Fetcher(machine_store, settings.access, ignore), folder)
    created = create_builder(read_recipe(wish, catalog, sources), machine_store, StackSettings(), ignore)
    load_image(machine_store, created.image, wish.name, ignore)
    hub.push(machine_store, created.image, wish.name)
    store = Store(folder / "store")
    yield Yard(wish.name, Machine(store, catalog, settings, index_settings(os.environ)), hub, folder)
    machine_store.untag(wish.name)
    docker(["rmi", "--force", wish.name])


def notebook(folder: Path, name: str, source: str, *tags: str) -> Path:
    path = folder / f"{name}.ipynb"
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["tags"] = list(tags)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def assert_same_layers(ours: StoredImage, theirs: StoredImage, *others: str) -> None:
    """The same diffIDs in the same places; before Platform API 0.12 an image does not say what made them."""
    told = [entry.created_by for entry in ours.config.history]
    pairs = zip(told, ours.config.diff_ids, theirs.config.diff_ids, strict=True)
    assert [origin for origin, mine, other in pairs if mine != other and origin not in (*OURS, *others)] == []


def test_creator__in_our_builder__an_image_that_trains_with_our_layers(yard: Yard, tmp_path: Path) -> None:
    probe = notebook(tmp_path, "train", "loss = 0.25\nprint(f'epoch 1 loss={loss}')")
    name = f"{yard.hub.host}/train:theirs"
    wishes = Wishes(name=name, python="3.11", arch=host_architecture())
    log = yard.run(yard.write(probe, wishes), "/cnb/lifecycle/creator", "-skip-restore", name, api="0.12")
    assert "3 of" in log or "mlpack/notebook" in log
    ours = build_image(probe, wishes, yard.machine, ignore)
    mine = yard.machine.store.image(ours.reference)
    theirs = yard.hub.pull(yard.machine.store, name)
    assert mine is not None
    assert_same_layers(mine, theirs)
    assert dict(theirs.config.labels)["org.jupyter-mlpack.purpose"] == "training"
    docker(["pull", "--quiet", name])
    assert "loss=0.25" in docker(["run", "--rm", name])
    docker(["rmi", "--force", name])


def test_pack__our_builder_and_workspace__our_layers(yard: Yard, pack: str, tmp_path: Path) -> None:
    probe = notebook(tmp_path, "packed", "loss = 0.25\nprint(f'epoch 1 loss={loss}')")
    name = f"{yard.hub.host}/packed:theirs"
    wishes = Wishes(name=name, python="3.11", arch=host_architecture())
    workspace = yard.write(probe, wishes)
    words = [
        "build",
        name,
        "--path",
        str(workspace.folder),
        "--env-file",
        str(workspace.settings),
        "--builder",
        yard.name,
    ]
    words += ["--publish", "--pull-policy", "never", "--trust-builder", "--network", "host"]
    words += ["--run-image", f"{yard.hub.host}/run:1"]
    if certificates := os.environ.get("SSL_CERT_FILE"):
        words += ["--env", "SSL_CERT_FILE=/certificates.pem", "--volume", f"{certificates}:/certificates.pem:ro"]
    home = {**os.environ, "HOME": str(tmp_path), "PACK_VOLUME_KEY": "mlpack-test"}
    done = subprocess.run(
        [pack, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=home, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    ours = yard.machine.store.image(build_image(probe, wishes, yard.machine, ignore).reference)
    assert ours is not None
    # pack brings the application into its volume by a copy of its own
    assert_same_layers(ours, yard.hub.pull(yard.machine.store, name), "Application Layer")


def test_build__our_builder_image_in_a_registry__same_layers_as_with_our_own_buildpacks(
    yard: Yard, tmp_path: Path
) -> None:
    probe = notebook(tmp_path, "given", "print('given')")
    words = ["build", str(probe), "--name", "given:theirs", "--python", "3.11", "--insecure"]
    words += ["--builder", f"docker://{yard.name}", "--home", str(tmp_path / "store")]
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    ours = build_image(probe, Wishes(name="given:ours", python="3.11"), yard.machine, ignore)
    mine, theirs = yard.machine.store.image(ours.reference), Store(tmp_path / "store").image("given:theirs")
    assert mine is not None
    assert theirs is not None
    assert mine.config.diff_ids == theirs.config.diff_ids
    told = json.loads(dict(theirs.config.labels)["io.buildpacks.lifecycle.metadata"])
    assert told["runImage"]["image"] == f"{yard.hub.host}/run:1"


def test_phases__platform_api_of_kpack__an_image_that_answers_with_our_layers(yard: Yard, tmp_path: Path) -> None:
    probe = notebook(tmp_path, "serve", "def predict(x: float) -> float:\n    return 2 * x", "predict")
    name = f"{yard.hub.host}/serve:theirs"
    wishes = Wishes(name=name, python="3.11", arch=host_architecture(), purpose=Purpose.INFERENCE)
    workspace = yard.write(probe, wishes)
    steps = ("analyzer", name), ("detector",), ("restorer",), ("builder",), ("exporter", name)
    for phase, *words in steps:
        yard.run(workspace, f"/cnb/lifecycle/{phase}", *words, api="0.9")
    ours = build_image(probe, wishes, yard.machine, ignore)
    mine = yard.machine.store.image(ours.reference)
    theirs = yard.hub.pull(yard.machine.store, name)
    assert mine is not None
    assert_same_layers(mine, theirs)
    labels = dict(theirs.config.labels)
    assert labels["io.buildpacks.stack.id"] == "mlpack.stacks.bookworm"
    assert (
        json.loads(labels["io.buildpacks.lifecycle.metadata"])["stack"]["runImage"]["image"] == f"{yard.hub.host}/run:1"
    )
    docker(["pull", "--quiet", name])
    running = docker(["run", "--detach", name]).strip()
    try:
        docker(["exec", running, "/usr/bin/python3", "-c", ASK])
    finally:
        docker(["rm", "--force", running])
        docker(["rmi", "--force", name])
