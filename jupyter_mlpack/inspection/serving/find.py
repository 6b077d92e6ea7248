"""Which function of a notebook answers requests: named in its choices, in a cell tagged ``predict``, or called so.

The choices may also name a method of an object (``model.predict``) or whatever else can be called, and several at once,
the first of which is the one that platforms ask.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.choices import read_decided
from jupyter_mlpack.inspection.parameters import read_literal
from jupyter_mlpack.inspection.serving.nodes import FUNCTIONS
from jupyter_mlpack.values import Cell, Notebook, ServedParameter

NAME = "predict"
"""The name of the function, and the tag of its cell."""


@dataclass(frozen=True)
class Function:
    """The function, and why it was taken: ``metadata``, ``tag`` or ``name``."""

    name: str
    cell: int
    line: int
    rule: str
    parameters: tuple[ServedParameter, ...]
    returns: str | None
    others: tuple[str, ...] = ()

    @property
    def roots(self) -> frozenset[str]:
        """The names that functions and objects of methods have in the notebook."""
        return frozenset(name.partition(".")[0] for name in (self.name, *self.others))


def find_function(notebook: Notebook) -> Function | None:
    """The predict function; ``None`` where there is none, or none of the name that the choices say."""
    functions = [(cell, node) for cell in notebook.cells for node in functions_of(cell)]
    wanted = read_decided(notebook.metadata).predict
    if wanted:
        named = [find_named(notebook, name) for name in names_of(wanted)]
        known = [function for function in named if function]
        return replace(known[0], others=tuple(one.name for one in known[1:])) if known and all(named) else None
    tagged = last(((cell, node) for cell, node in functions if NAME in cell.tags), "tag")
    return tagged or last(((cell, node) for cell, node in functions if node.name == NAME), "name")


def names_of(wanted: str) -> tuple[str, ...]:
    """What the choices name, each once."""
    return tuple(dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip()))


def missing_name(notebook: Notebook) -> str:
    """The first name of the choices that nothing in the notebook has."""
    names = names_of(read_decided(notebook.metadata).predict)
    return next((name for name in names if find_named(notebook, name) is None), "")


def find_named(notebook: Notebook, name: str) -> Function | None:
    """The function of that name; else the object of that name, or whose method it is. What it takes, it says itself."""
    functions = ((cell, node) for cell in notebook.cells for node in functions_of(cell) if node.name == name)
    function = last(functions, "metadata")
    if function is not None:
        return function
    made = [(cell.number, line) for cell in notebook.cells for line in lines_of(cell, name.partition(".")[0])]
    return Function(name, *made[-1], "metadata", (), None) if made else None


def lines_of(cell: Cell, name: str) -> Iterator[int]:
    """The lines at which statements of a cell's top level give a value to a name."""
    tree = parse_python(cell.python)
    for statement in tree.body if tree else ():
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            continue
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from (statement.lineno for entry in statement.names if (entry.asname or entry.name) == name)
        stores = (node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == name)
        yield from (node.lineno for node in stores if isinstance(node.ctx, ast.Store))


def last(functions: Iterator[tuple[Cell, ast.FunctionDef | ast.AsyncFunctionDef]], rule: str) -> Function | None:
    """The last of them as a value: it is the one that a name stands for when all cells have run."""
    found = None
    for found in functions:  # noqa: B007 (the last one is wanted)
        pass
    if found is None:
        return None
    cell, node = found
    returns = ast.unparse(node.returns) if node.returns is not None else None
    return Function(node.name, cell.number, node.lineno, rule, tuple(signature(node.args)), returns)


def functions_of(cell: Cell) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that a cell defines at its top level, in order."""
    tree = parse_python(cell.python)
    for node in tree.body if tree else ():
        if isinstance(node, FUNCTIONS):
            yield node


def signature(given: ast.arguments) -> Iterator[ServedParameter]:
    """The parameters in order; ``*args`` and ``**kwargs`` are none."""
    plain = [*given.posonlyargs, *given.args]
    values = dict(zip([entry.arg for entry in plain[::-1]], given.defaults[::-1], strict=False))
    values |= {entry.arg: value for entry, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value}
    for entry in (*plain, *given.kwonlyargs):
        annotation = ast.unparse(entry.annotation) if entry.annotation is not None else None
        value = values.get(entry.arg)
        literal = read_literal(value) if value is not None else None
        is_literal = literal is not None or (isinstance(value, ast.Constant) and value.value is None)
        yield ServedParameter(entry.arg, annotation, value is not None, is_literal, literal)
