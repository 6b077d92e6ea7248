"""Values as plain JSON data."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from jupyter_mlpack.frozen import names

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Parameter = None | bool | int | float | str | list["Parameter"] | dict[str, "Parameter"]


def to_json(value: object) -> Json:  # noqa: PLR0911 (one line for each kind of value)
    """``value`` as plain JSON data: dataclasses become objects (``class_`` is ``class``), tuples and sets (sorted)
    lists, paths strings.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    kind: Any = type(value)
    fields = _names(kind)
    if fields is not None:
        return {wire: to_json(getattr(value, name)) for name, wire in fields}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return [to_json(item) for item in sorted(value)]
    raise TypeError(f"not a value: {type(value).__name__}")


@functools.cache
def _names(kind: Any) -> tuple[tuple[str, str], ...] | None:
    """Names of a dataclass' fields, in Python and in JSON; nothing for other classes."""
    fields = names(kind)
    return None if fields is None else tuple((name, name.rstrip("_")) for name in fields)
