"""What names stand for, where code says it in so many words: ``packages = ["a", "b"]``, ``for name in [...]``.

Also a parameter of a function that the notebook calls with a literal: ``install("a")``. Nothing is computed.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from jupyter_mlpack.inspection.syntax import nodes_of, walk_python
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell

MAX_WORDS = 200
"""Texts that one name stands for."""

MAX_TEXT = 300
"""Characters of one text."""

MAX_EXPANDED = 100_000
"""Characters that all expansions in a notebook may add."""

GAP = pattern(r"\{(\w+)\}|\$\{?(\w+)\}?")

Table = dict[str, dict[str, None]]


class Constants:
    """The names of a notebook's cells; looked up when first asked for."""

    def __init__(self, cells: tuple[Cell, ...]) -> None:
        self._cells = cells
        self._left = MAX_EXPANDED

    def first(self, name: str) -> str:
        """The text that is assigned to ``name`` first; empty for none."""
        return next(iter(self._assigned.get(name, {})), "")

    def words(self, name: str) -> tuple[str, ...]:
        """All that ``name`` stands for, one after the other; empty if that is not sure."""
        in_turn = self._in_turn.get(name)
        assigned = tuple(self._assigned.get(name, {}))
        return tuple(in_turn) if in_turn else assigned if len(assigned) == 1 else ()

    def expand(self, text: str) -> str:
        """``text`` of an install command with ``{name}`` and ``$name`` filled in where that is sure."""
        if self._left <= 0 or not ("{" in text or "$" in text):
            return text
        expanded = GAP.sub(lambda found: " ".join(self.words(found[1] or found[2])) or found[0], text)
        self._left -= max(1, len(expanded) - len(text))
        return expanded

    @functools.cached_property
    def _assigned(self) -> Table:
        found: Table = {}
        for name, value in self._assignments():
            text = literal(value)
            if text:
                _put(found, name, [text])
        return found

    @functools.cached_property
    def _in_turn(self) -> Table:
        """Names of lists, names that run over them, and parameters with the arguments they are given."""
        found: Table = {}
        for name, listed in self._assignments():
            _put(found, name, _items(listed))
        parameters: dict[str, list[str]] = {}
        for node in self._nodes():
            if isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.target, ast.Name):
                texts = found.get(node.iter.id, {}) if isinstance(node.iter, ast.Name) else _items(node.iter)
                _put(found, node.target.id, list(texts))
            elif isinstance(node, ast.FunctionDef):
                parameters[node.name] = [entry.arg for entry in node.args.args]
        for call in self._calls() if parameters else ():
            if isinstance(call.func, ast.Name) and call.func.id in parameters:
                for name, value in zip(parameters[call.func.id], call.args, strict=False):
                    _put(found, name, _items(value) or [text for text in (literal(value),) if text])
        return found

    def _assignments(self) -> Iterator[tuple[str, ast.expr]]:
        for cell in self._cells:
            for node in nodes_of(cell.python, ast.Assign):
                if isinstance(node.targets[0], ast.Name):
                    yield node.targets[0].id, node.value

    def _calls(self) -> Iterator[ast.Call]:
        for cell in self._cells:
            yield from nodes_of(cell.python, ast.Call)

    def _nodes(self) -> Iterator[ast.AST]:
        for cell in self._cells:
            yield from walk_python(cell.python)


def literal(node: ast.expr) -> str:
    """A literal text, with ``{}`` for what is computed in it; empty if ``node`` is none."""
    if isinstance(node, ast.Constant):
        return node.value[:MAX_TEXT] if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values[:20])
        return "".join(str(part) for part in parts)[:MAX_TEXT]
    return ""


def word(node: ast.expr) -> str:
    """A word of a command: a text as it is, ``sys.executable`` as ``python``, a name as ``{name}``, else ``{}``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Attribute):
        return "python" if node.attr == "executable" else "{}"
    if isinstance(node, ast.JoinedStr):
        return "".join(word(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return word(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("split", "format"):
        return word(node.func.value)
    return f"{{{node.id}}}" if isinstance(node, ast.Name) else "{}"


def _items(node: ast.expr) -> list[str]:
    return [word(item) for item in node.elts[:MAX_WORDS]] if isinstance(node, (ast.List, ast.Tuple)) else []


def _put(table: Table, name: str, texts: list[str]) -> None:
    known = table.setdefault(name, {}) if texts else {}
    for text in texts:
        if len(known) < MAX_WORDS and len(text) <= MAX_TEXT:
            known[text] = None
