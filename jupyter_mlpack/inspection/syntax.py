"""Text -> syntax tree, parsed once and walked once however many rules look at it; bounded in time, memory and depth.

Python's own parser builds a few hundred bytes of tree for each character of hostile text, and code that recurses over
a tree fails on a deep one. So a text has a longest length, trees are kept up to a total, and a statement nested deeper
than ``MAX_DEPTH`` is left out of its tree.
"""

from __future__ import annotations

import ast
import functools
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern

MAX_CELL = 200_000
"""Characters; longer cells are data, not code, and parsing them would cost gigabytes."""

MAX_DEPTH = 200
"""Levels of a syntax tree. A chain of 200 ``elif`` or ``+`` is generated code; recursion over it would not return."""

MAX_KEPT = 1_000_000
"""Characters whose trees are kept at a time."""

MAX_FIELDS = 2_000
"""Braces in one f-string: CPython before 3.12 looks for the place of each from the string's beginning."""

FORMATTED = pattern(r"(?:[fF][rR]?|[rR][fF])(\"\"\"|'''|\"|')")
MAX_LINE = 2_000
"""Characters of a single line that is tried as an import."""

IMPORTED = pattern(r"(?:import|from|,)(?:[\w. \t]|\\\n)*")
"""What an import names, across lines that end in a backslash."""

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What ``ast.parse`` raises on hostile text: nul bytes are ValueError, deep nesting the last two."""

NAMES = ["arg", "asname", "attr", "conversion", "id", "is_async", "kind", "level", "module", "simple", "type_comment"]
PUNCTUATION = frozenset([*NAMES, "ctx", "op", "ops"])
"""Fields without nodes, or whose nodes say nothing that their parent's type does not."""

LEAVES = frozenset([ast.Name, ast.Constant, ast.alias, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal])
"""Nodes without nodes below them."""

N = TypeVar("N", bound=ast.AST)


@dataclass(frozen=True)
class Parsed:
    """A tree, all its nodes level by level, and the same told apart by their type."""

    tree: ast.Module
    nodes: tuple[ast.AST, ...]
    by_kind: Mapping[type, Sequence[ast.AST]]


class _Trees:
    """The trees of the texts asked for last, at most ``MAX_KEPT`` characters of them."""

    def __init__(self) -> None:
        self.kept: dict[str, Parsed | None] = {}
        self.size = 0

    def of(self, text: str) -> Parsed | None:
        """The tree of ``text``, made now or before."""
        if text in self.kept:
            return self.kept[text]
        if self.size + len(text) > MAX_KEPT:
            self.clear()
        self.size += len(text)
        self.kept[text] = found = _parse(text)
        return found

    def clear(self) -> None:
        """Let go of all."""
        self.kept.clear()
        self.size = 0


_trees = _Trees()


def parse_python(text: str) -> ast.Module | None:
    """``text`` as a syntax tree (shared: nobody changes it), or ``None`` if it is no Python (or too much of it)."""
    parsed = _trees.of(text)
    return parsed.tree if parsed else None


def walk_python(text: str) -> tuple[ast.AST, ...]:
    """All nodes of ``text``'s tree, outer before inner, as ``ast.walk`` has them; operators and contexts left out."""
    parsed = _trees.of(text)
    return parsed.nodes if parsed else ()


def nodes_of(text: str, kind: type[N]) -> Sequence[N]:
    """Those nodes of ``walk_python`` that are exactly of one ``kind``: a rule looks at what it knows, not at all."""
    parsed = _trees.of(text)
    return cast("Sequence[N]", parsed.by_kind.get(kind, ())) if parsed else ()


def children(node: ast.AST) -> Sequence[ast.AST]:
    """The nodes below ``node`` in order, as ``ast.iter_child_nodes`` has them; looked up once for all who ask."""
    found: Sequence[ast.AST] | None = node.__dict__.get("_below")
    return _look_below(node) if found is None else found


def is_import(line: str) -> bool:
    """Whether ``line`` is an import statement by itself."""
    if not line.startswith(("import ", "from ")) or len(line) > MAX_LINE:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return isinstance(ast.parse(line).body[0], (ast.Import, ast.ImportFrom))
    except UNPARSABLE:
        return False


def forget_trees() -> None:
    """Let go of all trees, as between two notebooks."""
    _trees.clear()


def _parse(text: str) -> Parsed | None:
    if len(text) > MAX_CELL or _has_long_name(text) or _has_wide_text(text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except UNPARSABLE:
        return None
    nodes = _walk(tree)
    if nodes is None:
        tree.body = [statement for statement in tree.body if _walk(statement) is not None]
        nodes = _walk(tree)
    return Parsed(tree, nodes, _by_kind(nodes)) if nodes is not None else None


def _has_long_name(text: str) -> bool:
    """Whether an import names a module of more than ``MAX_DEPTH`` parts: CPython joins them in quadratic memory."""
    if text.count(".") <= MAX_DEPTH or ("import" not in text and "from" not in text):
        return False
    return any(found[0].count(".") > MAX_DEPTH for found in IMPORTED.finditer(text))


def _has_wide_text(text: str) -> bool:
    """Whether an f-string has more than ``MAX_FIELDS`` braces before a quote that may end it."""
    if text.count("{") <= MAX_FIELDS:
        return False
    for found in FORMATTED.finditer(text):
        end = text.find(found[1], found.end())
        while end > 0 and text[end - 1] == "\\":
            end = text.find(found[1], end + 1)
        if text.count("{", found.end(), end if end >= 0 else len(text)) > MAX_FIELDS:
            return True
    return False


def _walk(top: ast.AST) -> tuple[ast.AST, ...] | None:
    """The nodes level by level, each told what is below it; ``None`` for a tree that is too deep."""
    nodes: list[ast.AST] = []
    level: list[ast.AST] = [top]
    for _ in range(MAX_DEPTH):
        if not level:
            return tuple(nodes)
        nodes += level
        below: list[ast.AST] = []
        for node in level:
            if type(node) not in LEAVES:
                found = node.__dict__["_below"] = _look_below(node)
                below += found
        level = below
    return None


def _by_kind(nodes: Sequence[ast.AST]) -> Mapping[type, Sequence[ast.AST]]:
    found: dict[type, list[ast.AST]] = {}
    for node in nodes:
        kind = type(node)
        if kind in found:
            found[kind].append(node)
        else:
            found[kind] = [node]
    return found


def _look_below(node: ast.AST) -> Sequence[ast.AST]:
    found: list[ast.AST] = []
    values = node.__dict__
    for name in _telling(cast("Any", type(node))):
        value = values.get(name)
        if type(value) is list:
            found += filter(None, value) if value and type(value[0]) is not str else ()
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


@functools.cache
def _telling(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of node (a class of ``ast``) that may hold nodes worth a look."""
    return tuple(name for name in kind._fields if name not in PUNCTUATION)
