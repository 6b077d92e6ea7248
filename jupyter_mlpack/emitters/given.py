"""What all emitters need of a task and of the target's options. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.values import Json, Task

GIBIBYTE = 1 << 30


def needed(service: str, options: Mapping[str, Any], name: str, example: str) -> str:
    """An option that the service cannot do without. Raises ``EmitterOptionMissing``."""
    value = options.get(name)
    if not value:
        raise errors.EmitterOptionMissing(service=service, option=name, example=example)
    return str(value)


def parameters(task: Task) -> dict[str, Json]:
    """The notebook's parameters by name, out of ``-p name=<JSON>``."""
    found: dict[str, Json] = {}
    for word, text in zip(task.arguments, task.arguments[1:], strict=False):
        if word == "-p":
            name, _, value = text.partition("=")
            found[name] = json.loads(value)
    return found


def as_texts(values: Mapping[str, Json]) -> dict[str, str]:
    """For services whose parameters are all texts: a text as it is, others as JSON."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def gibibytes(size: int) -> int:
    """Bytes as whole GiB, upwards."""
    return math.ceil(size / GIBIBYTE)
