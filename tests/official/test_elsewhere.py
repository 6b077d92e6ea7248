"""``build --on docker``: the official lifecycle in containers makes the image that we make; nothing is left there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.elsewhere.builds import Place, build_elsewhere, find_place
from jupyter_mlpack.elsewhere.left import LABEL, MAKER, maker
from jupyter_mlpack.engines.docker import connect
from jupyter_mlpack.events import BuildSucceeded, Emit, Event, LayerExported, LogLines, PhaseEnded, PhaseStarted, ignore
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.given.options import Given
from jupyter_mlpack.lifecycle.inputs import Binding, Variable
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.pipeline import build_image
from jupyter_mlpack.resolution import index_settings
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Image, JobTarget
from jupyter_mlpack.wishes import Machine, Wishes

pytestmark = [pytest.mark.docker, pytest.mark.official, pytest.mark.network]

OURS = {"Buildpacks Application Launcher", "Buildpacks Launcher Config"}
PHASES = ["inspect", "resolve", "stack", "analyze", "detect", "restore", "build", "export"]
SECRET = "do-not-tell-9137"

Build = Callable[..., Image]
Left = Callable[[], list[str]]


@pytest.fixture(scope="module")
def machine(machine_store: Store) -> Machine:
    try:
        connect().close()
    except errors.EngineError as error:
        pytest.skip(f"NOT TESTED: builds in containers, and no Docker daemon answers here ({error})")
    return Machine(machine_store, read_catalog(), StackSettings(), index_settings(os.environ))


@pytest.fixture(scope="module")
def place(official_release: Path) -> Place:
    return Place(network="host", lifecycle=str(official_release))


@pytest.fixture
def build(machine: Machine, place: Place, notebook: Path) -> Build:
    """``build(wishes, emit, ...)``: in Docker; further arguments change the place."""

    def run(wishes: Wishes, emit: Emit = ignore, **changes: Any) -> Image:
        return build_elsewhere(notebook, wishes, machine, replace(place, **changes), emit)

    return run


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that needs nothing, for images without a runner."""
    path = tmp_path / "elsewhere.ipynb"
    cell = {"cell_type": "code", "source": "loss = 0.25", "metadata": {}, "outputs": [], "execution_count": None}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    return path


@pytest.fixture
def wishes() -> Wishes:
    return Wishes(name="elsewhere:test", python="3.11", arch=host_architecture(), runner=("six",))


@pytest.fixture
def left() -> Iterator[Left]:
    """What of builds is in the daemon, but for caches; the caches of these tests go at the end."""
    client = connect()

    def look() -> list[str]:
        containers = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        volumes = client.volumes.list(filters={"label": MAKER})
        return [str(one.id) for one in (*containers, *volumes)]

    yield look
    for volume in client.volumes.list(filters={"label": f"{LABEL}=cache"}):
        if volume.name.startswith("mlpack-cache-"):
            volume.remove(force=True)
    client.close()


def told(events: list[Event]) -> str:
    return "\n".join(line for event in events if isinstance(event, LogLines) for line in event.lines)


def test_on_docker__one_container_or_five__our_layers_and_events_and_nothing_left(
    build: Build, machine: Machine, notebook: Path, wishes: Wishes, left: Left
) -> None:
    tmp_path = notebook.parent
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "type").write_text("site")
    (tmp_path / "secret" / "password").write_text(SECRET)
    given = Given(variables=(Variable("SITE_TOKEN", SECRET),), bindings=(Binding("site", tmp_path / "secret"),))
    events: list[Event] = []
    image = build(replace(wishes, given=given), events.append)
    assert [event.phase for event in events if isinstance(event, PhaseStarted)] == PHASES
    assert [event.phase for event in events if isinstance(event, PhaseEnded)] == PHASES
    assert events[-1] == BuildSucceeded(image)
    assert "mlpack/notebook" in told(events)
    assert SECRET not in repr(events)
    assert left() == []

    ours = build_image(notebook, replace(wishes, name="elsewhere:ours"), machine, ignore)
    pairs = zip(ours.layers, image.layers, strict=True)
    assert {one.origin for one, other in pairs if one.diff_id != other.diff_id} <= OURS
    assert [one.type for one in image.processes if one.default] == ["train"]
    assert {**dict(ours.labels), **dict(image.labels)}.keys() == dict(ours.labels).keys()

    again: list[Event] = []
    apart = build(wishes, again.append, separate=True)
    assert apart.digest == image.digest
    assert all(event.reused for event in again if isinstance(event, LayerExported))
    assert [event.phase for event in again if isinstance(event, PhaseStarted)] == PHASES
    assert left() == []


def test_on_docker__index_out_of_reach__told_as_here(
    build: Build, machine: Machine, wishes: Wishes, left: Left
) -> None:
    given = Given(variables=(Variable("UV_HTTP_RETRIES", "0", secret=False),))
    with pytest.raises(errors.DownloadsUnreachable, match="cannot be downloaded") as caught:
        build(replace(wishes, name="elsewhere:offline", given=given), network="none", separate=True)
    assert str(caught.value.data["buildpack"]).startswith("mlpack/packages@")
    assert machine.store.image("elsewhere:offline") is None
    assert left() == []


@pytest.mark.parametrize("phase", ["analyze", "build", "export"])
def test_on_docker__cancelled__containers_end_and_no_name_moves(
    phase: str, build: Build, machine: Machine, wishes: Wishes, left: Left
) -> None:
    def stop(event: Event) -> None:
        if event == PhaseStarted(phase):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(replace(wishes, name="elsewhere:stopped"), stop)
    assert machine.store.image("elsewhere:stopped") is None
    assert left() == []


def test_on_docker__what_a_killed_build_left__goes_with_the_next(
    build: Build, machine: Machine, wishes: Wishes, left: Left
) -> None:
    boot, number, _ = maker().split("/")
    other = next(arch for arch in ("amd64", "arm64") if arch != host_architecture())
    client = connect()
    client.volumes.create("mlpack-left-behind", labels={LABEL: "x", MAKER: f"{boot}/{number}/1"})
    client.volumes.create("mlpack-at-work", labels={LABEL: "x", MAKER: maker()})
    try:
        with pytest.raises(errors.PlaceArchitecture):
            build(replace(wishes, arch=other, arch_said=True))
        assert left() == ["mlpack-at-work"]
    finally:
        client.volumes.get("mlpack-at-work").remove()
        client.close()


def test_on__nobody_of_that_name__says_who_there_is() -> None:
    with pytest.raises(errors.PlaceUnknown) as caught:
        find_place(Place(), "moon", {"site": JobTarget("site", "kubernetes"), "old": JobTarget("old", "slurm")})
    assert "docker, site" in caught.value.sentence("hint")


def test_on_target__a_job_with_the_creator__our_layers_from_its_registry(
    build: Build, machine: Machine, notebook: Path, wishes: Wishes, hub: Any
) -> None:
    site = JobTarget("site", "docker", registry=f"{hub.host}/team", insecure=True)
    events: list[Event] = []
    image = build(replace(wishes, name="elsewhere:site"), events.append, target=site)
    assert [event.phase for event in events if isinstance(event, PhaseStarted)] == PHASES
    assert events[-1] == BuildSucceeded(image)
    ours = build_image(notebook, replace(wishes, name="elsewhere:ours"), machine, ignore)
    pairs = zip(ours.layers, image.layers, strict=True)
    assert {one.origin for one, other in pairs if one.diff_id != other.diff_id} <= OURS
    assert hub.pull(machine.store, f"{hub.host}/team/elsewhere:site").descriptor.digest == image.digest
