"""Jobs of targets, asked for by a browser: they outlive the server, and the next one finds them with all their log."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import docker
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from training_image import IMAGE, add_images

from jupyter_mlpack.engines.docker import LABEL, DockerEngine
from jupyter_mlpack.ledger import Ledger
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.submission.submitting import Order, make_record, wish_of
from jupyter_mlpack.submission.targets import read_targets

PATIENCE = 90.0


@pytest.fixture
def images(home: Path) -> Any:
    store = Store(home)
    availability = DockerEngine(store).probe()
    if not availability.available:
        pytest.skip(f"NOT TESTED: {availability.reason}")
    add_images(store)
    yield store
    client = docker.from_env()
    for container in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
        if any(container.labels[LABEL].endswith(path.stem) for path in (home / "ledger").glob("*.jsonl")):
            container.remove(v=True, force=True)
    client.close()


def containers(run: dict[str, Any]) -> list[Any]:
    client = docker.from_env()
    try:
        found = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        return [container for container in found if container.labels[LABEL].endswith(run["id"])]
    finally:
        client.close()


def until(server: Any, run: dict[str, Any], *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while (now := server.ask("GET", f"jobs/{run['id']}"))["state"] not in states:
        assert time.monotonic() < deadline, now
        time.sleep(0.1)
    return now  # type: ignore[no-any-return]


def lines(server: Any, run: dict[str, Any]) -> list[str]:
    entries = server.ask("GET", f"jobs/{run['id']}/events")["entries"]
    return [line for entry in entries if entry["event"]["event"] == "LogLines" for line in entry["event"]["lines"]]


def wait_for(server: Any, run: dict[str, Any], line: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while line not in lines(server, run):
        assert time.monotonic() < deadline, lines(server, run)
        time.sleep(0.1)


@pytest.mark.docker
async def test_server_killed__job_goes_on__next_server_has_its_whole_log_and_cancels_it(
    serve: Any, write: Any, images: Store
) -> None:
    write("a.ipynb", "1")
    server = serve()
    assert [target["name"] for target in server.ask("GET", "status")["targets"]] == ["docker"]
    resources = {"cpus": 0.5, "seconds": 3600}
    asked = {"image": IMAGE, "path": "a.ipynb", "target": "docker", "parameters": {"mode": "wait"}}
    run = await asyncio.to_thread(server.ask, "POST", "jobs", {**asked, "resources": resources})
    assert (run["target"], run["engine"], run["resources"]) == ("docker", "docker", resources)
    await asyncio.to_thread(wait_for, server, run, "waiting")
    before = lines(server, run)
    server.process.kill()
    await asyncio.to_thread(server.process.wait, 30)
    (container,) = containers(run)
    assert container.status == "running"
    other = serve()
    assert (await asyncio.to_thread(until, other, run, "running"))["id"] == run["id"]
    other.ask("DELETE", f"jobs/{run['id']}")
    ended = await asyncio.to_thread(until, other, run, "cancelled")
    assert [Path(name).name for name in ended["outputs"]] == ["half"]
    assert lines(other, run) == [*before, "terminated"]
    deadline = time.monotonic() + PATIENCE
    while containers(run):
        assert time.monotonic() < deadline, "the container was not released"
        await asyncio.sleep(0.1)


@pytest.mark.docker
async def test_submission_cut_off_before_the_engine_was_asked__next_server_finishes_it(
    serve: Any, images: Store, home: Path, tmp_path: Path
) -> None:
    order = Order(tmp_path / "output", "docker", (("mode", "slow"),))
    record = make_record(wish_of(IMAGE, read_targets({}), order, images))
    Ledger(home).begin(record).close()
    server = serve()
    ended = await asyncio.to_thread(until, server, {"id": record.id}, "succeeded", "failed")
    assert (ended["state"], Ledger(home).records()[record.id].outputs) == ("succeeded", ("models/w.bin",))
    deadline = time.monotonic() + PATIENCE
    while Ledger(home).kept():
        assert time.monotonic() < deadline, "the release was not noted"
        await asyncio.sleep(0.1)
    assert containers({"id": record.id}) == []


@pytest.mark.docker
async def test_server_stops__job_goes_on__the_command_line_brings_its_outputs(
    serve: Any, write: Any, images: Store, home: Path
) -> None:
    write("a.ipynb", "1")
    server = serve()
    asked = {"image": IMAGE, "path": "a.ipynb", "target": "docker", "parameters": {"mode": "wait"}}
    run = await asyncio.to_thread(server.ask, "POST", "jobs", asked)
    await asyncio.to_thread(wait_for, server, run, "waiting")
    server.process.terminate()
    await asyncio.to_thread(server.process.wait, 60)
    (container,) = containers(run)
    assert container.status == "running"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jupyter_mlpack", "cancel", run["id"][-6:], "--home", str(home),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert printed.decode().splitlines()[-1] == f"{run['id'][-6:]}  cancelled"
    assert containers(run) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"target": "moon"}, "target-unknown"),
        ({"target": 3}, "field-wrong"),
        ({"target": "docker", "resources": {"gpus": -1}}, "field-wrong"),
        ({"target": "docker", "resources": {"wheels": 4}}, "field-wrong"),
        ({"target": "docker", "image": "nothing:1"}, "image-unknown"),
    ],
    ids=["target", "type", "negative", "resource", "image"],
)
async def test_job__wrong_wish__is_refused_in_words(
    rest: Any, write: Any, home: Path, more: dict[str, Any], code: str
) -> None:
    write("a.ipynb", "1")
    add_images(Store(home))
    answered, problem = await rest("POST", "jobs", {"image": IMAGE, "path": "a.ipynb", **more})
    assert (answered // 100, problem["code"]) == (4, code)
