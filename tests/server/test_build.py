"""The whole way through the server with nothing replaced: plan, build, look, run, push, download, remove."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import tarfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.oci.store import Store

pytestmark = pytest.mark.network
DIGITS = Path(__file__).parents[2] / "examples" / "digits"


@pytest.fixture
def home(tmp_path: Path, machine_store: Store, run_image: Any, base_and_locks: Callable[[Path, Path], None]) -> Path:
    """A store with the run image only."""
    run_image("bookworm")
    fresh = tmp_path / "mlpack-home"
    base_and_locks(machine_store.root, fresh)
    return fresh


@pytest.fixture
def digits(jp_root_dir: Path) -> Path:
    shutil.copytree(DIGITS, jp_root_dir / "digits")
    return jp_root_dir / "digits" / "digits.ipynb"


async def ask(rest: Any, method: str, path: str, body: object = None, expected: int = 200) -> Any:
    status, answer = await rest(method, path, body, request_timeout=600)
    assert status == expected, answer
    return answer


async def follow(rest: Any, run: dict[str, Any]) -> list[dict[str, Any]]:
    ended = await rest.until(run, "succeeded", "failed", "cancelled")
    events = await rest.events(run)
    assert ended["state"] == "succeeded", events[-3:]
    return events  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch, rest: Any) -> None:
    monkeypatch.setitem(type(rest).until.__globals__, "PATIENCE", 600.0)


async def test_digits__from_plan_to_removal(
    rest: Any, digits: Path, jp_root_dir: Path, registry: Any, fetch: Fetch
) -> None:
    asked = {"path": "digits/digits.ipynb", "choices": {"name": "team/digits:1"}}
    plan = await ask(rest, "POST", "plans", asked)
    assert plan["seconds"] is None, "nothing was built yet"
    assert plan["name"] == "team/digits:1"

    run = await ask(rest, "POST", "builds", asked, expected=201)
    events = await follow(rest, run)
    phases = [event["phase"] for event in events if event["event"] == "PhaseStarted"]
    assert phases[:2] == ["inspect", "resolve"]
    assert phases[-1] == "export"
    image = next(event for event in events if event["event"] == "BuildSucceeded")["image"]
    build = await rest.run(run)
    assert (build["image"], build["digest"], build["size"]) == ("team/digits:1", image["digest"], image["size"])
    assert build["choices"] == asked["choices"]

    await drifts(rest, run, digits)

    again = await ask(rest, "POST", "plans", asked)
    second = await ask(rest, "POST", "builds", asked, expected=201)
    await follow(rest, second)
    assert again["seconds"] is None or again["seconds"] > 0
    third = await ask(rest, "POST", "builds", asked, expected=201)
    assert third["expected"] > 0
    await follow(rest, third)

    await trains(rest, jp_root_dir)

    destination = f"{registry.host}/team/digits:2"
    delivery = {"build": run["id"], "destination": destination, "insecure": True}
    pushed = await ask(rest, "POST", "deliveries", delivery, expected=201)
    await follow(rest, pushed)
    assert (await rest.run(pushed))["destination"] == destination

    await downloads(rest, fetch, run, image)

    freed = await ask(rest, "DELETE", f"builds/{second['id']}")
    assert freed == {"freed": 0}
    status, freed = await rest("DELETE", f"builds/{run['id']}", params={"image": "1"})
    assert status == 200
    assert freed["freed"] > 1_000_000
    drift = await ask(rest, "GET", f"builds/{third['id']}/drift")
    assert drift["image"] == "missing"


async def drifts(rest: Any, run: dict[str, Any], notebook: Path) -> None:
    """Nothing changed; an output changes nothing; code does."""
    same = {"notebook": "same", "packages": [], "image": "same"}
    assert await ask(rest, "GET", f"builds/{run['id']}/drift") == same
    saved = notebook.read_text()
    document = json.loads(saved)
    document["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "words"})
    notebook.write_text(json.dumps(document))
    assert await ask(rest, "GET", f"builds/{run['id']}/drift") == same
    document["cells"].append({"cell_type": "code", "metadata": {}, "source": "import tqdm", "outputs": []})
    notebook.write_text(json.dumps(document))
    os.utime(notebook, (1, 1))  # the same second as the last look would hide it from file systems with coarse times
    changed = await ask(rest, "GET", f"builds/{run['id']}/drift")
    assert changed["notebook"] == "changed"
    assert [(package["name"], package["was"]) for package in changed["packages"]] == [("tqdm", "")]
    notebook.write_text(saved)
    assert (await ask(rest, "GET", f"builds/{run['id']}/drift"))["notebook"] == "same"


async def trains(rest: Any, root: Path) -> None:
    """A job with a parameter and a secret that the notebook could print."""
    body = {
        "image": "team/digits:1",
        "path": "digits/digits.ipynb",
        "parameters": {"epochs": 2},
        "engine": "process",
        "secrets": {"API_KEY": "very-secret-indeed"},
    }
    job = await ask(rest, "POST", "jobs", body, expected=201)
    assert job["output"] == "digits/digits-runs/1"
    events = await follow(rest, job)
    assert any(event["event"] == "CellStarted" for event in events)
    ended = await rest.run(job)
    assert "digits/digits-runs/1/digits.ipynb" in ended["outputs"]
    assert all((root / output).is_file() for output in ended["outputs"])
    assert "very-secret-indeed" not in json.dumps(events)
    await stops(rest, {**body, "parameters": {"epochs": 1_000_000}})


async def stops(rest: Any, body: dict[str, Any]) -> None:
    """A training that would never end is cancelled while it runs."""
    job = await ask(rest, "POST", "jobs", body, expected=201)
    assert job["output"] == "digits/digits-runs/2"
    assert job["expected"] > 0, "the first one took some time"
    while not any(event["event"] == "CellStarted" for event in await rest.events(job)):
        await asyncio.sleep(0.1)
    await ask(rest, "DELETE", f"jobs/{job['id']}", expected=202)
    ended = await rest.until(job, "cancelled", "failed", "succeeded")
    assert ended["state"] == "cancelled"
    states = [event["state"] for event in await rest.events(job) if event["event"] == "JobChanged"]
    assert states == ["queued", "running", "cancelled"]


Fetch = Callable[[str], tuple[Any, bytes]]


@pytest.fixture
def fetch(jp_http_port: int, jp_base_url: str, jp_auth_header: dict[str, str]) -> Fetch:
    """Headers and body of a download, by a client without a limit. For a thread."""

    def download(path: str) -> tuple[Any, bytes]:
        address = f"http://localhost:{jp_http_port}{jp_base_url}jupyter-mlpack/{path}"
        with urllib.request.urlopen(urllib.request.Request(address, headers=jp_auth_header), timeout=600) as answer:
            return answer.headers, answer.read()

    return download


async def downloads(rest: Any, fetch: Fetch, run: dict[str, Any], image: dict[str, Any]) -> None:
    """The archive is one that Docker loads: its manifest names the image and its layers."""
    headers, body = await asyncio.to_thread(fetch, f"builds/{run['id']}/archive")
    assert headers["Content-Disposition"] == 'attachment; filename="team-digits-1.tar"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert int(headers["Content-Length"]) == len(body)
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        (manifest,) = json.load(file)
    assert manifest["RepoTags"] == ["team/digits:1"]
    assert len(manifest["Layers"]) == len(image["layers"])
    _, log = await rest("GET", f"builds/{run['id']}/log")
    assert "--- export" in log
