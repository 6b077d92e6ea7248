"""An engine that was killed while it started a job, and does not know that it runs: the job is not run twice.

The moment is too short to be hit: the record of a running container is written back to what it was before its start.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from other_engine import TRACES, OtherEngine, other_engine
from training_image import IMAGE

from jupyter_mlpack import errors
from jupyter_mlpack.engines import docker
from jupyter_mlpack.engines.docker import DockerEngine
from jupyter_mlpack.engines.engine import LogChunk, StateChange
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Task

NAME = "mlpack-unseen"
BEFORE: dict[str, Any] = {"Running": False, "Pid": 0, "StartedAt": "0001-01-01T00:00:00Z"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[OtherEngine]:
    with other_engine(tmp_path, live_restore=True) as engine:
        yield engine


def wait_for(engine: OtherEngine, word: str) -> None:
    deadline = time.monotonic() + 60
    while word not in engine.traces(NAME):
        assert time.monotonic() < deadline, engine.traces(NAME)
        time.sleep(0.05)


def forget_start(engine: OtherEngine) -> None:
    """The engine is killed, and comes back with the only container as it was when it was made."""
    engine.kill()
    (path,) = (engine.folder / "data/containers").glob("*/config.v2.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "State": {**record["State"], **BEFORE}}))
    engine.start()


@pytest.mark.docker
@pytest.mark.parametrize("until", ["started", "done"], ids=["runs on", "has ended meanwhile"])
def test_attach__engine_lost_sight_of_the_job__fails_with_a_sentence_and_is_not_run_twice(
    engine: OtherEngine, store: Store, tmp_path: Path, until: str
) -> None:
    options = {"host": f"unix://{engine.socket}", "volumes": {TRACES: "/traces"}}
    words = ("-p", 'mode="count"', "-p", "lines=100", "-p", f'tag="{NAME}"')
    task = Task(NAME, IMAGE, words, (), tmp_path / "out")
    first = DockerEngine(store, grace=1, options=options)
    first.start(first.prepare(task))
    wait_for(engine, "started")
    forget_start(engine)
    wait_for(engine, until)
    (container,) = engine.containers()
    assert container.status == "created"
    second = DockerEngine(store, grace=1, options=options)
    found = second.attach(task)
    assert found is not None
    updates = list(second.follow(found.handle))
    assert not [update for update in updates if isinstance(update, LogChunk)]
    assert isinstance(updates[-1], StateChange)
    assert updates[-1].state is JobState.FAILED
    assert isinstance(updates[-1].failure, errors.DockerUnseen)
    second.cancel(found.handle)
    second.release(found.handle)
    assert engine.containers() == []
    wait_for(engine, "done")
    time.sleep(1)
    assert engine.traces(NAME) == ["started", "done"]


@pytest.mark.docker
def test_attach__made_and_not_started__is_started(
    docker_engine: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(container: Any) -> bool:
        raise errors.DockerLost(action="start the container", reason=container.name)

    task = Task(f"mlpack-{secrets.token_hex(9)}", IMAGE, (), (), tmp_path / "out")
    with monkeypatch.context() as patched:
        patched.setattr(docker, "start", lost)
        with pytest.raises(errors.DockerLost):
            docker_engine.start(docker_engine.prepare(task))
    found = docker_engine.attach(task)
    assert found is not None
    assert list(docker_engine.follow(found.handle))[-1] == StateChange(JobState.SUCCEEDED, 0)
    docker_engine.release(found.handle)
