"""What the code of a notebook uses, by name: calls, attributes, keywords, assigned options, magics and commands.

Each use holds the literal texts that go with it (a file's name, an engine, an address), also through a name that is
assigned a literal. What is computed stands as ``{}``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from keyword import iskeyword

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.cells import walk_python
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.constants import MAX_TEXT, Constants, literal
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell, Location

NAMING = frozenset([ast.Call, ast.Attribute, ast.Assign])
WORD = pattern(r"\w+")
PATH_CALLS = frozenset(["Path", "join", "str"])
SIMPLE = (ast.Constant, ast.Name, ast.JoinedStr)
"""Nodes whose text needs no look at nodes below them."""


Named = tuple[str, tuple[ast.expr, ...]]


@dataclass(frozen=True)
class Use:
    """A name that is used, with the literal texts given to it. A magic is ``%name``, a command ``!name``."""

    name: str
    texts: tuple[str, ...]
    location: Location


def notebook_uses(path: str, cells: tuple[Cell, ...], listened: Callable[[str], bool]) -> Iterator[Use]:
    """The uses in ``cells``, and the commands that they run, of those names that are ``listened`` to."""
    constants = Constants(cells)
    for cell in cells:
        heard = _heard(cell.python, listened)
        for node in walk_python(cell.python) if heard else ():
            for name, values in _named(node) if type(node) in NAMING else ():
                if name in heard:
                    texts = tuple(text for value in values if (text := _text(value, constants)))
                    yield Use(name, texts, Location(path, cell.number, node.lineno))  # type: ignore[attr-defined]
        for magic in cell.magics:
            words = magic.arguments[:MAX_TEXT].split()
            texts = tuple(word.strip("\"'") for word in words)
            yield Use(f"%{magic.name}", texts, Location(path, cell.number, magic.line))
    for command in notebook_commands(path, cells):
        if not command.conditional:
            yield Use(f"!{_program(command.words)}", command.words[1:4], command.location)


def _program(words: tuple[str, ...]) -> str:
    """The program's name; ``python -m module`` runs the module."""
    if words[0].rpartition("/")[2].startswith("python") and "-m" in words[1:-1]:
        return words[words.index("-m") + 1]
    return words[0].lstrip("!")


def _heard(text: str, listened: Callable[[str], bool]) -> frozenset[str]:
    """The words of ``text`` that are listened to: code uses no name that does not stand in it."""
    return frozenset(word for word in set(WORD.findall(text)) if listened(word) and not iskeyword(word))


def _named(node: ast.AST) -> Iterable[Named]:
    """The names that ``node`` uses, each with the values that go with it; of ``Class.make()`` both."""
    if isinstance(node, ast.Call):
        return _called(node)
    if isinstance(node, ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) and node.value.id[:1].isupper() else ""
        return ((node.attr, ()), (owner, ())) if owner else ((node.attr, ()),)
    return _assigned(node) if isinstance(node, ast.Assign) else ()


def _assigned(node: ast.Assign) -> Iterable[Named]:
    target = node.targets[0]
    if isinstance(target, ast.Attribute):
        return ((target.attr, (node.value,)),)
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return ((str(target.slice.value), (node.value,)),)
    return ()


def _called(node: ast.Call) -> Iterable[Named]:
    words = node.keywords
    whole = (_name(node.func), (*node.args[:4], *[word.value for word in words]))
    return (whole, *((word.arg, (word.value,)) for word in words if word.arg)) if words else (whole,)


def _name(function: ast.expr) -> str:
    """The last part of a dotted name."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _text(node: ast.expr, constants: Constants) -> str:
    """The literal text of ``node``, as far as it is literal; empty if nothing of it is."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        return literal(node)
    if isinstance(node, ast.Name):
        return constants.first(node.id)
    if isinstance(node, ast.BinOp):
        return _operated(node, constants)
    last = node.args[-1] if isinstance(node, ast.Call) and node.args and _name(node.func) in PATH_CALLS else None
    return _text(last, constants) if isinstance(last, SIMPLE) else ""


def _operated(node: ast.BinOp, constants: Constants) -> str:
    """``"s3://" + bucket + "/a.csv"`` by its ends, ``folder / "a.xls"`` by its last part, ``"%s" % a`` by its first."""
    first: ast.expr = node
    while isinstance(first, ast.BinOp):
        first = first.left
    ends = [_text(side, constants) if isinstance(side, SIMPLE) else "" for side in (first, node.right)]
    if isinstance(node.op, ast.Add):
        return "{}".join(ends) if any(ends) else ""
    return ends[1] if isinstance(node.op, ast.Div) else ends[0] if isinstance(node.op, ast.Mod) else ""
