"""Values as plain JSON data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

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
    if isinstance(value, (str, Path)):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {entry.name.rstrip("_"): to_json(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return [to_json(item) for item in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    raise TypeError(f"not a value: {type(value).__name__}")
