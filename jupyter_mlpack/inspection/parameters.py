"""What a run may change: the cell tagged ``parameters``, or else early literal assignments that later cells read.

The tag is papermill's convention; of several tagged cells the first counts, as there. A literal that looks like a
secret is no parameter: its default would be shown and stored.
"""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Iterable, Iterator

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.credentials import holds_secret
from jupyter_mlpack.values import Cell, Location, NotebookParameter, Parameter

EARLY = 0.5
"""Share of the code cells, from the top, in which an untagged assignment may be meant as a setting."""

MAX_DEFAULT = 10_000
"""Characters of a literal; longer ones are data."""


def find_parameters(path: str, cells: Iterable[Cell]) -> tuple[NotebookParameter, ...]:
    """The parameters in the order in which they stand."""
    cells = tuple(cells)
    tagged = next((cell for cell in cells if "parameters" in cell.tags), None)
    if tagged is not None:
        found = dict(_assignments(path, tagged))
        return tuple(found.values())
    early = cells[: max(1, math.ceil(len(cells) * EARLY))]
    stored = Counter(name for cell in cells for name in _names(cell, ast.Store, ast.Del))
    reading = {cell.number: frozenset(_names(cell, ast.Load)) for cell in cells}
    settings = []
    for cell in early:
        later = frozenset().union(*(names for number, names in reading.items() if number > cell.number))
        mine = _assignments(path, cell)
        settings += [
            item for name, item in mine if stored[name] == 1 and name in later and item.default not in ([], {})
        ]
    return tuple(settings)


def _assignments(path: str, cell: Cell) -> Iterator[tuple[str, NotebookParameter]]:
    tree = parse_python(cell.python)
    for node in tree.body if tree else ():
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign) and len(node.targets) == 1
            else getattr(node, "target", None)
        )
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(target, ast.Name) and value is not None and not target.id.startswith("_"):
            literal = read_literal(value)
            if holds_secret(target.id, literal):
                continue
            if literal is not None or (
                isinstance(value, ast.Constant) and value.value is None and "parameters" in cell.tags
            ):
                yield target.id, NotebookParameter(target.id, literal, Location(path, cell.number, node.lineno))


def read_literal(node: ast.expr) -> Parameter:
    """The value of a number, text, truth value, or a list or dict of them; ``None`` for anything else."""
    if (node.end_col_offset or 0) - node.col_offset > MAX_DEFAULT or (node.end_lineno or 0) - node.lineno > 200:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if _is_parameter(value) else None


def _is_parameter(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(item is None or _is_parameter(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and (item is None or _is_parameter(item)) for key, item in value.items())
    return isinstance(value, (bool, int, str))


def _names(cell: Cell, *contexts: type[ast.expr_context]) -> Iterator[str]:
    """Names that a cell stores or reads; an augmented assignment, an import or a ``global`` counts as storing."""
    tree = parse_python(cell.python)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, contexts):
            yield node.id
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, contexts) and isinstance(node.value, ast.Name):
            yield node.value.id
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) and ast.Store in contexts:
            yield node.name
        elif isinstance(node, ast.alias) and ast.Store in contexts:
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Global) and ast.Store in contexts:
            yield from node.names
    if ast.Load in contexts:
        for magic in cell.magics:
            yield from _in_braces(magic.arguments)


def _in_braces(text: str) -> Iterator[str]:
    """``!train --rate {rate}`` and ``$rate`` read a variable too."""
    for index, char in enumerate(text):
        if char in "{$":
            word = text[index + 1 : index + 100].lstrip("{").partition("}")[0]
            name = next((part for part in word.replace("/", " ").split()), "")
            if name.isidentifier():
                yield name
