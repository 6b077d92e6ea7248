"""A service: built, run, asked, stopped; with nothing replaced."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.errors import ServiceSilent
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.server import calling
from jupyter_mlpack.server.asks import CallAsk
from jupyter_mlpack.services import take_port

PREDICT = '''
def predict(weights: list[float], factor: int = 2, name: str = "a") -> dict:
    """The sum of the weights."""
    if factor < 0:
        raise ValueError("negative")
    return {"sum": sum(weights) * factor, "name": name}


def twice(x: float) -> float:
    return 2 * x


def known() -> int:
    import os

    return len(os.environ["API_KEY"])
'''


@pytest.fixture
def home(tmp_path: Path, machine_store: Store, run_image: Any, base_and_locks: Callable[[Path, Path], None]) -> Path:
    """A store with the run image only."""
    run_image("bookworm")
    fresh = tmp_path / "mlpack-home"
    base_and_locks(machine_store.root, fresh)
    return fresh


@pytest.mark.network
async def test_service__built_run_asked_stopped(rest: Any, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(type(rest).until.__globals__, "PATIENCE", 600.0)
    write("score.ipynb", PREDICT, "print('trains')")
    builds = {}
    for purpose in ("training", "inference"):
        asked = {
            "path": "score.ipynb",
            "choices": {"purpose": purpose, "python": "3.11", "predict": "predict, twice, known"},
        }
        _, run = await rest("POST", "builds", asked)
        builds[purpose] = await rest.until(run, "succeeded", "failed")
        assert (builds[purpose]["state"], builds[purpose]["purpose"]) == ("succeeded", purpose), builds[purpose]
    status, problem = await rest("POST", "services", {"build": builds["training"]["id"]})
    assert (status, problem["code"]) == (409, "image-not-service")
    status, problem = await rest("POST", "jobs", {"image": builds["inference"]["image"], "path": "score.ipynb"})
    assert (status, problem["code"]) == (409, "image-not-training")

    given = {"engine": "process", "secrets": {"API_KEY": "very-secret-indeed"}}
    status, service = await rest("POST", "services", {"build": builds["inference"]["id"], **given})
    assert status == 201, service
    assert (service["kind"], service["digest"]) == ("service", builds["inference"]["digest"])
    api = await ready(rest, service)
    assert api["description"].startswith("The sum of the weights.")
    assert api["request"]["anyOf"][-1]["required"] == ["weights"] if "anyOf" in api["request"] else api["request"]
    await answers(rest, service)
    _, answer = await rest("POST", f"services/{service['id']}/calls", {"body": {}, "function": "known"})
    assert (answer["status"], answer["body"]) == (200, "18"), answer
    await rest("DELETE", f"services/{service['id']}")
    ended = await rest.until(service, "succeeded", "failed", "cancelled")
    assert (ended["state"], ended["failure"]) == ("cancelled", "")
    with pytest.raises(OSError):  # noqa: PT011 (nobody listens there: whatever the system says)
        urllib.request.urlopen(f"{service['address']}/live", timeout=5)
    status, problem = await rest("POST", f"services/{service['id']}/calls", {"body": {}})
    assert (status, problem["code"]) == (409, "service-not-running")


async def ready(rest: Any, service: dict[str, Any]) -> dict[str, Any]:
    """What the service takes, as soon as it says so."""
    for _ in range(600):
        status, api = await rest("GET", f"services/{service['id']}/api")
        if status == 200 and api["ready"]:
            assert set(api) == {"ready", "description", "request", "schemas"}
            return dict(api)
        await asyncio.sleep(0.1)
    raise AssertionError(await rest.events(service))


async def answers(rest: Any, service: dict[str, Any]) -> None:
    """Good and bad requests, as the service itself answers them."""
    rows: tuple[tuple[object, int, str], ...] = (
        ({"weights": [1, 2.5], "factor": 3}, 200, '{"sum":10.5,"name":"a"}'),
        ({"weights": "x"}, 422, '"error"'),
        ({"weights": [1], "factor": -1}, 422, "negative"),
        ([], 422, '"error"'),
    )
    for body, expected, said in rows:
        status, answer = await rest("POST", f"services/{service['id']}/calls", {"body": body})
        assert (status, answer["status"]) == (200, expected), answer
        assert said in answer["body"], answer
        assert (answer["cut"], answer["seconds"] < 30) == (0, True)
    _, answer = await rest("POST", f"services/{service['id']}/calls", {"body": {"x": 2}, "function": "twice"})
    assert (answer["status"], answer["body"]) == (200, "4.0")


async def serve(*answers: bytes) -> tuple[asyncio.AbstractServer, str]:
    """A server that answers each request with the next of these, and where it is."""
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = left.pop(0)
        writer.write(body if body.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_describe_service__not_there_yet_and_strange_ones__are_told() -> None:
    nothing = {"ready": False, "description": "", "request": {}, "schemas": {}}
    assert await calling.describe_service(f"http://127.0.0.1:{take_port('127.0.0.1', 0)}") == nothing
    for page in (b"no json", b"[]", b'{"components": {"schemas": 5}}'):
        server, address = await serve(b"", page)
        assert await calling.describe_service(address) == {**nothing, "ready": True}, page
        server.close()
    server, address = await serve(b"HTTP/1.1 503 Wait\r\nContent-Length: 0\r\n\r\n")
    assert await calling.describe_service(address) == nothing
    server.close()


async def test_call_service__strange_answers__are_cut_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "SHOWN", 4)
    server, address = await serve(
        b"\xff12345", b"HTTP/1.1 302 x\r\nLocation: /away\r\nContent-Length: 0\r\n\r\n", b"no"
    )
    answer = await calling.call_service(address, CallAsk({"a": 1}))
    assert (answer["body"], answer["cut"]) == ("\ufffd123", 2)
    assert (await calling.call_service(address, CallAsk(None)))["status"] == 302
    monkeypatch.setattr(calling, "LARGEST", 1)
    with pytest.raises(ServiceSilent):
        await calling.call_service(address, CallAsk(None))
    server.close()
    with pytest.raises(ServiceSilent):
        await calling.call_service(f"http://127.0.0.1:{take_port('127.0.0.1', 0)}", CallAsk(None))
