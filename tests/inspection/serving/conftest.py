"""Notebooks as one text: cells between lines of ``---``, a tag after ``# tag:`` in the first line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.values import Cell, Json, Notebook

Make = Callable[..., Notebook]


@pytest.fixture(scope="session", name="make")
def give_make() -> Make:
    """``make(text, **choices)`` -> the notebook."""

    def make(text: str, **choices: Json) -> Notebook:
        metadata: dict[str, Json] = {"mlpack": dict(choices)} if choices else {}
        cells = tuple(cell(number, source) for number, source in enumerate(text.strip("\n").split("\n---\n"), 1))
        return Notebook(Path("n.ipynb"), cells, "python", None, None, metadata, {"cells": []})

    return make


def cell(number: int, source: str) -> Cell:
    """One code cell."""
    first, _, rest = source.partition("\n")
    tag = first.removeprefix("# tag: ") if first.startswith("# tag: ") else ""
    return read_cell(number, rest if tag else source, [tag] if tag else [])
