"""Jobs of a true swarm of one, whose image comes from a registry on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import docker
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker import DockerEngine
from jupyter_mlpack.engines.engine import LogChunk, StateChange, Update
from jupyter_mlpack.engines.swarm import SwarmEngine
from jupyter_mlpack.events import ignore
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.publish import Outputs, publish
from jupyter_mlpack.values import JobState, Resources, Task

IMAGE = "test/train:1"
pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def swarm(docker_engine: DockerEngine) -> Iterator[None]:
    """The daemon manages a swarm meanwhile, whose ports are on loopback."""
    del docker_engine
    client = docker.from_env()
    mine = client.info()["Swarm"]["LocalNodeState"] == "inactive"
    if mine:
        client.swarm.init(advertise_addr="127.0.0.1", listen_addr="127.0.0.1:23779")
    yield
    if mine:
        client.swarm.leave(force=True)
    client.close()


@pytest.fixture(scope="module")
def reference(store: Store, swarm: None, shared_registry: Any) -> Iterator[str]:
    """The training image in a registry, by its digest."""
    del swarm
    host = shared_registry.host
    publish(IMAGE, Outputs(push=(f"{host}/team/train:1",), insecure=True, insecure_hosts=(host,)), store, ignore)
    image = store.image(IMAGE)
    assert image is not None
    name = f"{host}/team/train@{image.descriptor.digest}"
    yield name
    client = docker.from_env()
    for tagged in client.images.list(f"{host}/team/train"):
        client.images.remove(tagged.attrs["RepoDigests"][0], force=True)
    client.close()


@pytest.fixture
def engine(store: Store, reference: str) -> SwarmEngine:
    del reference
    return SwarmEngine(store, grace=1)


@pytest.fixture
def task(reference: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Task]:
    name = f"mlpack-test-{crc32(request.node.name.encode()):x}"
    task = Task(name, IMAGE, ("-p", 'mode="plain"'), (), tmp_path / "output", reference=reference)
    yield task
    client = docker.from_env()
    for service in client.services.list(filters={"name": name}):
        service.remove()
    client.close()


def in_mode(task: Task, mode: str, **wished: int) -> Task:
    return replace(task, arguments=("-p", f"mode={json.dumps(mode)}"), resources=Resources(**wished))


def text(updates: list[Update]) -> str:
    return "".join(update.text for update in updates if isinstance(update, LogChunk))


def states(updates: list[Update]) -> list[tuple[JobState, int | None]]:
    return [(update.state, update.exit_status) for update in updates if isinstance(update, StateChange)]


def test_follow__job_succeeds__log_and_outputs_are_here_until_it_is_released(engine: SwarmEngine, task: Task) -> None:
    handle = engine.start(engine.prepare(task))
    assert engine.start(engine.prepare(task)) == handle
    updates = list(engine.follow(handle))
    assert states(updates) == [(JobState.RUNNING, None), (JobState.SUCCEEDED, 0)]
    assert [line for line in text(updates).splitlines() if line.startswith("out")] == [f"out {n}" for n in range(1, 6)]
    assert (task.output / "models/w.bin").read_text() == "weights\n"
    mark = next(update.mark for update in updates if isinstance(update, LogChunk) and "out 2" in update.text)
    other = SwarmEngine(engine.store)
    found = other.attach(task, mark)
    assert found is not None
    again = text(list(other.follow(found.handle))).splitlines()
    assert "out 3" in again
    assert "out 2" not in again
    other.release(found.handle)
    other.release(found.handle)
    assert other.attach(task) is None


@pytest.mark.parametrize(
    ("mode", "status", "failure"),
    [("fail", 1, type(None)), ("killed", 137, errors.JobKilled), ("wait", 143, errors.DockerTimeOver)],
    ids=["fails", "is killed", "takes too long"],
)
def test_follow__job_ends_badly__true_state_and_reason(
    engine: SwarmEngine, task: Task, mode: str, status: int, failure: type[object]
) -> None:
    end = list(engine.follow(engine.start(engine.prepare(in_mode(task, mode, seconds=2)))))[-1]
    assert isinstance(end, StateChange)
    assert (end.state, end.exit_status, type(end.failure)) == (JobState.FAILED, status, failure)


def test_cancel__while_it_runs_and_again__is_cancelled_with_what_it_wrote(engine: SwarmEngine, task: Task) -> None:
    handle = engine.start(engine.prepare(in_mode(task, "wait")))
    updates = []
    for update in engine.follow(handle):
        updates.append(update)
        if isinstance(update, LogChunk) and "waiting" in update.text:
            engine.cancel(handle)
    engine.cancel(handle)
    assert states(updates)[-1] == (JobState.CANCELLED, 143)
    assert (task.output / "half").read_text() == "half\n"


def test_follow__no_node_has_gpus__waits_with_the_reason_and_can_be_taken_back(engine: SwarmEngine, task: Task) -> None:
    handle = engine.start(engine.prepare(in_mode(task, "plain", gpus=1)))
    updates = engine.follow(handle)
    waits = next(updates)
    assert isinstance(waits, StateChange)
    assert waits.state is JobState.QUEUED
    assert "insufficient" in waits.reason
    engine.cancel(handle)
    assert states(list(updates)) == [(JobState.CANCELLED, None)]
    assert engine.attach(task) is None
