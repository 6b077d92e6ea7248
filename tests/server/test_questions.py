"""Inspections and plans: answered by a worker, refused in the command's words, given up when nobody waits."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"answer_time": getattr(request, "param", 100.0), "max_inspections": 1}


async def test_inspection__has_the_choices_that_the_notebook_keeps(rest: Any, write: Any) -> None:
    write("sub folder/nb.ipynb", "import requests\nimport yaml", mlpack={"packages": ["httpx"]})
    body = {"path": "sub folder/nb.ipynb", "choices": {"packages": ["tqdm"]}}
    status, answer = await rest("POST", "inspections", body)
    assert status == 200, answer
    assert answer["path"] == "sub folder/nb.ipynb"
    assert answer["choices"] == {"packages": ["httpx"]}
    inspection = answer["inspection"]
    assert inspection["notebook"] == "nb.ipynb"
    names = {dependency["name"] for dependency in inspection["dependencies"]}
    assert {"requests", "pyyaml", "tqdm"} <= names
    assert "httpx" not in names, "choices that are sent replace those that are kept, key by key"


async def test_inspection__odd_names__are_one_argument(rest: Any, write: Any) -> None:
    for name in ("-h.ipynb", "--format=text.ipynb", "a b'c\".ipynb", "ünï$(id).ipynb", "~root.ipynb", "[x]*.ipynb"):
        write(name, "import requests")
        status, answer = await rest("POST", "inspections", {"path": name})
        assert status == 200, (name, answer)
        assert answer["inspection"]["notebook"] == name


async def test_inspection__modules_beside_the_notebook__are_not_run_by_the_worker(
    rest: Any, write: Any, jp_root_dir: Any
) -> None:
    for name in ("json", "yaml", "nbformat", "jupyter_mlpack", "sitecustomize"):
        (jp_root_dir / f"{name}.py").write_text(f"open('{jp_root_dir}/ran-{name}', 'w')\n")
    write("nb.ipynb", "import requests")
    status, _ = await rest("POST", "inspections", {"path": "nb.ipynb"})
    assert status == 200
    assert list(jp_root_dir.glob("ran-*")) == []


async def test_question__no_notebook__is_refused_in_the_commands_words(rest: Any, jp_root_dir: Any) -> None:
    (jp_root_dir / "nb.ipynb").write_text("{")
    for noun in ("inspections", "plans"):
        status, problem = await rest("POST", noun, {"path": "nb.ipynb"})
        assert status == 422, problem
        assert problem["code"] == "notebook-broken-json", problem
        assert problem["message"]
        assert problem["hint"]
        assert set(problem) == {"code", "message", "where", "why", "hint"}


@pytest.mark.parametrize("settings", [4.0], indirect=True)
async def test_inspection__too_long__is_ended(rest: Any, write: Any, held: Any, processes: Any) -> None:
    write("a.ipynb", "1", kernel="held")
    status, problem = await rest("POST", "inspections", {"path": "a.ipynb"})
    assert (status, problem["code"]) == (422, "answer-too-late")
    await processes.gone(*held.waiting)


async def test_inspection__client_goes_away__its_worker_ends(
    *, rest: Any, write: Any, held: Any, processes: Any, jp_http_port: int, jp_base_url: str, jp_auth_header: Any
) -> None:
    write("a.ipynb", "1", kernel="held")
    write("b.ipynb", "import requests")
    began = time.monotonic()
    body = b'{"path": "a.ipynb"}'
    head = (
        f"POST {jp_base_url}jupyter-mlpack/inspections HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    )
    token = f"Authorization: {jp_auth_header['Authorization']}\r\n\r\n"
    _, browser = await asyncio.open_connection("localhost", jp_http_port)
    browser.write(head.encode() + token.encode() + body)
    await held.asked()
    browser.close()
    await processes.gone(*held.waiting)
    assert time.monotonic() - began < 60.0, "not the time limit, but the client ended it"
    status, _ = await rest("POST", "inspections", {"path": "b.ipynb"})
    assert status == 200, "its place is free again"


async def test_inspections__above_the_limit__wait(rest: Any, write: Any, processes: Any) -> None:
    write("a.ipynb", "import requests")
    asked = [rest("POST", "inspections", {"path": "a.ipynb"}) for _ in range(4)]
    most = 0

    async def count() -> None:
        nonlocal most
        while True:
            most = max(most, len(processes.workers()))
            await asyncio.sleep(0.01)

    counting = asyncio.ensure_future(count())
    answers = await asyncio.gather(*asked)
    counting.cancel()
    assert [status for status, _ in answers] == [200] * 4
    assert most <= 2, "one that answers, one spare"


async def test_status__names_engines_and_purposes(rest: Any) -> None:
    status, answer = await rest("GET", "status")
    assert status == 200
    assert [engine["name"] for engine in answer["engines"]] == ["process", "docker"]
    assert all(engine["why"] for engine in answer["engines"] if not engine["available"])
    purposes = {purpose["name"]: purpose for purpose in answer["purposes"]}
    assert {name: purpose["available"] for name, purpose in purposes.items()} == {"training": True, "inference": True}
    began = time.monotonic()
    await rest("GET", "status")
    assert time.monotonic() - began < 0.5, "engines are not probed each time"
