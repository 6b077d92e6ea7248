"""Nobody gets in without a token, past the authorizer, or from another site; no address answers in HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_mlpack.server.routes import ROUTES

RUN = "0" * 18
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def addresses() -> Iterator[tuple[str, str]]:
    """Each route with each verb that its handler has, as the routes themselves say."""
    for pattern, handler in ROUTES:
        path = pattern.replace("(builds|jobs|deliveries|services)", "builds").replace("([0-9a-f]{18})", RUN)
        path = path.replace("(.*)", "nothing/here")
        for verb in VERBS:
            method = getattr(handler, verb.lower())
            if method is not handler._unimplemented_method:
                yield verb, path


ADDRESSES = [(verb, path) for verb, path in addresses() if verb != "HEAD"]


def test_table__has_all_verbs() -> None:
    assert len(ADDRESSES) == 1 + 1 + 1 + 1 + 2 * 4 + 2 + 1 + 1 + 1 + 1 + 2 + 5


async def test_every_verb__without_token__is_refused(rest: Any) -> None:
    for verb, path in ADDRESSES:
        headers = {"Authorization": ""}
        status, answer = await rest(verb, path, headers=headers, follow_redirects=False)
        assert status == 403, (verb, path, status)
        assert answer["code"] == "http-403", (verb, path)


async def test_every_verb__wrong_token__is_refused(rest: Any) -> None:
    for verb, path in ADDRESSES:
        status, _ = await rest(verb, path, headers={"Authorization": "token wrong"}, follow_redirects=False)
        assert status == 403, (verb, path, status)


async def test_every_verb__asks_the_authorizer(rest: Any, jp_serverapp: Any) -> None:
    asked = []

    def refuse(handler: object, user: object, action: str, resource: str) -> bool:
        asked.append((action, resource))
        return False

    jp_serverapp.authorizer.is_authorized = refuse
    for verb, path in ADDRESSES:
        status, answer = await rest(verb, path, None)
        assert status == 403, (verb, path, status)
        assert "not authorized" in answer["message"], (verb, path)
    reads = [("read" if verb == "GET" else "write", "jupyter_mlpack") for verb, _ in ADDRESSES]
    assert asked == reads


async def test_change__with_a_cookie_but_without_xsrf_token__is_refused(
    rest: Any, http_server_client: Any, jp_base_url: str, jp_serverapp: Any
) -> None:
    token = jp_serverapp.identity_provider.token
    page = await http_server_client.fetch(
        f"{jp_base_url}login?token={token}", raise_error=False, follow_redirects=False
    )
    cookies = "; ".join(header.partition(";")[0] for header in page.headers.get_list("Set-Cookie"))
    assert cookies
    body = {"path": "a.ipynb"}
    for verb, path in ADDRESSES:
        headers = {"Cookie": cookies, "Authorization": ""}
        status, answer = await rest(verb, path, body if verb not in ("GET", "DELETE") else None, headers=headers)
        if verb == "GET":
            assert status != 200 or path in ("status", "runs", "builds", "jobs", "deliveries", "services"), (verb, path)
        else:
            assert status == 403, (verb, path, status)
            assert "_xsrf" in answer["message"], (verb, path)


async def test_unknown_address__is_a_problem_with_a_code(rest: Any) -> None:
    for path in ("nothing", "builds/../../api", "builds/xyz", "jobs/0123/events", f"deliveries/{RUN}/drift"):
        status, answer = await rest("GET", path)
        assert status == 404, path
        assert answer["code"] == "nothing-there"
        assert answer["hint"]


async def test_wrong_verb__is_a_problem(rest: Any) -> None:
    status, answer = await rest("PUT", "status", {})
    assert status == 405
    assert answer["code"] == "http-405"


@pytest.mark.parametrize("path", [f"builds/{RUN}", f"jobs/{RUN}", f"deliveries/{RUN}", f"services/{RUN}"])
async def test_unknown_run__is_404_everywhere(rest: Any, path: str) -> None:
    for below in ("", "/events", "/log"):
        status, answer = await rest("GET", path + below)
        assert (status, answer["code"]) == (404, "run-unknown"), below
    status, answer = await rest("DELETE", path)
    assert (status, answer["code"]) == (404, "run-unknown")


async def test_crash_of_a_handler__tells_no_traceback(rest: Any, service: Any, monkeypatch: Any) -> None:
    async def crash() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(service, "status", crash)
    status, answer = await rest("GET", "status")
    assert (status, answer["code"]) == (500, "http-500")
    assert "secret" not in json.dumps(answer)
