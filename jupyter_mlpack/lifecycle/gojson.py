"""JSON as Go's ``encoding/json`` writes it, because labels are compared byte by byte with the official exporter's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from jupyter_mlpack.lifecycle.floats import json_float

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def go_json(value: object) -> str:
    """``value`` without spaces, mappings in the order they have, ``<>&`` escaped, TOML dates as RFC 3339.

    Raises ``ValueError`` for what JSON cannot hold (nan, bytes).
    """
    if value is None:
        return "null"
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if isinstance(value, float):
        return json_float(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{go_string(key)}:{go_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return "[" + ",".join(go_json(item) for item in value) + "]"
    return go_string(value if isinstance(value, str) else _moment(value))


def go_string(text: str) -> str:
    """``text`` as a JSON string; what is not valid Unicode becomes a question mark."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(whole, ensure_ascii=False).translate(_ESCAPES)


def sorted_table(value: object) -> object:
    """``value`` with the keys of all its mappings sorted, as Go writes maps (records keep theirs)."""
    if isinstance(value, Mapping):
        return {key: sorted_table(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [sorted_table(item) for item in value]
    return value


def _moment(value: object) -> str:
    import datetime

    if isinstance(value, datetime.datetime):
        text = value.isoformat()
        fraction = f".{value.microsecond:06d}".rstrip("0").rstrip(".")
        text = value.replace(microsecond=0).isoformat() if value.microsecond else text
        head, zone = text[:19], text[19:]
        return head + fraction + ("Z" if zone in ("", "+00:00") else zone)
    if isinstance(value, datetime.date):
        return f"{value.isoformat()}T00:00:00Z"
    if isinstance(value, datetime.time):
        return f"0000-01-01T{value.isoformat()}Z"
    raise ValueError(f"not JSON: {type(value).__name__}")
