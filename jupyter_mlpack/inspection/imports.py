"""The code of cells and local files -> the imports in it, each with its place; nothing is executed.

Found are ``import`` and ``from`` statements anywhere (in functions too), ``importlib.import_module("x")``,
``__import__("x")``, ``pytest.importorskip("x")`` and ``%load_ext x``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.remote import is_remote, sent_away
from jupyter_mlpack.inspection.syntax import children, parse_python
from jupyter_mlpack.inspection.tables import ipython_extensions
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell, Evidence, Location, Magic

DYNAMIC = frozenset(["import_module", "__import__", "importorskip", "LazyImport", "lazy_import", "find_spec"])
MENTIONS = ("import", "Import", "find_spec")
"""What code has in it that imports anything, by a statement or by one of ``DYNAMIC``: most cells need no look."""

BLOCKS = frozenset(
    getattr(ast, name)
    for name in (
        "Module", "FunctionDef", "AsyncFunctionDef", "ClassDef", "If", "For", "AsyncFor", "While", "With", "AsyncWith",
        "Try", "TryStar", "ExceptHandler", "Match", "match_case",
    )
    if hasattr(ast, name)
)  # fmt: skip
"""Nodes below which statements stand: without a call of ``DYNAMIC`` in the text no other is looked into."""

RUNS = {"system", "check_call", "run", "Popen", "call", "check_output", "exit", "run_line_magic", "main", "pip_install"}
CATCHES_IMPORT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
MAGIC_MODULES = {
    "pylab": ("matplotlib", "numpy"),
    "matplotlib": ("matplotlib",),
    "tensorboard": ("tensorboard",),
    "bigquery": ("google.cloud.bigquery",),
    "cython": ("Cython",),
    "R": ("rpy2",),
}
"""IPython magics that import a package when they run."""

TIMED = frozenset(["time", "timeit", "prun", "memit", "lprun"])
"""Line magics whose line is Python."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MODULE = pattern(r"^[^\W\d]\w*(\.[^\W\d]\w*)*$")


@dataclass(frozen=True)
class Import:
    """One imported module: ``module`` is dotted and holds the imported name too (``google.cloud.storage``).

    ``optional`` is true when the code goes on without it: inside a ``try`` whose handler catches the failure
    without installing the module or failing itself.
    """

    module: str
    evidence: Evidence
    optional: bool = False
    level: int = 0

    @property
    def top(self) -> str:
        """The name before the first dot."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Place:
    """A piece of Python and where it stands; ``cell`` is ``None`` in a file."""

    path: str
    cell: int | None
    rule: str = "IMP1"

    def evidence(self, line: int, text: str, rule: str | None = None) -> Evidence:
        """What was found in ``line``."""
        return Evidence(rule or self.rule, Location(self.path, self.cell, line), text[:200])


def cell_imports(path: str, cells: Iterable[Cell]) -> Iterator[Import]:
    """All imports of the notebook's own cells, ``%load_ext`` among them.

    The bodies of functions that run elsewhere (``remote.py``) are left out.
    """
    cells = tuple(cells)
    elsewhere = sent_away(cells)
    for cell in cells:
        place = Place(path, cell.number)
        yield from code_imports(cell.python, place, elsewhere)
        for magic in cell.magics:
            if magic.name in TIMED:
                yield from _timed(magic, place)
            name = magic.arguments.split("#")[0].strip()
            if magic.name in ("load_ext", "reload_ext") and MODULE.match(name) and name not in ipython_extensions():
                yield Import(name, place.evidence(magic.line, f"%{magic.name} {name}", "IMP3"))
            for module in MAGIC_MODULES.get(magic.name, ()):
                yield Import(module, place.evidence(magic.line, f"%{magic.name} {name}".strip(), "IMP3"))


def _timed(magic: Magic, place: Place) -> Iterator[Import]:
    """The code on the line of ``%time`` and its like."""
    for found in code_imports(re.sub(r"^(?:-\w+(?:\s+\d+)?\s+)*", "", magic.arguments), place):
        yield replace(found, evidence=place.evidence(magic.line, f"%{magic.name} {magic.arguments}"))


def code_imports(text: str, place: Place, elsewhere: frozenset[str] = frozenset()) -> Iterator[Import]:
    """The imports of one piece of Python but for the functions called ``elsewhere``; nothing if it does not parse."""
    tree = parse_python(text) if any(word in text for word in MENTIONS) else None
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)] if tree else []
    everywhere = any(word in text for word in DYNAMIC)
    while waiting:
        node, optional = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from _statement(node, place, optional)
        elif isinstance(node, ast.Call):
            yield from _dynamic(node, place, optional)
        elif not everywhere and type(node) not in BLOCKS:
            continue
        if not (isinstance(node, FUNCTIONS) and is_remote(node, elsewhere)):
            waiting.extend(reversed(list(_children(node, optional))))


def _children(node: ast.AST, optional: bool) -> Iterator[tuple[ast.AST, bool]]:
    """The nodes below, with whether what is imported there may be missing."""
    if isinstance(node, ast.If) and (_name(node.test) == "TYPE_CHECKING" or _is_false(node.test)):
        yield from ((child, optional) for child in node.orelse)
        return
    if isinstance(node, ast.Try):
        survives = optional or _survives(node)
        yield from ((child, survives) for child in node.body)
        rest = (*node.handlers, *node.orelse, *node.finalbody)
        yield from ((child, optional) for child in rest)
        return
    yield from ((child, optional) for child in children(node))


def _is_false(test: ast.expr) -> bool:
    """``if False:`` and ``if 0:``."""
    return isinstance(test, ast.Constant) and not test.value


def _survives(node: ast.Try) -> bool:
    """Whether a handler catches a missing module and neither fails, nor installs it, nor imports another."""
    return any(_catches(handler) and not _repairs(handler) for handler in node.handlers)


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or _name(kind) in CATCHES_IMPORT for kind in kinds)


def _repairs(handler: ast.ExceptHandler) -> bool:
    """Calls a program, fails, or holds a magic (which stands as ``...`` here)."""
    inside = list(ast.walk(handler))
    called = any(isinstance(node, ast.Call) and _name(node.func) in RUNS for node in inside)
    raised = any(isinstance(node, ast.Raise) for node in inside)
    magic = any(isinstance(node, ast.Constant) and node.value is ... for node in inside)
    return called or raised or magic


def _statement(node: ast.Import | ast.ImportFrom, place: Place, optional: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, place.evidence(node.lineno, f"import {alias.name}"), optional)
        return
    module = node.module or ""
    text = f"from {'.' * node.level}{module} import {', '.join(alias.name for alias in node.names)}"
    for alias in node.names:
        name = f"{module}.{alias.name}".lstrip(".") if alias.name != "*" else module
        if name:
            yield Import(name, place.evidence(node.lineno, text), optional, node.level)


def _dynamic(node: ast.Call, place: Place, optional: bool) -> Iterator[Import]:
    name = _name(node.func)
    first = node.args[0] if node.args else None
    if (
        name in DYNAMIC
        and isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and MODULE.match(first.value)
    ):
        yield Import(
            first.value,
            place.evidence(node.lineno, f'{name}("{first.value}")', "IMP2"),
            optional or name == "find_spec",
        )


def _name(node: ast.AST | None) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
