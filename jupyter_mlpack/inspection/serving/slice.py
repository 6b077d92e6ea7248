"""A backward slice over names: the statements that a function needs to work when all kept ones have run in order.

A statement of the top level is kept if a needed name has its value from it: what binds it last, and what changes it in
place after that. A function that is kept needs what its body reads, as it is at the end and where it is called. Where
something is loaded into a name, what trained it before does not count any more.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.serving import words
from jupyter_mlpack.inspection.serving.calls import BUILTINS
from jupyter_mlpack.inspection.serving.effects import Effects
from jupyter_mlpack.inspection.serving.known import read_known
from jupyter_mlpack.inspection.serving.statements import effects_of
from jupyter_mlpack.values import Cell

MAX_QUESTIONS = 300_000
"""Names looked up in one slice; a notebook that asks more is not written by a person, and the rest is left out."""

PROMPTS = frozenset(["getpass", "input"])


@dataclass(frozen=True)
class Statement:
    """One statement of the top level, or several that share a line. Lines count from 1 in the cell.

    ``imports`` is set for a single import of several names: of these the needed ones are kept.
    """

    index: int
    cell: int
    first: int
    last: int
    effects: Effects = field(hash=False, compare=False)
    imports: ast.Import | ast.ImportFrom | None = field(hash=False, compare=False, default=None)


@dataclass
class Slice:
    """What is kept: for each statement the names that are needed from it. ``undefined`` are names from nowhere.

    ``unpickles`` says that objects are read as some program wrote them: ``known`` or ``unknown`` to this notebook.
    """

    statements: tuple[Statement, ...]
    kept: dict[int, set[str]] = field(default_factory=dict)
    undefined: set[str] = field(default_factory=set)
    unpickles: str = ""

    def text(self, index: int) -> str:
        """What is kept of a statement of ``imports``; empty where all of it is."""
        node = self.statements[index].imports
        if node is None:
            return ""
        entries = [entry for entry in node.names if (entry.asname or entry.name) in self.kept[index]]
        if not entries or len(entries) == len(node.names):
            return ""
        kept = type(node)(**{**dict(ast.iter_fields(node)), "names": entries})
        return ast.unparse(kept)

    def training(self) -> Iterator[tuple[Statement, str]]:
        """The kept statements that train what is needed from them, each with the name."""
        for index in sorted(self.kept):
            statement = self.statements[index]
            found = self.kept[index] & (statement.effects.trained - statement.effects.loaded)
            if found:
                yield statement, min(found, key=lambda name: (not words.MODEL.search(name), name))


def read_statements(cells: Sequence[Cell]) -> tuple[Statement, ...]:
    """The statements of all cells in order."""
    trees = [(cell, parse_python(cell.python)) for cell in cells]
    known = read_known([tree for _, tree in trees if tree])
    found: list[Statement] = []
    for cell, tree in trees:
        for nodes in on_lines(tree.body if tree else ()):
            first, last = min(map(first_line, nodes)), max(node.end_lineno or node.lineno for node in nodes)
            effects, imports = effects_of(nodes, known), several_names(nodes)
            found.append(Statement(len(found), cell.number, first, last, effects, imports))
    return tuple(found)


def several_names(nodes: Sequence[ast.stmt]) -> ast.Import | ast.ImportFrom | None:
    """The only statement, if it imports several names, each by itself."""
    node = nodes[0]
    if len(nodes) != 1 or not isinstance(node, (ast.Import, ast.ImportFrom)) or len(node.names) < 2:
        return None
    plain = isinstance(node, ast.ImportFrom) or all(entry.asname or "." not in entry.name for entry in node.names)
    return node if plain and getattr(node, "module", "") != "__future__" else None


def on_lines(body: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Statements, those that share a line together."""
    group: list[ast.stmt] = []
    for node in body:
        if group and first_line(node) > max(part.end_lineno or part.lineno for part in group):
            yield group
            group = []
        group.append(node)
    if group:
        yield group


