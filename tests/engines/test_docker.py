"""What only the docker engine does: it leaves nothing in the daemon, and takes nothing hostile back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker import LABEL, DockerEngine
from jupyter_mlpack.engines.docker_log import Place, seconds
from jupyter_mlpack.engines.engine import LogChunk, StateChange
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Task

IMAGE = "test/train:1"


def task(output: Path, mode: str, name: str) -> Task:
    return Task(name, IMAGE, ("-p", f"mode={json.dumps(mode)}"), (), output)


@pytest.fixture
def client(docker_engine: DockerEngine) -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.mark.docker
@pytest.mark.parametrize("mode", ["plain", "fail", "wait"])
def test_release__job_has_ended__container_and_volume_are_gone_also_the_second_time(
    docker_engine: DockerEngine, client: docker.DockerClient, tmp_path: Path, mode: str
) -> None:
    handle = docker_engine.start(docker_engine.prepare(task(tmp_path, mode, tmp_path.name)))
    container = client.containers.get(handle.id)
    volumes = [mount["Name"] for mount in container.attrs["Mounts"]]
    assert len(volumes) == 1
    for update in docker_engine.follow(handle):
        if isinstance(update, LogChunk) and "waiting" in update.text:
            docker_engine.cancel(handle)
    assert client.containers.list(all=True, filters={"label": f"{LABEL}={tmp_path.name}"})
    docker_engine.release(handle)
    docker_engine.release(handle)
    assert client.containers.list(all=True, filters={"label": f"{LABEL}={tmp_path.name}"}) == []
    with pytest.raises(docker.errors.NotFound):
        client.volumes.get(volumes[0])


@pytest.mark.docker
def test_follow__hostile_outputs__only_safe_ones_come_back(docker_engine: DockerEngine, tmp_path: Path) -> None:
    updates = list(docker_engine.follow(docker_engine.start(docker_engine.prepare(task(tmp_path, "hostile", "train")))))
    assert updates[-1] == StateChange(JobState.SUCCEEDED, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside", "models", "setuid"]
    assert (tmp_path / "setuid").stat().st_mode & 0o7000 == 0
    told = "".join(update.text for update in updates if isinstance(update, LogChunk))
    for name in ("output/absolute", "output/climbing", "output/pipe"):
        assert name in told


def test_probe__no_daemon__says_where_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    engine = DockerEngine(Store(tmp_path / "store"))
    availability = engine.probe()
    assert not availability.available
    assert f"{tmp_path}/docker.sock" in availability.reason
    assert "--engine process" in availability.reason
    assert errors.DockerUnreachable.exit_code == 8


def test_place__same_piece_twice_then_resumed__skips_as_often_as_handed_out() -> None:
    stamp, later = "2026-01-02T03:04:05.000000001Z", "2026-01-02T03:04:05.000000002Z"
    place = Place()
    assert place.resume() is None
    assert [place.is_new(stamp, b"x"), place.is_new(stamp, b"x")] == [True, True]
    assert place.resume() == seconds(stamp) - 1
    assert [place.is_new(stamp, b"x"), place.is_new(stamp, b"x")] == [False, False]
    assert [place.is_new(stamp, b"x"), place.is_new(later, b"y")] == [True, True]


def test_place__stamps_of_two_streams_cross__nothing_is_lost() -> None:
    place = Place()
    place.resume()
    assert place.is_new("2026-01-02T03:04:06.000000001Z", b"error")
    assert place.is_new("2026-01-02T03:04:05.999999999Z", b"out")
