"""What one statement does to names, without running it: binds, changes in place, reads, trains, loads.

A statement of the top level is one thing, whatever it holds: a loop, a branch, a ``with`` are kept whole or cut whole.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from jupyter_mlpack.inspection.paths import called
from jupyter_mlpack.inspection.serving import words
from jupyter_mlpack.inspection.serving.calls import Expressions
from jupyter_mlpack.inspection.serving.effects import Effects, Known
from jupyter_mlpack.inspection.serving.nodes import FUNCTIONS, free_names, made_of, root, target_names
from jupyter_mlpack.inspection.syntax import children

TRIES = tuple(getattr(ast, name) for name in ("Try", "TryStar") if hasattr(ast, name))
MATCH: tuple[type[ast.AST], ...] = tuple(getattr(ast, name) for name in ("Match",) if hasattr(ast, name))


def effects_of(statements: Iterable[ast.stmt], known: Known) -> Effects:
    """What ``statements`` do one after the other, as one."""
    reader = _Statements(known)
    for statement in statements:
        reader.statement(statement, sure=True)
    return reader.finished()


class _Statements(Expressions):
    """A walk through statements in their order."""

    def statement(self, node: ast.AST, sure: bool) -> None:
        """Take in one statement; ``sure`` says that nothing but an error can keep it from being run."""
        if isinstance(node, FUNCTIONS):
            self._function(node, sure)
        elif isinstance(node, ast.ClassDef):
            self._class(node, sure)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node, sure)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self._assign(node, sure)
        else:
            self._compound(node, sure)

    def _compound(self, node: ast.AST, sure: bool) -> None:
        """Statements with statements in them, and the rest."""
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                self.expression(item.context_expr)
                self._bind(item.optional_vars, sure)
            self._block(node.body, sure)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._loop(node)
        elif isinstance(node, ast.If):
            self.expression(node.test)
            if isinstance(node.test, ast.Constant):
                self._block(node.body if node.test.value else node.orelse, sure)
            else:
                self._branches(node.body, node.orelse, sure)
        elif isinstance(node, TRIES):
            self._try(node, sure)
        elif isinstance(node, ast.While):
            self.expression(node.test)
            self._block([*node.body, *node.orelse], False)
        elif isinstance(node, ast.Delete):
            self._delete(node)
        elif isinstance(node, MATCH):
            captures = (part for part in ast.walk(node) if type(part).__name__.startswith("Match"))
            names = (getattr(part, key, None) for part in captures for key in ("name", "rest"))
            self.found.changes |= {name for name in names if isinstance(name, str)}
            self._parts(node)
        else:
            self._parts(node)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Name):
                self._change(root(target))
                self.expression(target)

    def _parts(self, node: ast.AST) -> None:
        for part in children(node):
            self._either(part)

    def _either(self, node: ast.AST) -> None:
        """A part that may be a statement, an expression, or what holds both."""
        if isinstance(node, ast.stmt):
            self.statement(node, False)
        elif isinstance(node, ast.expr):
            self.expression(node)
        else:
            self._parts(node)

    def _block(self, body: Iterable[ast.stmt], sure: bool) -> None:
        outer = self.given
        for part in body:
            self.statement(part, sure)
        self.given = outer

    def _branches(self, first: list[ast.stmt], second: list[ast.stmt], sure: bool) -> None:
        """Two ways: what both bind is bound."""
        before = set(self.found.binds)
        self.found.binds = set()
        self._block(first, sure)
        one, self.found.binds = self.found.binds, set()
        self._block(second, sure)
        both = one & self.found.binds
        self.given |= both
        self.found.changes |= (one | self.found.binds) - both
        self.found.binds = before | both

    def _try(self, node: ast.AST, sure: bool) -> None:
        body, handlers = getattr(node, "body", []), getattr(node, "handlers", [])
        before, self.found.binds = set(self.found.binds), set()
        self._block([*body, *getattr(node, "orelse", [])], sure)
        bound = self.found.binds
        for handler in handlers:
            if handler.type is not None:
                self.expression(handler.type)
            self.found.binds = set()
            self._block(handler.body, sure)
            leaves = any(isinstance(part, ast.Raise) for part in handler.body)
            kept = bound if leaves else bound & self.found.binds
            self.found.changes |= (bound | self.found.binds) - kept
            bound = kept
        self.found.binds = before | bound
        self._block(getattr(node, "finalbody", []), sure)

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.expression(node.iter)
        before, outer = set(self.found.changes), self.given
        self._bind(node.target, False)
        self._block(node.body, False)
        self.given = outer  # there may have been no round
        self._block(node.orelse, False)
        counted = [*target_names(node.target), *(part.id for part in ast.walk(node.iter) if isinstance(part, ast.Name))]
        if any(words.EPOCHS.search(name) for name in counted) and not self.steps:
            self.found.trained |= self.found.changes - before - set(target_names(node.target))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, sure: bool) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *(one for one in node.args.kw_defaults if one)):
            self.expression(part)
        for part in (*ast.walk(node.args), *(ast.walk(node.returns) if node.returns else ())):
            if isinstance(part, ast.arg) and part.annotation is not None:
                self.expression(part.annotation)
        if node.returns is not None:
            self.expression(node.returns)
        self._name(node.name, sure, "function")
        self.found.later |= free_names(node)

    def _class(self, node: ast.ClassDef, sure: bool) -> None:
        for part in (*node.decorator_list, *node.bases, *(word.value for word in node.keywords)):
            self.expression(part)
        inner = effects_of(node.body, self.known)
        own = inner.binds
        self.found.reads |= inner.reads - own
        self.found.later |= inner.later
        self._name(node.name, sure, "class")

    def _import(self, node: ast.Import | ast.ImportFrom, sure: bool) -> None:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            self.found.ambient = True
        for entry in node.names:
            if entry.name == "*":
                self.found.star = True
            elif isinstance(node, ast.Import) and "." in entry.name and not entry.asname:
                self.found.changes.add(entry.name.partition(".")[0])
                self.found.kinds[entry.name.partition(".")[0]] = "import"
            else:
                self._name(entry.asname or entry.name, sure, "import")

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, sure: bool) -> None:
        if isinstance(node, ast.AnnAssign):
            self.expression(node.annotation)
        if node.value is None:
            return
        before, self.found.trains = self.found.trains, False
        self.expression(node.value)
        learnt, self.found.trains = self.found.trains, self.found.trains or before
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(node, ast.AugAssign) and isinstance(target, ast.Name):
                self.found.reads.add(target.id)
                self.found.changes.add(target.id)
            else:
                self._bind(target, sure)
            if learnt:
                self.found.trained |= set(target_names(target))
            for name in target_names(target):
                self.found.makers.setdefault(name, set()).update(made_of(node.value))
        if isinstance(node.value, ast.Call) and words.brings_in(called(node.value)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self.found.loaded |= set(target_names(target))
