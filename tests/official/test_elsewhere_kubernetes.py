"""``build --on TARGET`` on a true Kubernetes node: a plain Job runs the official lifecycle, or kpack's pod does."""

from __future__ import annotations

import functools
import gzip
import io
import json
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "kubernetes"))

import kpack
from cluster import ADDRESS, Cluster
from submitted import cluster_with_volume

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.elsewhere.builds import Place, build_elsewhere
from jupyter_mlpack.events import BuildSucceeded, Emit, Event, LogLines, PhaseEnded, PhaseStarted, ignore
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.pipeline import build_image
from jupyter_mlpack.resolution import index_settings
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Image, JobTarget
from jupyter_mlpack.wishes import Machine, Wishes

pytestmark = [pytest.mark.kubernetes, pytest.mark.official, pytest.mark.network]

OURS = {"Buildpacks Application Launcher", "Buildpacks Launcher Config"}
HERE = "namespaces/default"
PHASES = ["inspect", "resolve", "stack", "analyze", "detect", "restore", "build", "export"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with cluster_with_volume() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one wheel of the index below."""
    folder = tmp_path_factory.mktemp("index") / "simple" / "six"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "six"]
    subprocess.run(command, check=True)
    links = "".join(f'<a href="{wheel.name}">{wheel.name}</a>' for wheel in folder.iterdir())
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    return folder


@pytest.fixture(scope="module")
def index(cluster: Cluster, wheels: Path) -> Iterator[str]:
    """Pods of this cluster reach nothing but this machine: a package index with one wheel, where they see it."""
    server = ThreadingHTTPServer((ADDRESS, 0), functools.partial(Quiet, directory=str(wheels.parents[1])))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{ADDRESS}:{server.server_address[1]}/simple"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def machine(machine_store: Store, index: str) -> Machine:
    return Machine(machine_store, read_catalog(), StackSettings(), index_settings({"UV_DEFAULT_INDEX": index}, []))


@pytest.fixture(scope="module")
def site(cluster: Cluster, registry_at: Callable[[str], Any]) -> JobTarget:
    host = registry_at(ADDRESS).host
    cluster.trust_registry(host)
    options = {"kubeconfig": str(cluster.kubeconfig)}
    return JobTarget("site", "kubernetes", registry=f"{host}/team", insecure=True, options=options)


@pytest.fixture
def build(site: JobTarget, machine: Machine, notebook: Path, official_release: Path) -> Callable[..., Image]:
    """``build(wishes, emit, ...)`` as a job of the cluster; further arguments change the place."""

    def run(wishes: Wishes, emit: Emit = ignore, **changes: Any) -> Image:
        place = replace(Place(lifecycle=str(official_release), target=site), **changes)
        return build_elsewhere(notebook, wishes, machine, place, emit)

    return run


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that needs nothing, for images without a runner."""
    path = tmp_path / "cluster.ipynb"
    cell = {"cell_type": "code", "source": "loss = 0.25", "metadata": {}, "outputs": [], "execution_count": None}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    return path


@pytest.fixture
def wishes() -> Wishes:
    return Wishes(name="cluster:test", python="3.11", arch=host_architecture(), runner=("six",))


def left(cluster: Cluster) -> list[str]:
    """Jobs, pods and secrets of ours that stay; the cluster itself removes a job's pods a moment after the job."""
    kinds = [f"apis/batch/v1/{HERE}/jobs", f"api/v1/{HERE}/pods", f"api/v1/{HERE}/secrets"]
    deadline = time.monotonic() + 60
    while True:
        found = [one["metadata"] for kind in kinds for one in cluster.ask("GET", f"/{kind}").json()["items"]]
        names = [one["name"] for one in found if "mlpack-" in one["name"] and "deletionTimestamp" not in one]
        if not names or time.monotonic() > deadline:
            return names
        time.sleep(0.3)


def fails_for_its_wheel(wheels: Path, build: Callable[..., Image]) -> None:
    """``build(emit=...)``, whose only wheel goes once it was locked, fails and names it."""
    (wheel,) = wheels.glob("*.whl")

    def remove(event: Event) -> None:
        if event == PhaseStarted("stack"):
            wheel.rename(wheels / "gone")

    try:
        with pytest.raises(errors.BuildpackFailed) as caught:
            build(emit=remove)
    finally:
        (wheels / "gone").rename(wheel)
    assert f"simple/six/{wheel.name}" in caught.value.data["lines"]


def test_on_cluster__a_job_with_the_creator__our_phases_and_layers_and_nothing_left(
    build: Callable[..., Image], machine: Machine, notebook: Path, wishes: Wishes, cluster: Cluster
) -> None:
    events: list[Event] = []
    image = build(wishes, events.append)
    assert [event.phase for event in events if isinstance(event, PhaseStarted)] == PHASES
    assert [event.phase for event in events if isinstance(event, PhaseEnded)] == PHASES
    assert events[-1] == BuildSucceeded(image)
    assert left(cluster) == []
    stored = machine.store.image("cluster:test")
    assert stored is not None
    assert stored.descriptor.digest == image.digest
    ours = build_image(notebook, replace(wishes, name="cluster:ours"), machine, ignore)
    pairs = zip(ours.layers, image.layers, strict=True)
    assert {one.origin for one, other in pairs if one.diff_id != other.diff_id} <= OURS


def test_on_cluster__wheel_that_is_gone__the_buildpack_fails_and_says_so(
    build: Callable[..., Image], machine: Machine, wishes: Wishes, cluster: Cluster, wheels: Path
) -> None:
    fails_for_its_wheel(wheels, functools.partial(build, replace(wishes, name="cluster:gone")))
    assert machine.store.image("cluster:gone") is None
    assert left(cluster) == []


@pytest.mark.parametrize("phase", ["analyze", "build"])
def test_on_cluster__cancelled__the_job_ends_and_no_name_moves(
    phase: str, build: Callable[..., Image], machine: Machine, wishes: Wishes, cluster: Cluster
) -> None:
    def stop(event: Event) -> None:
        if event == PhaseStarted(phase):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(replace(wishes, name="cluster:stopped"), stop)
    assert machine.store.image("cluster:stopped") is None
    assert left(cluster) == []


# --- kpack ----------------------------------------------------------------------------------------------------


def files(store: Store, image: StoredImage) -> list[dict[str, bytes]]:
    """What is in the files of each layer but the launcher's two.

    The folders of kpack's pods belong to a group (``fsGroup``), which is in the modes of all folders below.
    """
    found = []
    for layer in (*image.layers[:-3], image.layers[-1]):
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(store.read(layer.descriptor.digest)))) as archive:
            regular = ((one, archive.extractfile(one)) for one in archive if one.isreg())
            found.append({one.name: data.read() for one, data in regular if data})
    return found


