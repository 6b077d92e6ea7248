"""However a worker ends, its run ends with words; however the server ends, no worker and no run is left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.ledger import Ledger
from jupyter_mlpack.server import runs


async def start(rest: Any, write: Any, held: Any) -> dict[str, Any]:
    """A build that waits for its kernel."""
    write("a.ipynb", "1", kernel="held")
    status, run = await rest("POST", "builds", {"path": "a.ipynb"})
    assert status == 201, run
    await held.asked()
    return run  # type: ignore[no-any-return]


async def test_worker_killed__run_fails_with_words__next_one_runs(
    rest: Any, write: Any, held: Any, processes: Any, service: Any
) -> None:
    run = await start(rest, write, held)
    write("b.ipynb", "1", kernel="held")
    _, waiting = await rest("POST", "builds", {"path": "b.ipynb"})
    os.kill(service.runs.live[run["id"]].worker.process.pid, signal.SIGKILL)
    ended = await rest.until(run, "failed")
    *_, failed, last = await rest.events(run)
    assert (failed["code"], failed["action"]["kind"]) == ("worker-died", "open-log")
    assert "SIGKILL" in ended["failure"]
    assert last["state"] == "failed"
    await processes.gone(held.waiting[0])
    assert (await rest.until(waiting, "running"))["position"] == 0
    await rest("DELETE", f"builds/{waiting['id']}")
    await rest.until(waiting, "cancelled")


async def test_worker_crashes_with_a_traceback__its_last_lines_are_the_evidence(
    rest: Any, write: Any, held: Any, service: Any
) -> None:
    run = await start(rest, write, held)
    os.kill(service.runs.live[run["id"]].worker.process.pid, signal.SIGABRT)
    await rest.until(run, "failed")
    failed = next(event for event in await rest.events(run) if event["event"] == "Failed")
    assert failed["code"] == "worker-died"
    assert "SIGABRT" in failed["what"]
    assert failed["why"]


async def test_worker_that_does_not_obey__is_killed_with_all_it_started(
    *, rest: Any, write: Any, held: Any, processes: Any, service: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(runs, "grace_of", lambda record: 0.5)
    run = await start(rest, write, held)
    worker = service.runs.live[run["id"]].worker.process.pid
    os.kill(worker, signal.SIGSTOP)  # it will not hear SIGTERM
    await rest("DELETE", f"builds/{run['id']}")
    ended = await rest.until(run, "cancelled")
    failed = next(event for event in await rest.events(run) if event["event"] == "Failed")
    assert failed["code"] == "worker-forced"
    assert ended["failure"] == failed["what"]
    await processes.gone(worker, *held.waiting)


async def test_server_closes__all_ends_in_order(
    *, rest: Any, write: Any, held: Any, processes: Any, service: Any, home: Path
) -> None:
    run = await start(rest, write, held)
    write("b.ipynb", "1", kernel="held")
    await rest("POST", "builds", {"path": "b.ipynb"})
    workers = processes.workers()
    await service.close()
    await processes.gone(*workers, *held.waiting)
    records = Ledger(home).records()
    assert [record.state for record in records.values()] == ["cancelled"] * 2
    assert {record.failure for record in records.values()} == {"The Jupyter server was shut down before this ended."}
    codes = [event["code"] for event in await rest.events(run) if event["event"] == "Failed"]
    assert codes == ["server-stopped"]
    assert processes.workers() == []


# --- servers of their own -----------------------------------------------------------------------------------------


async def test_server_killed__no_worker_is_left__next_server_tells_it(
    serve: Any, write: Any, held: Any, processes: Any
) -> None:
    server = serve()
    write("a.ipynb", "1", kernel="held")
    run = server.ask("POST", "builds", {"path": "a.ipynb"})
    await held.asked()
    workers = processes.workers(server.process.pid)
    assert workers
    other = serve()
    (seen,) = other.ask("GET", "runs")["runs"]
    assert (seen["id"], seen["state"], seen["path"]) == (run["id"], "running", "a.ipynb"), "it runs elsewhere"
    with pytest.raises(urllib.error.HTTPError) as refused:
        other.ask("DELETE", f"builds/{run['id']}")
    assert refused.value.code == 409
    assert json.load(refused.value)["code"] == "run-elsewhere"
    server.process.kill()
    await processes.gone(*workers, *held.waiting)
    third = serve()
    seen = third.ask("GET", f"builds/{run['id']}")
    assert seen["state"] == "failed"
    assert seen["failure"] == "The Jupyter server ended while this went on, so it was not finished."
    assert third.ask("GET", "runs")["runs"] == [seen]
    failed, last = [entry["event"] for entry in third.ask("GET", f"builds/{run['id']}/events")["entries"]][-2:]
    assert (failed["code"], failed["action"]["kind"]) == ("interrupted-by-restart", "retry")
    assert (last["event"], last["state"]) == ("JobChanged", "failed")
    assert third.ask("DELETE", f"builds/{run['id']}") == {"freed": 0}
    assert other.ask("GET", "runs") == {"runs": []}


async def test_server_asked_to_stop__ends_its_workers_and_says_so(
    serve: Any, write: Any, held: Any, processes: Any, home: Path
) -> None:
    server = serve()
    write("a.ipynb", "1", kernel="held")
    server.ask("POST", "builds", {"path": "a.ipynb"})
    await held.asked()
    workers = processes.workers(server.process.pid)
    server.process.terminate()
    await asyncio.to_thread(server.process.wait, 60)
    assert not any(map(processes.is_running, workers))
    (record,) = Ledger(home).records().values()
    assert (record.state, record.failure) == ("cancelled", "The Jupyter server was shut down before this ended.")
