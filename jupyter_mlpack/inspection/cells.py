"""The source of one code cell -> ``Cell``: magics told apart from the Python around them.

Where what is left is no Python, its import lines are kept and ``parses`` is false. What is too long, or too much for
one notebook, is read line by line: the work that a notebook may cost is a ``Budget``, handed from cell to cell.
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.inspection.magics import Budget, split_lines, split_magics
from jupyter_mlpack.inspection.syntax import MAX_CELL, is_import, parse_python, walk_python
from jupyter_mlpack.values import Cell, Magic

__all__ = ["MAX_CELL", "Budget", "parse_python", "read_cell", "walk_python"]


def read_cell(number: int, source: str, tags: Iterable[str] = (), budget: Budget | None = None) -> Cell:
    """The cell ``number`` (counted from 1 over all cells) with ``source``; never raises on any text."""
    budget = budget or Budget()
    size = len(source)
    labels = frozenset(tags)
    if size > min(MAX_CELL, budget.parsed):
        if size > budget.skimmed:
            return Cell(number, source, "", (), labels, False)
        budget.skimmed -= size
        python, magics = split_lines(_lines(source), most=budget.magics + 1)
    else:
        budget.parsed -= size
        python, magics = split_magics(_lines(source), budget)
        text = "\n".join(python)
        if parse_python(text) is not None and len(walk_python(text)) <= budget.nodes:
            budget.nodes -= len(walk_python(text))
            return Cell(number, source, text, _within(number, magics, budget), labels)
    text = "\n".join(_import(line.strip(), budget) for line in python)
    return Cell(number, source, text, _within(number, magics, budget), labels, False)


def _import(line: str, budget: Budget) -> str:
    """The line if it is an import by itself, else nothing."""
    if budget.imports <= 0 or not line.startswith(("import ", "from ")):
        return ""
    budget.imports -= 1
    return line if is_import(line) else ""


def _lines(source: str) -> list[str]:
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _within(number: int, magics: list[Magic], budget: Budget) -> tuple[Magic, ...]:
    kept = tuple(magics[: budget.magics])
    if len(kept) < len(magics):
        budget.cut = budget.cut or number
    budget.magics -= len(kept)
    return kept
