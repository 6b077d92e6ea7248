"""The predict function's signature -> ``Signature``: what requests must hold, and how they become arguments."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from mlpack_server.faults import Refused
from mlpack_server.kinds import Kind, kind_of
from mlpack_server.strictness import checked

MANY = frozenset(
    ["X", "batch", "data_frame", "dataframe", "df", "examples", "frame", "inputs", "instances", "rows", "samples"]
)
"""Names of parameters that stand for all instances at once, unless the annotation says that it is one value."""

MOST = 8
"""Findings in one answer."""


@dataclass(frozen=True)
class Parameter:
    """One parameter that requests may give. ``default`` is what is told of it; the function has its own."""

    name: str
    kind: Kind
    required: bool
    default: Any = None
    positional: bool = False


@dataclass(frozen=True)
class Signature:
    """The function as requests see it; ``returns`` describes results, None where nothing is known of them."""

    parameters: tuple[Parameter, ...]
    returns: TypeAdapter[Any] | None
    summary: str
    is_async: bool
    batch: bool | None
    """Whether the function takes all instances at once; None: see when they come."""

    @property
    def names(self) -> frozenset[str]:
        """All that a request may give."""
        return frozenset(parameter.name for parameter in self.parameters)

    @property
    def required(self) -> frozenset[str]:
        """All that a request must give."""
        return frozenset(parameter.name for parameter in self.parameters if parameter.required)

    @property
    def lone(self) -> Parameter | None:
        """The one parameter that a bare value is for."""
        required = [parameter for parameter in self.parameters if parameter.required]
        candidates = required or list(self.parameters)
        return candidates[0] if len(candidates) == 1 or (candidates and not required) else None

    def fits(self, value: Mapping[str, Any]) -> bool:
        """Whether an object's keys are parameters, all required ones among them."""
        return self.required <= value.keys() <= self.names

    def bind(self, value: Any, at: str = "") -> dict[str, Any]:
        """One instance -> values by parameter, not validated: an object by name, a bare value for the lone parameter,
        a list by position. Raises Refused.
        """
        lone = self.lone
        if isinstance(value, dict) and self.fits(value):
            return value
        if lone is not None and takes(lone, value):
            return {lone.name: value}
        if isinstance(value, list) and len(self.required) <= len(value) <= len(self.parameters):
            return {parameter.name: item for parameter, item in zip(self.parameters, value)}  # noqa: B905
        raise self.misfit(value, at)

    def misfit(self, value: Any, at: str) -> Refused:
        """Which names are missing, and which nobody knows."""
        given = set(value) if isinstance(value, dict) else set()
        details = [{"at": dotted(at, name), "problem": "is missing"} for name in sorted(self.required - given)]
        details += [{"at": dotted(at, name), "problem": "is not a parameter"} for name in sorted(given - self.names)]
        wanted = ", ".join(parameter.name for parameter in self.parameters) or "none"
        start = f"{at}: " if at else ""
        return Refused(422, f"{start}an object with the parameters is wanted: {wanted}", details[:MOST])

    def validate(self, values: Mapping[str, Any], at: str = "") -> dict[str, Any]:
        """Values -> arguments. Raises Refused with all that is wrong."""
        arguments, details = {}, []
        for parameter in self.parameters:
            if parameter.name in values:
                try:
                    kind = parameter.kind
                    arguments[parameter.name] = checked(values[parameter.name], kind.adapter, kind.narrow)
                except ValidationError as error:
                    details += findings(error, dotted(at, parameter.name))
        if details:
            raise Refused(422, f"{details[0]['at']}: {details[0]['problem']}", details[:MOST])
        return arguments

    def call(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Calls ``function``; only-positional parameters are put in their places."""
        first = [arguments[p.name] for p in self.parameters if p.positional and p.name in arguments]
        if not first:
            return function(**arguments)
        return function(
            *first, **{p.name: arguments[p.name] for p in self.parameters if not p.positional and p.name in arguments}
        )


def read_signature(function: Callable[..., Any], batch: bool | None) -> Signature:
    """The signature of the notebook's own function; ``batch`` is what the notebook says about it."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception:  # annotations are code: whatever they raise, the function works without them
        hints = {}
    try:
        described = inspect.signature(function)
    except (TypeError, ValueError):
        described = inspect.Signature([inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY)])
    parameters = tuple(
        Parameter(
            item.name,
            kind_of(hints.get(item.name, inspect.Parameter.empty if hints or item.annotation is item.empty else Any)),
            item.default is item.empty,
            None if item.default is item.empty else item.default,
            item.kind is item.POSITIONAL_ONLY,
        )
        for item in described.parameters.values()
        if item.kind not in (item.VAR_POSITIONAL, item.VAR_KEYWORD)
        if item.default is item.empty or is_plain(item.default)
    )
    summary = inspect.getdoc(function) or ""
    is_async = inspect.iscoroutinefunction(function)
    return Signature(parameters, adapter_of(hints.get("return")), summary, is_async, takes_many(parameters, batch))


def takes_many(parameters: tuple[Parameter, ...], batch: bool | None) -> bool | None:
    """True for a table or a name like ``X``, False where every value is a single one, else None."""
    required = [parameter for parameter in parameters if parameter.required]
    if batch is not None or not required:
        return batch
    first = required[0].kind
    if len(required) == 1 and first.form == "frame":
        return True
    if len(required) == 1 and required[0].name in MANY and first.depth != 0:
        return True
    return False if all(parameter.kind.depth == 0 for parameter in required) else None


def takes(parameter: Parameter, value: Any) -> bool:
    """Whether a bare value may be one of the parameter, as far as objects and lists are told apart."""
    kind = parameter.kind
    if isinstance(value, dict):
        return kind.body or kind.form in ("frame", "any") or (kind.form == "value" and kind.depth is None)
    return not (isinstance(value, list) and kind.depth == 0)


def is_plain(value: Any) -> bool:
    """Whether a default could stand in a request."""
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, float, str))


def adapter_of(annotation: Any) -> TypeAdapter[Any] | None:
    """What describes results, where pydantic can."""
    if annotation in (None, Any):
        return None
    try:
        return TypeAdapter(annotation)
    except (PydanticSchemaGenerationError, PydanticUserError):
        return None


def findings(error: ValidationError, at: str) -> list[dict[str, str]]:
    """pydantic's findings as places and sentences; no value of the request is repeated."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        {"at": dotted(at, *map(str, item["loc"])), "problem": item["msg"].removeprefix("Value error, ")}
        for item in errors
    ]


def dotted(*parts: str) -> str:
    """``instances.0.x``."""
    return ".".join(part for part in parts if part)
