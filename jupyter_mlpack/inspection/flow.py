"""Code in the order in which it stands -> its calls, with what each name stands for at that point; nothing is run.

A name that is bound again forgets what it stood for; one that is bound in a branch may stand for both. ``os.chdir`` and
``%cd`` move the working folder. The walk keeps its own stack: deep code costs memory in proportion to its text.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.paths import MAX_TEXTS, Text, Texts, called, dotted, evaluate, join_paths
from jupyter_mlpack.inspection.syntax import children
from jupyter_mlpack.inspection.tokens import mask
from jupyter_mlpack.values import Cell, Evidence, Location

MAX_ENTRIES = 200
"""Entries of one literal list or dict that are remembered."""

MAX_NAMES = 20_000
"""Names of one notebook that are remembered."""


LEAVES = frozenset(
    [ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.alias, ast.Import, ast.ImportFrom, ast.Pass]
)
BRANCHES = tuple(
    getattr(ast, name) for name in ("If", "Try", "While", "IfExp", "TryStar", "Match") if hasattr(ast, name)
)
BINDING = frozenset(BRANCHES) | {
    ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension, ast.ListComp,
    ast.SetComp, ast.GeneratorExp, ast.DictComp, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef,
}  # fmt: skip
"""Nodes below which the order, a name or the certainty changes."""


Step = ast.AST | Callable[[], None]
"""A node to be visited, or a change of what is known."""


class Flow:
    """The state of a walk through the cells (or the file) called ``path``: what is known at the call reached last.

    ``folder`` is the working folder (relative to the notebook's, POSIX style), ``None`` where it is not known.
    """

    def __init__(self, path: str, module: bool = False) -> None:
        self.path = path
        self.module = module
        self.folder: str | None = ""
        self.names: dict[str, Texts] = {"__file__": (Text(path),)} if module else {}
        self._doubt = 0
        self._inside: list[str] = []
        self._cell: int | None = None
        self._lines: list[str] = []

    @property
    def certain(self) -> bool:
        """Whether nothing but an error can keep the call from being made."""
        return not self._doubt and not self.module

    def cell(self, cell: Cell) -> Iterator[ast.Call]:
        """The calls of one cell; its ``%cd`` lines count at their place."""
        self._cell, self._lines = cell.number, cell.source.split("\n")
        tree = parse_python(cell.python)
        moves = sorted((magic.line, magic.arguments) for magic in cell.magics if magic.name == "cd")
        for statement in tree.body if tree else ():
            while moves and moves[0][0] <= statement.lineno:
                self._move(moves.pop(0)[1].strip("\"' "))
            yield from self._walk(statement)
        for _, folder in moves:
            self._move(folder.strip("\"' "))

    def file(self, text: str) -> Iterator[ast.Call]:
        """The calls of a Python file."""
        self._lines = text.split("\n")
        tree = parse_python(text)
        return self._walk(tree) if tree else iter(())

    def evidence(self, node: ast.Call, rule: str) -> Evidence:
        """The line in which the call stands, without secrets."""
        line = self._lines[node.lineno - 1] if node.lineno <= len(self._lines) else ""
        return Evidence(rule, Location(self.path, self._cell, node.lineno), mask(line.strip())[:200])

    def _walk(self, top: ast.AST) -> Iterator[ast.Call]:
        stack: list[Step] = [top]
        while stack:
            item = stack.pop()
            if not isinstance(item, ast.AST):
                item()
                continue
            if isinstance(item, ast.Call):
                yield item
                self._chdir(item)
            below = self._below(item) if type(item) in BINDING else children(item)
            stack += [part for part in below if type(part) not in LEAVES][::-1]

    def _below(self, node: ast.AST) -> list[Step]:
        """What is visited below ``node``, in order, and what changes on the way."""
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            assign = functools.partial(self._assign, node)
            return [node.value, assign] if node.value else [assign]
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            inner = node.ifs if isinstance(node, ast.comprehension) else [*node.body, *node.orelse]
            return [node.iter, functools.partial(self._each, node.target, node.iter), *inner]
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            return [*sorted(children(node), key=lambda part: not isinstance(part, ast.comprehension))]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return list(self._function(node))
        if isinstance(node, ast.ClassDef):
            enter = functools.partial(self._inside.append, node.name)
            words = [word.value for word in node.keywords]
            return [enter, *node.decorator_list, *words, *node.body, self._leave]
        return [functools.partial(self._doubtful, 1), *children(node), functools.partial(self._doubtful, -1)]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[Step]:
        """A body, in which the parameters stand for their defaults."""
        given = node.args
        plain = [*given.posonlyargs, *given.args]
        defaults = dict(zip([entry.arg for entry in plain[::-1]], given.defaults[::-1], strict=False))
        defaults |= {
            entry.arg: value for entry, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value
        }
        everyone = [entry.arg for entry in (*plain, *given.kwonlyargs, given.vararg, given.kwarg) if entry]
        saved: dict[str, Texts] = {}

        def enter() -> None:
            saved.update({name: self.names.get(name, ()) for name in everyone})
            for name in everyone:
                self._bind(name, evaluate(defaults.get(name), self.names), anew=True)
            self._doubtful(1)

        def leave() -> None:
            self._doubtful(-1)
            self.names.update(saved)

        yield from ([] if isinstance(node, ast.Lambda) else node.decorator_list)
        yield from defaults.values()
        yield enter
        yield from ([node.body] if isinstance(node, ast.Lambda) else node.body)
        yield leave

    def _doubtful(self, step: int) -> None:
        self._doubt += step

    def _leave(self) -> None:
        self._inside.pop()

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) -> None:
        if isinstance(node, ast.AugAssign):
            whole = ast.BinOp(node.target, node.op, node.value)
            self._bind(dotted(node.target), evaluate(whole, self.names))
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if node.value is not None:
                self._store(target, node.value)

    def _store(self, target: ast.AST, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            matching = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
            items = value.elts if matching and isinstance(value, (ast.Tuple, ast.List)) else []
            for index, part in enumerate(target.elts[:MAX_ENTRIES]):
                self._bind(dotted(part), evaluate(items[index], self.names) if items else ())
            return
        name = dotted(target)
        self._bind(name, evaluate(value, self.names))
        if isinstance(value, ast.Dict):
            for key, entry in list(zip(value.keys, value.values, strict=True))[:MAX_ENTRIES]:
                if isinstance(key, ast.Constant):
                    self._bind(f"{name}[{str(key.value)[:100]}]", evaluate(entry, self.names))
        elif isinstance(value, (ast.List, ast.Tuple)):
            self._bind(f"{name}[*]", self._items(value))
            for index, entry in enumerate(value.elts[:MAX_ENTRIES]):
                self._bind(f"{name}[{index}]", evaluate(entry, self.names))

    def _items(self, node: ast.AST) -> Texts:
        """What the items of a list may stand for."""
        if isinstance(node, (ast.List, ast.Tuple)):
            return tuple(text for entry in node.elts[:MAX_TEXTS] for text in evaluate(entry, self.names))[:MAX_TEXTS]
        return self.names.get(f"{dotted(node)}[*]", ()) or tuple(
            text for text in evaluate(node, self.names) if not text.exact and "*" in text.text
        )

    def _each(self, target: ast.AST, items: ast.AST) -> None:
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            self._bind(dotted(part), self._items(items) if part is target else (), anew=True)

    def _bind(self, name: str, texts: Texts, *, anew: bool = False) -> None:
        if not name or (name not in self.names and len(self.names) >= MAX_NAMES):
            return
        before = self.names.get(name, ()) if self._doubt and not anew else ()
        self.names[name] = tuple(dict.fromkeys((*texts, *before)))[:MAX_TEXTS] if before else texts
        if self._inside:
            self.names[f"{'.'.join(self._inside)}.{name}"[:200]] = self.names[name]

    def _chdir(self, node: ast.Call) -> None:
        if called(node) == "chdir" and node.args and not self.module:
            texts = evaluate(node.args[0], self.names)
            self._move(texts[0].text if len(texts) == 1 and texts[0].exact else "{...}")

    def _move(self, step: str) -> None:
        """The working folder after ``cd step``."""
        known = self.folder is not None or step.startswith(("/", "~"))
        if not known or self._doubt or not step or "{" in step or "$" in step or step == "-":
            self.folder = None
        else:
            self.folder = join_paths([self.folder or "", step])