@pytest.fixture(scope="module")
def player(cluster: Cluster, machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[kpack.Player]:
    stack = machine.catalog.stacks[0]
    folder = tmp_path_factory.mktemp("kpack")
    for parent in (folder, *(one for one in folder.parents if one.name.startswith(("pytest-", "popen-")))):
        parent.chmod(0o755)
    kpack.teach(cluster)
    player = kpack.Player(cluster, folder, (stack.uid, stack.gid))
    with player:
        yield player


def test_kpack__is_not_there__says_so(build: Callable[..., Image], wishes: Wishes) -> None:
    with pytest.raises(errors.KpackMissing):
        build(wishes, kpack=True)


def test_kpack__pod_with_the_phases__our_phases_and_layers_and_nothing_left(
    *,
    player: kpack.Player,
    build: Callable[..., Image],
    machine: Machine,
    notebook: Path,
    wishes: Wishes,
    site: JobTarget,
) -> None:
    events: list[Event] = []
    target = replace(site, options={**site.options, "nodes_with": {"kubernetes.io/arch": wishes.arch}})
    image = build(replace(wishes, name="cluster:kpack"), events.append, kpack=True, target=target)
    assert [event.phase for event in events if isinstance(event, PhaseStarted)] == PHASES
    assert [event.phase for event in events if isinstance(event, PhaseEnded)] == PHASES
    said = [line for event in events if isinstance(event, LogLines) for line in event.lines]
    assert "cluster.ipynb" in said, "prepare lists the source"
    assert len(player.seen) == 1
    assert player.cluster.ask("GET", kpack.BUILDS).json()["items"] == []
    stored = machine.store.image("cluster:kpack")
    assert stored is not None
    assert stored.descriptor.digest == image.digest
    build_image(notebook, replace(wishes, name="cluster:ours"), machine, ignore)
    ours = machine.store.image("cluster:ours")
    assert ours is not None
    assert files(machine.store, stored) == files(machine.store, ours)


def test_kpack__wheel_that_is_gone__the_buildpack_fails_and_says_so(
    player: kpack.Player, build: Callable[..., Image], machine: Machine, wishes: Wishes, wheels: Path
) -> None:
    fails_for_its_wheel(wheels, functools.partial(build, replace(wishes, name="cluster:missing"), kpack=True))
    assert machine.store.image("cluster:missing") is None
    assert player.cluster.ask("GET", kpack.BUILDS).json()["items"] == []
