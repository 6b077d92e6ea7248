"""Asks a service that runs on this machine for what somebody tries in the browser, which need not reach it itself.

What it answers comes from a notebook and is handed on as text inside JSON: no page of it is ever shown under the
server's own name.
"""

from __future__ import annotations

import json
import time
from typing import Any

from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from jupyter_mlpack.errors import ServiceSilent
from jupyter_mlpack.server.asks import CallAsk

LARGEST = 8_000_000
"""Bytes of an answer that are read."""

SHOWN = 200_000
"""Characters of an answer that are handed on."""

PATIENCE = 60.0
"""Seconds that an answer may take."""

GLANCE = 5.0
"""Seconds that a service may take to say what it is."""


async def describe_service(address: str) -> dict[str, Any]:
    """The contract's ``ServiceApi``: whether it is ready, and what a request holds, as JSON schemas."""
    nothing = {"ready": False, "description": "", "request": {}, "schemas": {}}
    try:
        ready = await _fetch(HTTPRequest(f"{address}/ready", request_timeout=GLANCE))
        if ready.code != 200:
            return nothing
        page = json.loads((await _fetch(HTTPRequest(f"{address}/openapi.json", request_timeout=GLANCE))).body)
        schemas = page["components"]["schemas"]
        description = str(page["info"].get("description", ""))
        return {"ready": True, "description": description, "request": schemas["Request"], "schemas": schemas}
    except ServiceSilent:
        return nothing
    except (ValueError, KeyError, TypeError, AttributeError):
        return {**nothing, "ready": True}


async def call_service(address: str, ask: CallAsk) -> dict[str, Any]:
    """The contract's ``ServiceAnswer`` to one request of a function. Raises ``ServiceSilent``."""
    headers = {"Content-Type": "application/json"}
    sent = json.dumps(ask.body).encode()
    route = f"/predict/{ask.function}" if ask.function else "/predict"
    request = HTTPRequest(f"{address}{route}", "POST", headers, sent, request_timeout=PATIENCE)
    began = time.monotonic()
    answer = await _fetch(request)
    seconds = time.monotonic() - began
    text = answer.body.decode("utf-8", "replace")
    return {
        "status": answer.code,
        "seconds": round(seconds, 4),
        "body": text[:SHOWN],
        "cut": max(0, len(text) - SHOWN),
    }


async def _fetch(request: HTTPRequest) -> HTTPResponse:
    """The answer, whatever its status; a redirection leads nowhere."""
    request.follow_redirects = False
    request.connect_timeout = GLANCE
    client = SimpleAsyncHTTPClient(force_instance=True, max_body_size=LARGEST, max_buffer_size=LARGEST + 65_536)
    try:
        return await client.fetch(request, raise_error=False)
    except (HTTPClientError, OSError, ValueError) as error:
        raise ServiceSilent(reason=str(error) or type(error).__name__) from None
    finally:
        client.close()
