"""Bodies of requests -> values. They are hostile: each field is checked, and what is not known is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlpack.errors import BodyNotJson, BodyTooLarge, FieldWrong
from jupyter_mlpack.inspection.choices import check_choices
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.values import Json, Resources

LIMIT = 262_144
"""Bytes of a body."""

CALL_LIMIT = 8_000_000
"""Bytes of a body that is handed on to a service: an image in base64 fits."""

DEEPEST = 20
MOST = 1 << 60
"""Above every wish for a resource that can be meant."""

ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
OURS = re.compile(r"PATH|HOME|TMPDIR|(LD|DYLD|PYTHON|MLPACK|JUPYTER|UV|BP|CNB)_?.*")
"""Variables by which the worker itself lives; no secret of a notebook is called so."""


@dataclass(frozen=True)
class NotebookAsk:
    """A notebook by its contents path, and what the user decided about it."""

    path: str
    choices: Mapping[str, Json]


@dataclass(frozen=True)
class JobAsk:
    """A training to run. ``secrets`` go into the job's environment and nowhere else.

    ``target`` is where, empty for this machine; ``resources`` are what is wished there.
    """

    image: str
    path: str
    parameters: Mapping[str, Json]
    engine: str
    secrets: Mapping[str, str] = field(repr=False)
    target: str = ""
    resources: Resources = field(default_factory=Resources)


@dataclass(frozen=True)
class DeliveryAsk:
    """An image to push: the id of its build, and where to."""

    build: str
    destination: str
    insecure: bool


@dataclass(frozen=True)
class ServiceAsk:
    """An inference image to run: the id of its build. ``secrets`` go into its environment and nowhere else."""

    build: str
    engine: str
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class CallAsk:
    """What a service is asked: a body, and the function if it is not the first."""

    body: Json
    function: str = ""


def read_notebook_ask(body: bytes) -> NotebookAsk:
    """``{path, choices}``. Raises ``BodyNotJson``, ``BodyTooLarge``, ``FieldWrong``, as the others do."""
    data = read_body(body, required=("path",), optional=("choices",))
    return NotebookAsk(text(data, "path"), choices(data.get("choices", {})))


def read_job_ask(body: bytes) -> JobAsk:
    """``{image, path, parameters, engine, secrets, target, resources}``. Raises a reference's ``InputError``, too."""
    optional = ("parameters", "engine", "secrets", "target", "resources")
    data = read_body(body, required=("image", "path"), optional=optional)
    parse_reference(text(data, "image"))
    parameters = table(data.get("parameters", {}), "parameters")
    for name in parameters:
        if not name.isidentifier():
            raise FieldWrong(problem=f"{name[:80]!r} is not the name of a parameter", field="parameters")
    target = data.get("target", "")
    if not isinstance(target, str):
        raise FieldWrong(problem="target is the name of a target", field="target")
    where = (target, read_resources(data.get("resources", {})))
    return JobAsk(data["image"], text(data, "path"), parameters, read_engine(data), read_secrets(data), *where)


def read_service_ask(body: bytes) -> ServiceAsk:
    """``{build, engine, secrets}``."""
    data = read_body(body, required=("build",), optional=("engine", "secrets"))
    return ServiceAsk(text(data, "build"), read_engine(data), read_secrets(data))


def read_call(body: bytes) -> CallAsk:
    """``{body, function}``: what a service is asked, and which of its functions if not the first."""
    data = read_body(body, required=("body",), optional=("function",), limit=CALL_LIMIT)
    function = data.get("function", "")
    if not isinstance(function, str) or not re.fullmatch(r"|[A-Za-z_][A-Za-z0-9_]{0,99}", function):
        raise FieldWrong(problem="function is the name of a function", field="function")
    return CallAsk(data["body"], function)


def read_delivery_ask(body: bytes) -> DeliveryAsk:
    """``{build, destination, insecure}``. Raises a reference's ``InputError``, too."""
    data = read_body(body, required=("build", "destination"), optional=("insecure",))
    insecure = data.get("insecure", False)
    if not isinstance(insecure, bool):
        raise FieldWrong(problem="insecure is true or false", field="insecure")
    parse_reference(text(data, "destination"))
    return DeliveryAsk(text(data, "build"), data["destination"], insecure)