def first_line(node: ast.stmt) -> int:
    """Its first line, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(part.lineno for part in decorators)])


def slice_for(names: Iterable[str], statements: tuple[Statement, ...]) -> Slice:
    """What the functions and objects called so need of ``statements``."""
    return _Slicer(statements).run(names)


class _Slicer:
    def __init__(self, statements: tuple[Statement, ...]) -> None:
        self.statements = statements
        self.found = Slice(statements)
        self.events: dict[str, list[int]] = defaultdict(list)
        self.asked: set[tuple[str, int, bool]] = set()
        self.questions: list[tuple[str, int, bool]] = []
        self.done: dict[int, set[str]] = {}
        self.traced: set[tuple[str, bool]] = set()
        for statement in statements:
            effects = statement.effects
            for name in effects.binds | effects.changes:
                self.events[name].append(statement.index)

    def run(self, names: Iterable[str]) -> Slice:
        end = len(self.statements)
        for name in sorted(names):
            self.ask(name, end, False)
        for statement in self.statements:
            if statement.effects.ambient and not statement.effects.reads & PROMPTS:
                self.keep(statement.index, "", False)
        while self.questions and len(self.asked) < MAX_QUESTIONS:
            self.answer(*self.questions.pop())
            if not self.questions:
                self.pickled()
        return self.found

    def pickled(self) -> None:
        """Where objects are read as they were written: the classes that they are made of, from what wrote them."""
        if self.traced or not any(self.statements[index].effects.unpickles for index in self.found.kept):
            return
        dumped = {name for statement in self.statements for name in statement.effects.dumped}
        self.found.unpickles = "known" if dumped else "unknown"
        names = [(name, False) for name in sorted(dumped)]
        while names:
            item = names.pop()
            if item not in self.traced:
                self.traced.add(item)
                names += self.made_of(*item)

    def made_of(self, name: str, called: bool) -> Iterator[tuple[str, bool]]:
        """Keep what the objects called ``name`` need when they are read; what they are made of has to be asked, too."""
        for index in self.events.get(name, ()):
            effects = self.statements[index].effects
            kind = effects.kinds.get(name)
            if kind == "function" and called:
                yield from ((inner, True) for inner in sorted(effects.later))
            elif kind is not None:
                self.keep(index, name, False)
            else:
                yield from sorted(effects.makers.get(name, ()))

    def ask(self, name: str, at: int, blank: bool) -> None:
        """``name`` is read before the statement ``at``; ``blank``: it is loaded anew, so training does not count."""
        if (name, at, blank) not in self.asked:
            self.asked.add((name, at, blank))
            self.questions.append((name, at, blank))

    def answer(self, name: str, at: int, blank: bool) -> None:
        """Keep the statements that give ``name`` its value before ``at``, from the last one back to what binds it."""
        events = self.events.get(name)
        if not events:
            self.from_nowhere(name)
            return
        for index in reversed(events):
            if index >= at:
                continue
            effects = self.statements[index].effects
            if name in effects.binds:
                self.keep(index, name, blank and name not in effects.loaded)
                for inner in effects.later:
                    self.ask(inner, at, False)
                return
            if blank and name in effects.trained and name not in effects.loaded:
                continue
            self.keep(index, name, blank)
            for inner in effects.later:
                self.ask(inner, at, False)
            blank = blank or name in effects.loaded

    def keep(self, index: int, name: str, blank: bool) -> None:
        """Keep a statement for ``name``, and ask for what it reads."""
        effects, end = self.statements[index].effects, len(self.statements)
        self.found.kept.setdefault(index, set()).update({name} - {""})
        first = index not in self.done
        before = self.done.setdefault(index, set())
        before.add(name)
        if first:
            for inner in effects.later:
                self.ask(inner, end, False)
        for read in effects.reads:
            if first or read == name:
                self.ask(read, index, read in effects.loaded or (read == name and blank))

    def from_nowhere(self, name: str) -> None:
        """A name that no statement binds: a builtin, or from some ``import *``."""
        if name in BUILTINS:
            return
        self.found.undefined.add(name)
        for statement in self.statements:
            if statement.effects.star:
                self.keep(statement.index, name, False)
