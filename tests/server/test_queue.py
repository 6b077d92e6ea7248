"""Builds wait in a visible queue, are joined, cancelled and forgotten; all clients see the same."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"idle": 5}


async def build(rest: Any, path: str, **body: object) -> dict[str, Any]:
    status, run = await rest("POST", "builds", {"path": path, **body})
    assert status == 201, run
    return run  # type: ignore[no-any-return]


async def test_queue__one_at_a_time__positions_move_up(rest: Any, write: Any, held: Any) -> None:
    for name in "abc":
        write(f"{name}.ipynb", "1", kernel="held")
    first, second, third = [await build(rest, f"{name}.ipynb") for name in "abc"]
    assert [run["state"] for run in (first, second, third)] == ["running", "queued", "queued"]
    assert [run["position"] for run in (first, second, third)] == [0, 1, 2]
    _, status = await rest("GET", "status")
    assert status["builds"] == {"limit": 1, "running": 1, "queued": 2}
    await held.asked()

    status, cancelled = await rest("DELETE", f"builds/{second['id']}")
    assert (status, cancelled["state"], cancelled["position"]) == (202, "cancelled", 0)
    assert [event["state"] for event in await rest.events(second)] == ["queued", "cancelled"]
    assert (await rest.run(third))["position"] == 1

    status, cancelled = await rest("DELETE", f"builds/{first['id']}")
    assert (status, cancelled["cancelling"]) == (202, True)
    await rest.until(first, "cancelled")
    assert (await rest.run(third))["state"] == "running"
    await rest("DELETE", f"builds/{third['id']}")
    await rest.until(third, "cancelled")
    _, listed = await rest("GET", "builds")
    assert [run["id"] for run in listed["runs"]] == [third["id"], second["id"], first["id"]]
    _, everything = await rest("GET", "runs")
    assert everything == listed
    _, jobs = await rest("GET", "jobs")
    assert jobs == {"runs": []}


async def test_cancel__in_the_middle__ends_everything_and_says_so(
    rest: Any, write: Any, held: Any, processes: Any
) -> None:
    write("a.ipynb", "1", kernel="held")
    run = await build(rest, "a.ipynb")
    await held.asked()
    await rest("DELETE", f"builds/{run['id']}")
    ended = await rest.until(run, "cancelled")
    assert ended["failure"].startswith("Stopped.")
    assert ended["ended"] >= ended["started"] >= ended["created"]
    *_, failed, last = await rest.events(run)
    assert (failed["event"], failed["code"]) == ("Failed", "interrupted")
    assert (last["event"], last["state"]) == ("JobChanged", "cancelled")
    await processes.gone(*held.waiting)

    status, again = await rest("DELETE", f"builds/{run['id']}", params={"cancel": "1"})
    assert (status, again) == (200, ended), "cancelling what has ended changes nothing"
    status, freed = await rest("DELETE", f"builds/{run['id']}")
    assert (status, freed) == (200, {"freed": 0})
    status, problem = await rest("GET", f"builds/{run['id']}")
    assert (status, problem["code"]) == (404, "run-unknown")
    status, problem = await rest("DELETE", f"builds/{run['id']}", params={"cancel": "1"})
    assert status == 404


async def test_cancel__twice_and_at_once__is_one(rest: Any, write: Any, held: Any) -> None:
    write("a.ipynb", "1", kernel="held")
    run = await build(rest, "a.ipynb")
    answers = await asyncio.gather(*(rest("DELETE", f"builds/{run['id']}", params={"cancel": "1"}) for _ in range(5)))
    assert {status for status, _ in answers} <= {200, 202}
    await rest.until(run, "cancelled")
    assert [event["state"] for event in await rest.events(run) if event["event"] == "JobChanged"][-1:] == ["cancelled"]


async def test_same_build_twice__second_joins_the_first(rest: Any, write: Any, held: Any) -> None:
    write("a.ipynb", "1", kernel="held")
    chosen = {"packages": ["numpy"]}
    run = await build(rest, "a.ipynb", choices=chosen)
    answers = await asyncio.gather(*(rest("POST", "builds", {"path": "a.ipynb", "choices": chosen}) for _ in range(3)))
    assert [(status, joined["id"]) for status, joined in answers] == [(200, run["id"])] * 3
    status, problem = await rest("POST", "builds", {"path": "a.ipynb"})
    assert (status, problem["code"], problem["where"]) == (409, "build-goes-on", run["id"])


async def test_build_of_a_notebook_saved_since__is_refused_not_joined(rest: Any, write: Any, held: Any) -> None:
    path = write("a.ipynb", "1", kernel="held")
    run = await build(rest, "a.ipynb")
    saved = run["started"] + 5
    os.utime(path, (saved, saved))
    status, problem = await rest("POST", "builds", {"path": "a.ipynb"})
    assert (status, problem["code"], problem["where"]) == (409, "build-goes-on", run["id"])


async def test_build_that_fails__says_why_in_the_commands_words(rest: Any, write: Any) -> None:
    write("a.ipynb", "1", language_info={"name": "R"})
    run = await rest.until(await build(rest, "a.ipynb"), "failed")
    events = await rest.events(run)
    failed = next(event for event in events if event["event"] == "Failed")
    assert failed["code"] == "notebook-language"
    assert failed["hint"]
    assert run["failure"] == failed["what"]
    assert events[-1] == {"event": "JobChanged", "state": "failed", "exit_status": None}
    status, log = await rest("GET", f"builds/{run['id']}/log")
    assert status == 200
    assert log.startswith("--- inspect\nerror: ")
    assert run["failure"] in log
    status, problem = await rest("GET", f"builds/{run['id']}/archive")
    assert (status, problem["code"]) == (409, "image-not-there")
    status, problem = await rest("POST", "deliveries", {"build": run["id"], "destination": "localhost:5000/a"})
    assert (status, problem["code"]) == (409, "image-not-there")


async def test_job__image_unknown__fails_and_leaves_its_numbered_folder(
    rest: Any, write: Any, jp_root_dir: Any
) -> None:
    write("a/train.ipynb", "1")
    body = {
        "image": "nobody:training",
        "path": "a/train.ipynb",
        "parameters": {"x": 1e-05},
        "secrets": {"API_KEY": "hunter22"},
    }
    runs = []
    for number in (1, 2):
        status, run = await rest("POST", "jobs", body)
        assert status == 201, run
        assert run["output"] == f"a/train-runs/{number}"
        assert run["parameters"] == {"x": 1e-05}
        assert run["path"] == "a/train.ipynb"
        runs.append(run)
    assert [run["state"] for run in runs] == ["running", "queued"]
    ended = [await rest.until(run, "failed") for run in runs]
    assert all("nobody:training" in run["failure"] for run in ended)
    assert all(run["image"] == "nobody:training" for run in ended)
    assert (jp_root_dir / "a" / "train-runs" / "2").is_dir()
    assert "hunter22" not in json.dumps(ended)


async def test_drift__of_a_build_without_image_and_notebook__is_told(rest: Any, write: Any) -> None:
    path = write("a.ipynb", "1", language_info={"name": "R"})
    run = await rest.until(await build(rest, "a.ipynb"), "failed")
    path.unlink()
    status, drift = await rest("GET", f"builds/{run['id']}/drift")
    assert (status, drift) == (200, {"notebook": "missing", "packages": [], "image": "missing"})


@pytest.mark.parametrize("settings", [{"keep_runs": 1}])
async def test_history__grows_no_further_than_it_may(rest: Any, write: Any, service: Any, settings: Any) -> None:
    write("a.ipynb", "1", language_info={"name": "R"})
    runs = [await rest.until(await build(rest, "a.ipynb"), "failed") for _ in range(2)]
    _, listed = await rest("GET", "runs")
    assert len(listed["runs"]) == 2
    service.records.checked -= 4000
    _, listed = await rest("GET", "runs")
    assert [run["id"] for run in listed["runs"]] == [runs[1]["id"]]
