"""New values for the assignments of a notebook without a cell tagged ``parameters``: literals replaced in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def assign(document: Any, values: Mapping[str, Any], places: Mapping[str, Mapping[str, Any]]) -> Any:
    """``document`` with ``values`` in the places where the literals stood. The document itself is changed."""
    chosen = [(places[name], value) for name, value in values.items()]
    # from the end to the start: a new literal may be longer than the old one and would move what follows
    for place, value in sorted(chosen, key=lambda pair: (pair[0]["line"], pair[0]["column"]), reverse=True):
        cell = document.cells[place["cell"] - 1]
        cell.source = replaced(cell.source, place, repr(value))
    return document


def replaced(source: str, place: Mapping[str, Any], literal: str) -> str:
    """``source`` with ``literal`` in a place; columns count UTF-8 bytes."""
    lines = [line.encode() for line in source.split("\n")]
    first, last = place["line"] - 1, place["end_line"] - 1
    before, after = lines[first][: place["column"]], lines[last][place["end_column"] :]
    lines[first : last + 1] = [before + literal.encode() + after]
    return b"\n".join(lines).decode()
