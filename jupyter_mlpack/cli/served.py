"""What an inference image would hold of a notebook, for people: each code cell, whether it is kept, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jupyter_mlpack.cli.style import Sheet, Span
from jupyter_mlpack.values import CellFate, Serving

WORDS = {"all": ("kept", "green"), "part": ("kept in part", "green"), "none": ("cut", "dim")}


def write_serving(sheet: Sheet, serving: Serving) -> None:
    """The predict function, what would stop an inference image, and the table of cells."""
    at = f"cell {serving.location.cell}, line {serving.location.line}"
    further = "".join(f", {name}" for name in serving.others)
    sheet.heading("serving", f"{serving.function} ({at}){further} would answer requests")
    problems: list[list[Span]] = [
        [
            ("trains", "red"),
            (one.name, "bold"),
            (f"cell {one.location.cell}, line {one.location.line}: no inference image; load it from a file", ""),
        ]
        for one in serving.trains
    ]
    sheet.columns(problems, wrap=True)
    sheet.columns([[(f"cell {one.cell}", "bold"), WORDS[one.kept], (one.why, "")] for one in serving.cells], wrap=True)
    if serving.files:
        sheet.columns([[("loads", "bold"), (", ".join(serving.files), "")]], wrap=True)


def cell_lines(cells: Iterable[CellFate]) -> Iterator[str]:
    """The table of cells as plain lines."""
    for one in cells:
        yield f"  cell {one.cell:<4} {WORDS[one.kept][0]:<13} {one.why}"
