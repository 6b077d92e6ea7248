"""Reading fields of metadata that may be anything: whoever wrote the notebook decides what stands there."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpack.values import Evidence, Json, Location, Notebook


def mapping(value: Json | Mapping[str, Json]) -> Mapping[str, Json]:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: Json) -> str:
    """``value`` without blanks around it if it is text, else nothing."""
    return value.strip() if isinstance(value, str) else ""


def truth(value: Json) -> bool:
    """A flag, which some tools write as text."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def whole(value: Json) -> int | None:
    """A whole number from 1 on, which some tools write as text."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 9:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def evidence(notebook: Notebook, key: str, value: object, rule: str = "HW2") -> Evidence:
    """``key=value`` of the notebook's metadata."""
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return Evidence(rule, Location(notebook.path.name), f"{key}={said}"[:200])
