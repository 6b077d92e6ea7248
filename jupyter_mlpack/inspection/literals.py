"""Where the literal of a parameter stands, so that a run can put another value in its place."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.values import Cell, Json, NotebookParameter


def literal_places(cells: Iterable[Cell], parameters: Iterable[NotebookParameter]) -> dict[str, Json]:
    """For each parameter the cell (counted from 1), the first and last line (from 1), the columns (from 0, in UTF-8
    bytes, as Python's ``ast`` counts them) and the text of its literal in the cell's source.

    A literal that cannot be found there again (the cell was dedented, say) is left out: it cannot be replaced.
    """
    by_number = {cell.number: cell for cell in cells}
    places: dict[str, Json] = {}
    for parameter in parameters:
        cell = by_number.get(parameter.location.cell or 0)
        value = _value(cell, parameter) if cell else None
        text = _text(cell.source, value) if cell and value else None
        if cell and value and text and _is_same(text, value):
            columns = {"column": value.col_offset, "end_column": value.end_col_offset}
            lines = {"line": value.lineno, "end_line": value.end_lineno}
            places[parameter.name] = {"cell": cell.number, **lines, **columns, "text": text}
    return places


def _value(cell: Cell, parameter: NotebookParameter) -> ast.expr | None:
    """The literal assigned to the parameter's name on its line."""
    tree = parse_python(cell.python)
    for node in tree.body if tree else ():
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.lineno == parameter.location.line:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == parameter.name:
                return node.value
    return None


def _text(source: str, value: ast.expr) -> str | None:
    """The literal as it stands in the source, which may differ from the Python that was parsed."""
    lines = [line.encode() for line in source.split("\n")]
    if value.end_lineno is None or value.end_lineno > len(lines):
        return None
    part = lines[value.lineno - 1 : value.end_lineno]
    part[-1] = part[-1][: value.end_col_offset]
    part[0] = part[0][value.col_offset :]
    return b"\n".join(part).decode("utf-8", "replace")


def _is_same(text: str, value: ast.expr) -> bool:
    """Whether the text is the literal that was parsed."""
    tree = parse_python(f"({text})")
    found = tree.body[0].value if tree and isinstance(tree.body[0], ast.Expr) else None
    return found is not None and ast.dump(found) == ast.dump(value)
