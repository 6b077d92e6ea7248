"""The web application: FastAPI's routes around ``routes.py``."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from mlpack_server import metrics
from mlpack_server.answers import Asked
from mlpack_server.faults import CallError, Refused, notebook_traceback, refusal
from mlpack_server.formats import JSON
from mlpack_server.gate import AGAIN, Gate
from mlpack_server.inference import metadata
from mlpack_server.openapi import describe_get, describe_post, page
from mlpack_server.predictor import Predictor
from mlpack_server.processes import Place
from mlpack_server.results import json_bytes
from mlpack_server.routes import Get, Post, check_model, gets, posts, safe
from mlpack_server.service import Service
from mlpack_server.settings import Settings, workers

VERSION = "1"
EXTENSIONS = ["binary_tensor_data"]
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class State:
    """What the routes share: the model once it is loaded, and whether the service is about to end."""

    def __init__(self, service: Service, settings: Settings, enter: Callable[[], None], place: Place) -> None:
        self.service, self.settings, self.enter, self.place = service, settings, enter, place
        self.model = safe(service.name)
        self.predictor: Predictor | None = None
        self.predictors: Mapping[str, Predictor] = {}
        self.gate: Gate | None = None
        self.leaving = False

    def open(self, predictors: Mapping[str, Predictor]) -> None:
        """The model is loaded: what answers, by name. Called in the event loop."""
        predictor = predictors[self.service.function]
        self.predictors = predictors
        self.place.tell()
        self.gate = Gate(workers(self.settings, is_async=predictor.signature.is_async), self.settings.queue)
        self.predictor = predictor
        metrics.READY.set(1)

    @property
    def is_ready(self) -> bool:
        """Whether new requests should come."""
        return self.predictor is not None and not self.leaving and self.place.all_loaded


def make_app(state: State) -> FastAPI:
    """All routes; none of them needs the model to be there yet."""
    app = FastAPI(title=state.model, version=VERSION, redoc_url=None, redirect_slashes=False)
    for post in posts(state.settings, state.model, state.service.others):
        extra, function = describe_post(post, state.model), post.function or state.service.function
        app.add_api_route(
            post.path, counted(post.path, predicting(state, post, function), function), methods=["POST"],
            response_class=Response, tags=[post.whose], name=f"{post.form} {post.path}", openapi_extra=extra,
        )  # fmt: skip
    for get in gets(state.settings):
        app.add_api_route(
            get.path, counted(get.path, telling(state, get), state.service.function), methods=["GET"],
            response_class=Response, tags=[get.whose], name=f"{get.tell} {get.path}",
            openapi_extra=describe_get(get, state.model),
        )  # fmt: skip
    app.add_exception_handler(HTTPException, not_found)
    app.openapi = lambda: page(app, state.predictors, state.service.function)  # type: ignore[method-assign]
    return app


def predicting(state: State, post: Post, function: str) -> Endpoint:
    """The endpoint of a route that predicts."""

    async def endpoint(request: Request) -> Response:
        predictor, gate = state.predictors.get(function), state.gate
        if predictor is None or gate is None:
            raise Refused(503, "the model is still loading", retry=AGAIN)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        asked = Asked(await read_body(request, headers, state.settings.largest), headers)
        path = request.path_params
        answer = await gate.run(lambda: post.predict(predictor, asked, path), is_async=predictor.signature.is_async)
        return Response(answer.body, media_type=answer.kind, headers=dict(answer.headers))

    return endpoint


async def read_body(request: Request, headers: dict[str, str], largest: int) -> bytes:
    """The whole body. Raises Refused as soon as it is known to be too large."""
    if headers.get("content-encoding", "identity") not in ("", "identity"):
        raise Refused(415, "bodies are taken as they are, not compressed")
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > largest:
        metrics.REJECTED.labels("large").inc()
        raise Refused(413, f"the body may have {largest} bytes (MLPACK_MAX_BODY)")
    pieces, total = [], 0
    async for piece in request.stream():
        total += len(piece)
        if total > largest:
            metrics.REJECTED.labels("large").inc()
            raise Refused(413, f"the body may have {largest} bytes (MLPACK_MAX_BODY)")
        pieces.append(piece)
    return b"".join(pieces)


def telling(state: State, get: Get) -> Endpoint:
    """The endpoint of a route that tells something."""

    async def endpoint(request: Request) -> Response:
        check_model(request.path_params, state.model)
        if get.tell == "metrics":
            return Response(metrics.page(), headers={"Content-Type": metrics.KIND})
        status, value = told(state, get.tell)
        headers = {"Retry-After": str(AGAIN)} if status == 503 else {}
        return Response(json_bytes(value), status, headers, JSON)

    return endpoint


def told(state: State, tell: str) -> tuple[int, Any]:
    """Status and body of what routes tell."""
    always: dict[str, Any] = {
        "alive": {"status": "alive"},
        "live": {"live": True},
        "version": {"version": VERSION},
        "models": {"models": [state.model]},
        "server": {"name": "mlpack", "version": VERSION, "extensions": EXTENSIONS},
    }
    if tell in always:
        return 200, always[tell]
    if tell == "model" and state.predictor is not None:
        return 200, metadata(state.predictor.signature, state.model)
    ready = {"ready": state.is_ready}
    return 200 if state.is_ready else 503, ready if tell == "ready" else {"name": state.model, **ready}


def counted(route: str, endpoint: Endpoint, function: str) -> Endpoint:
    """An endpoint whose refusals are answers, which may name ``function``, and all of whose answers are counted."""

    async def counting(request: Request) -> Response:
        begun = time.perf_counter()
        try:
            response = await endpoint(request)
        except (Refused, CallError) as error:
            response = refused(error, function)
        except ClientDisconnect:
            metrics.REJECTED.labels("gone").inc()
            return Response(status_code=400)  # nobody reads it
        except Exception as error:  # ours: told like one of the notebook's, without a word of the inside
            traceback.print_exception(error, file=sys.stderr)
            response = refused(Refused(500, "the service failed; its log has the traceback"), function)
        metrics.REQUESTS.labels(route, str(response.status_code)).inc()
        metrics.SECONDS.labels(route).observe(time.perf_counter() - begun)
        return response

    return counting


def refused(error: Refused | CallError, function: str) -> Response:
    """The answer to a request that has no result."""
    if isinstance(error, CallError):
        error = refusal(error.error, function)
    headers = {"Retry-After": str(error.retry)} if error.retry else {}
    return Response(json_bytes(error.body()), error.status, headers, JSON)


async def not_found(request: Request, error: Exception) -> Response:
    """404 and 405 in the same words as all else."""
    del request
    assert isinstance(error, HTTPException)
    metrics.REQUESTS.labels("other", str(error.status_code)).inc()
    return Response(json_bytes({"error": str(error.detail)}), error.status_code, error.headers, JSON)


def heard(error: Exception) -> None:
    """An exception of the predict function, for the log and the counters."""
    metrics.ERRORS.labels(metrics.error_name(error)).inc()
    print(notebook_traceback(error), file=sys.stderr, end="", flush=True)
