"""Bytes -> values and values -> bytes: JSON, JSON lines, CSV, numpy's file."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from mlpack_server.faults import Refused
from mlpack_server.kinds import has
from mlpack_server.results import json_bytes

JSON = "application/json"
DIGITS = frozenset("0123456789+- ")
LINES = ("application/jsonlines", "application/x-ndjson", "application/jsonl")
NUMPY = "application/x-npy"
CSV = "text/csv"
NUMBER = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+]?[0-9]+)?|nan|NaN|inf|Infinity)\s*")


def read_json(body: bytes) -> Any:
    """Raises Refused."""
    try:
        return from_json(body)
    except ValueError as error:
        raise Refused(400, f"the body is not JSON: {error}") from None


def read_object(body: bytes) -> dict[str, Any]:
    """Raises Refused."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise Refused(422, "the body must be a JSON object")
    return value


def media(header: str) -> tuple[str, dict[str, str]]:
    """``text/csv; header=present`` -> its type and its parameters."""
    kind, *rest = header.split(";")
    pairs = (item.partition("=") for item in rest)
    return kind.strip().lower(), {name.strip().lower(): value.strip(' "') for name, _, value in pairs}


def must_be_json(header: str) -> None:
    """For routes that speak nothing else; no header at all is taken for JSON. Raises Refused."""
    kind = media(header)[0]
    if kind and kind != JSON and not kind.endswith("+json"):
        raise Refused(415, f"this route takes {JSON}, not {kind}")


def read_lines(body: bytes) -> list[Any]:
    """One JSON value in each line. Raises Refused."""
    return [read_json(line) for line in body.splitlines() if line.strip()]


def read_csv(body: bytes, header: str) -> list[Any]:
    """Rows: objects by column if there is a header, else lists. ``header`` is present, absent or empty (see).

    Without a word about it a first line without a number, above a line with one, is a header. Raises Refused.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(400, f"the body is not CSV in UTF-8: {error}") from None
    values = [[typed(cell) for cell in row] for row in rows]
    if len({len(row) for row in values}) > 1:
        raise Refused(400, "the lines of the CSV are not equally long")
    named = len(values) > 1 and all(isinstance(cell, str) for cell in values[0]) and values[1] != values[0]
    named = named and any(not isinstance(cell, str) for cell in values[1])
    if header == "present" or (header != "absent" and named):
        return [dict(zip(rows[0], row)) for row in values[1:]]  # noqa: B905
    return list(values)


def typed(text: str) -> Any:
    """A cell of a CSV: a number where it is one, None where it is empty."""
    if NUMBER.fullmatch(text):
        return int(text) if set(text) <= DIGITS else float(text)
    return text if text else None


def read_numpy(body: bytes) -> Any:
    """A numpy array out of its file; never a pickle. Raises Refused."""
    if not has("numpy"):
        raise Refused(415, f"the notebook does not use numpy: {NUMPY} cannot be read")
    import numpy

    try:
        return numpy.load(io.BytesIO(body), allow_pickle=False)
    except (ValueError, EOFError, OSError, KeyError, SyntaxError, MemoryError):
        raise Refused(400, "the body is not a numpy array file") from None


def wanted(accept: str) -> str:
    """The best of what the client accepts. Raises Refused with 406."""
    choices: list[tuple[float, str]] = []
    for item in accept.split(","):
        kind, parameters = media(item)
        try:
            choices.append((-float(parameters.get("q", "1")), kind))
        except ValueError:
            choices.append((0.0, kind))
    for _, kind in sorted(choices, key=lambda choice: choice[0]):
        if kind in ("", "*/*", "application/*", JSON):
            return JSON
        if kind in (CSV, "text/*"):
            return CSV
        if kind in LINES or (kind == NUMPY and has("numpy")):
            return kind
    raise Refused(406, f"answers are {JSON}, {CSV}, {LINES[0]} or {NUMPY}")


def write(value: Any, kind: str) -> bytes:
    """A result in the form of ``kind``."""
    if kind == JSON:
        return json_bytes(value)
    if kind == NUMPY:
        import numpy

        buffer = io.BytesIO()
        try:
            numpy.save(buffer, numpy.asarray(value), allow_pickle=False)
        except ValueError:
            raise Refused(406, "the result is no array of numbers; accept application/json") from None
        return buffer.getvalue()
    rows = from_json(json_bytes(value))
    every = rows if isinstance(rows, list) else [rows]
    if kind in LINES:
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in every).encode()
    buffer_ = io.StringIO()
    csv.writer(buffer_, lineterminator="\n").writerows(map(cells, every))
    return buffer_.getvalue().encode()


def cells(row: Any) -> Iterator[Any]:
    """One result as the cells of a line."""
    if isinstance(row, dict):
        return iter(row.values())
    return iter(row) if isinstance(row, list) else iter([row])
