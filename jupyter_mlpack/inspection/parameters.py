"""What a run may change: the cell tagged ``parameters``, or else early literal assignments that later cells read.

The tag is papermill's convention; of several tagged cells the first counts, as there. A form of Colab (``rate = 0.1
#@param``) says the same of one line. A literal that looks like a secret is no parameter: its default would be shown
and stored.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.credentials import holds_secret
from jupyter_mlpack.inspection.syntax import nodes_of
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell, Location, NotebookParameter, Parameter

EARLY = 0.5
"""Share of the code cells, from the top, in which an untagged assignment may be meant as a setting."""

MAX_DEFAULT = 10_000
"""Characters of a literal; longer ones are data."""

MAX_DEPTH = 20
"""Levels of lists and dicts in a literal."""

FORM = pattern(r"#\s{0,3}@param\b")
NAMED: tuple[type[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler], ...] = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.ExceptHandler,
)
"""Nodes that bind the name that they have."""


def find_parameters(path: str, cells: Iterable[Cell]) -> tuple[NotebookParameter, ...]:
    """The parameters in the order in which they stand."""
    cells = tuple(cells)
    tagged = next((cell for cell in cells if "parameters" in cell.tags), None)
    if tagged is not None:
        return tuple({item.name: item for item, _ in _assignments(path, tagged)}.values())
    assigned = [(item, is_form) for cell in cells for item, is_form in _assignments(path, cell)]
    wanted = frozenset(item.name for item, _ in assigned)
    early = frozenset(cell.number for cell in cells[: max(1, math.ceil(len(cells) * EARLY))])
    stored: Counter[str] = Counter()
    last_read: dict[str, int] = {}
    for cell in cells if wanted else ():
        for name, stores in _names(cell):
            if name not in wanted:
                continue
            if stores:
                stored[name] += 1
            else:
                last_read[name] = cell.number
    settings = []
    for item, is_form in assigned:
        at = item.location.cell or 0
        used = at in early and last_read.get(item.name, 0) > at and item.default not in ([], {})
        if stored[item.name] == 1 and (used or is_form):
            settings.append(item)
    return tuple(settings)


def _assignments(path: str, cell: Cell) -> Iterator[tuple[NotebookParameter, bool]]:
    """The literals that a cell assigns at its top level, each with whether its line is a form's."""
    tree = parse_python(cell.python)
    lines = cell.source.split("\n") if tree else []
    for node in tree.body if tree else ():
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        target = node.target if isinstance(node, ast.AnnAssign) else target
        if not isinstance(target, ast.Name) or target.id.startswith("_"):
            continue
        literal = read_literal(node.value)
        empty = isinstance(node.value, ast.Constant) and node.value.value is None and "parameters" in cell.tags
        if (literal is not None or empty) and not holds_secret(target.id, literal):
            last = (node.end_lineno or node.lineno) - 1
            is_form = last < len(lines) and bool(FORM.search(lines[last][:2_000]))
            yield NotebookParameter(target.id, literal, Location(path, cell.number, node.lineno)), is_form


def read_literal(node: ast.expr) -> Parameter:
    """The value of a number, text, truth value, or a list or dict of them; ``None`` for anything else."""
    if (node.end_col_offset or 0) - node.col_offset > MAX_DEFAULT or (node.end_lineno or 0) - node.lineno > 200:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if _is_parameter(value) else None


def _is_parameter(value: object, depth: int = 0) -> bool:
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(item is None or _is_parameter(item, depth + 1) for item in value)
    if isinstance(value, dict):
        texts = all(isinstance(key, str) for key in value)
        return texts and all(item is None or _is_parameter(item, depth + 1) for item in value.values())
    return isinstance(value, (bool, int, str))


def _names(cell: Cell) -> Iterator[tuple[str, bool]]:
    """Names that a cell stores (true) or reads (false), once for each place.

    An augmented assignment, an import, a ``global``, a definition, and a change through an index or an attribute count
    as storing.
    """
    text = cell.python
    for name in nodes_of(text, ast.Name):
        yield name.id, not isinstance(name.ctx, ast.Load)
    parts: list[ast.Subscript | ast.Attribute] = [*nodes_of(text, ast.Subscript), *nodes_of(text, ast.Attribute)]
    for part in parts:
        if isinstance(part.value, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.value.id, True
    for entry in nodes_of(text, ast.alias):
        yield (entry.asname or entry.name).partition(".")[0], True
    for said in nodes_of(text, ast.Global):
        yield from ((named, True) for named in said.names)
    for kind in NAMED:
        yield from ((node.name, True) for node in nodes_of(text, kind) if node.name)
    for magic in cell.magics:
        yield from ((name, False) for name in _in_braces(f"{magic.arguments}\n{magic.body}"[:20_000]))


def _in_braces(text: str) -> Iterator[str]:
    """``!train --rate {rate}`` and ``$rate`` read a variable too."""
    for match in re.finditer(r"\$\{?([^\W\d]\w{0,99})|\{([^\W\d]\w{0,99})", text):
        yield match.group(1) or match.group(2)