# --- parts --------------------------------------------------------------------------------------------------------


def read_body(body: bytes, required: tuple[str, ...], optional: tuple[str, ...], limit: int = LIMIT) -> dict[str, Any]:
    """The object in a body, with these keys and no others."""
    if len(body) > limit:
        raise BodyTooLarge(size=len(body), limit=limit)
    try:
        data = json.loads(body.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BodyNotJson(reason=str(error)[:200]) from None
    if not isinstance(data, dict):
        raise BodyNotJson(reason=f"it is a {type(data).__name__}")
    for key in data.keys() - {*required, *optional}:
        raise FieldWrong(problem=f"there is no field {key[:80]!r}", field=key[:80])
    for key in required:
        if key not in data:
            raise FieldWrong(problem=f"the field {key} is missing", field=key)
    check_plain(data)
    return data


def refuse_constant(name: str) -> None:
    """JSON has no NaN and no infinity."""
    raise ValueError(f"{name} is not JSON")


def check_plain(value: Json, depth: int = 0) -> None:
    """Only what can be written down again: no half characters, no numbers beyond floats, no endless nesting."""
    if depth > DEEPEST:
        raise FieldWrong(problem="it is nested too deeply", field="")
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise FieldWrong(problem="a text holds half a character", field="") from None
        if "\0" in value:
            raise FieldWrong(problem="a text holds a zero byte", field="")
    elif isinstance(value, float) and not math.isfinite(value):
        raise FieldWrong(problem="a number is too large", field="")
    elif isinstance(value, list):
        for item in value:
            check_plain(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_plain(key, depth + 1)
            check_plain(item, depth + 1)


def text(data: Mapping[str, Any], key: str) -> str:
    """A text that is not empty."""
    value = data[key]
    if not isinstance(value, str) or not value:
        raise FieldWrong(problem=f"{key} is a text", field=key)
    return value


def table(value: object, key: str) -> dict[str, Json]:
    """An object."""
    if not isinstance(value, dict):
        raise FieldWrong(problem=f"{key} is an object", field=key)
    return value


def read_engine(data: Mapping[str, Any]) -> str:
    """The engine, empty for any."""
    engine = data.get("engine", "")
    if not isinstance(engine, str) or not re.fullmatch(r"[a-z]{0,30}", engine):
        raise FieldWrong(problem="an engine is a word like process", field="engine")
    return engine


def read_resources(value: object) -> Resources:
    """``{gpus, cpus, memory, seconds, nodes}``: numbers, bytes and seconds among them."""
    wished = table(value, "resources")
    for name, number in wished.items():
        whole = name in ("gpus", "memory", "seconds", "nodes")
        if not whole and name != "cpus":
            raise FieldWrong(problem=f"there is no resource {name[:80]!r}", field="resources")
        if isinstance(number, bool) or not isinstance(number, int if whole else (int, float)) or not 0 <= number < MOST:
            raise FieldWrong(problem=f"{name} is a number, not below zero", field="resources")
    return Resources(**{"nodes": 1, **wished})  # type: ignore[arg-type]


def read_secrets(data: Mapping[str, Any]) -> dict[str, str]:
    """Names and values of secrets."""
    secrets = table(data.get("secrets", {}), "secrets")
    for name, value in secrets.items():
        check_secret(name, value)
    return secrets  # type: ignore[return-value]


def check_secret(name: str, value: object) -> None:
    """A variable that a job may be given."""
    if not ENVIRONMENT_NAME.fullmatch(name) or OURS.fullmatch(name):
        raise FieldWrong(problem=f"{name[:80]!r} cannot be the name of a secret", field="secrets")
    if not isinstance(value, str):
        raise FieldWrong(problem=f"the secret {name} is a text", field="secrets")


def choices(value: object) -> dict[str, Json]:
    """The ``Choices`` of the contract, checked as ``--choices`` is."""
    found = table(value, "choices")
    _, wrong = check_choices(found)
    for key, problem in wrong.items():
        raise FieldWrong(problem=problem, field=f"choices.{key[:80]}")
    return found
