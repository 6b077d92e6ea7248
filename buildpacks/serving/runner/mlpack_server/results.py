"""What a predict function returns -> plain values, and JSON."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from mlpack_server.faults import Refused


def json_bytes(value: Any) -> bytes:
    """JSON; NaN and infinite numbers become null, bytes base64. Raises Refused for what cannot be written."""
    try:
        return to_json(value, fallback=plain, inf_nan_mode="null", bytes_mode="base64")
    except (PydanticSerializationError, ValueError, TypeError, RecursionError):
        text = f"the result ({type(value).__name__}) cannot be written as JSON"
        raise Refused(500, text) from None


def plain(value: Any) -> Any:
    """Values of numpy, pandas, torch and their kin as lists, records and numbers. Raises TypeError."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict(orient="records")
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    for method in ("tolist", "isoformat", "item"):
        if hasattr(value, method):
            return getattr(value, method)()
    if hasattr(value, "numpy"):
        return value.numpy().tolist()
    if type(value).__module__.startswith("pandas."):
        return None  # NaT and NA
    raise TypeError(type(value).__name__)


def listed(value: Any, count: int) -> list[Any]:
    """The results of one call for ``count`` instances. Raises Refused when that is not what they are."""
    if isinstance(value, dict) and value and all(size(item) == count for item in value.values()):
        columns = {name: list(as_list(item)) for name, item in value.items()}
        return [{name: column[row] for name, column in columns.items()} for row in range(count)]
    if size(value) != count:
        raise Refused(500, f"the function gave {size(value)} results for {count} instances")
    return list(as_list(value))


def as_list(value: Any) -> Any:
    """A sequence of results as a list."""
    return value if isinstance(value, (list, tuple)) else plain(value)


def size(value: Any) -> int | None:
    """How many results a value is; None for a single one."""
    if isinstance(value, (str, bytes, dict)):
        return None
    shape = getattr(value, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    return len(value) if hasattr(value, "__len__") else None
