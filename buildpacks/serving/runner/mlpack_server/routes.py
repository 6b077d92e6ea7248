"""The table of routes: which path, for whom, and what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mlpack_server import inference, plain_routes
from mlpack_server.answers import Answer, Asked
from mlpack_server.faults import Refused
from mlpack_server.predictor import Predictor
from mlpack_server.settings import Settings

Path = Mapping[str, str]
Predict = Callable[[Predictor, Asked, Path], Coroutine[Any, Any, Answer]]
Form = str
"""Which body a route takes; ``openapi.py`` describes each."""
Tell = str
"""What a route without a body tells; ``app.py`` knows each."""


@dataclass(frozen=True)
class Post:
    """A route that calls the predict function, or the ``function`` that it names."""

    path: str
    form: Form
    whose: str
    predict: Predict
    function: str = ""


@dataclass(frozen=True)
class Get:
    """A route that tells something. ``named`` ones are of one model."""

    path: str
    tell: Tell
    whose: str


def safe(name: str) -> str:
    """A model's name that can stand in a path."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "model"


def posts(settings: Settings, model: str, others: Iterable[str] = ()) -> list[Post]:
    """All that predict; a route that the platform names itself comes first and wins."""
    known = partial(of_model, model=model)
    every = [
        *(Post(path, "instances", "Vertex AI", plainly(plain_routes.instances)) for path in settings.predict),
        Post("/predict", "predict", "this service", plainly(plain_routes.predict)),
        *(Post(f"/predict/{name}", "predict", "this service", plainly(plain_routes.predict), name) for name in others),
        Post("/invocations", "invocations", "SageMaker, MLflow", plainly(plain_routes.invocations)),
        Post("/v1/models/{model}:predict", "instances", "KServe V1", known(plainly(plain_routes.instances))),
        Post("/v2/models/{model}/infer", "infer", "Open Inference V2", known(infer)),
        Post("/v2/models/{model}/versions/{version}/infer", "infer", "Open Inference V2", known(infer)),
    ]
    return list({post.path: post for post in reversed(every)}.values())[::-1]


def gets(settings: Settings) -> list[Get]:
    """All that tell; a route that the platform names itself comes first."""
    every = [
        *(Get(path, "ready", "Vertex AI") for path in settings.health),
        Get("/", "alive", "KServe V1"),
        Get("/live", "alive", "this service"),
        Get("/ready", "ready", "this service"),
        Get("/health", "ready", "this service, MLflow"),
        Get("/ping", "ready", "SageMaker, MLflow"),
        Get("/version", "version", "MLflow"),
        Get("/metrics", "metrics", "Prometheus"),
        Get("/v1/models", "models", "KServe V1"),
        Get("/v1/models/{model}", "model ready", "KServe V1"),
        Get("/v2", "server", "Open Inference V2"),
        Get("/v2/health/live", "live", "Open Inference V2"),
        Get("/v2/health/ready", "ready", "Open Inference V2"),
        Get("/v2/models/{model}", "model", "Open Inference V2"),
        Get("/v2/models/{model}/ready", "model ready", "Open Inference V2"),
        Get("/v2/models/{model}/versions/{version}", "model", "Open Inference V2"),
        Get("/v2/models/{model}/versions/{version}/ready", "model ready", "Open Inference V2"),
    ]
    return list({get.path: get for get in reversed(every)}.values())[::-1]


def plainly(answer: Callable[[Predictor, Asked], Coroutine[Any, Any, Answer]]) -> Predict:
    """An answer that does not depend on the path."""

    def predict(predictor: Predictor, asked: Asked, path: Path) -> Coroutine[Any, Any, Answer]:
        del path
        return answer(predictor, asked)

    return predict


def infer(predictor: Predictor, asked: Asked, path: Path) -> Coroutine[Any, Any, Answer]:
    """V2's answer names the model and its version."""
    return inference.infer(predictor, asked, path["model"], path.get("version"))


def of_model(predict: Predict, model: str) -> Predict:
    """Only for the one model that there is."""

    async def checked(predictor: Predictor, asked: Asked, path: Path) -> Answer:
        check_model(path, model)
        return await predict(predictor, asked, path)

    return checked


def check_model(path: Path, model: str) -> None:
    """Raises Refused for another model or version than the one that is served."""
    if path.get("model", model) != model:
        raise Refused(404, f"no such model; this service has {model}")
    if path.get("version", "1") != "1":
        raise Refused(404, "no such version; there is version 1")
