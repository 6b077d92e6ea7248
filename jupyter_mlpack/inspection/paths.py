"""Expressions that name a path -> the texts they may stand for; nothing is run.

Followed are literals, names and entries bound to them, sums, f-strings, ``format``, ``os.path`` and ``pathlib``. What
is not known stays as a gap: ``f"model-{epoch}.pt"`` is ``model-{epoch}.pt``, and no longer exact.
"""

from __future__ import annotations

import ast
import itertools
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from jupyter_mlpack.pattern import pattern

MAX_DEPTH = 20
"""Parts of one expression; a sum of thousands of terms is no path."""

MAX_TEXTS = 8
"""Texts that one name may stand for (branches, loops over a list)."""

MAX_LENGTH = 500
"""Characters of a path."""

GAP = pattern(r"\{[^{}]*\}")


class Text(NamedTuple):
    """What an expression may stand for. ``exact`` when nothing in it is unknown; ``number`` when it is one.

    A tuple: hundreds are made for each notebook, and most are forgotten at once.
    """

    text: str
    exact: bool = True
    number: bool = False


Texts = tuple[Text, ...]
Names = Mapping[str, Texts]
"""Dotted name (``DATA``, ``CFG.train``, ``config[train]``) -> what it may stand for; ``files[*]`` for its items."""


def evaluate(node: ast.AST | None, names: Names, depth: int = 0) -> Texts:
    """What ``node`` may stand for; nothing when no part of it is known, or when it is too long for a path."""
    rule = RULES.get(type(node))
    if rule is None or depth > MAX_DEPTH:
        return ()
    found = tuple(rule(node, names, depth + 1))
    if len(found) == 1:
        return found if len(found[0].text) <= MAX_LENGTH else ()
    return tuple(dict.fromkeys([item for item in found if len(item.text) <= MAX_LENGTH]))[:MAX_TEXTS] if found else ()


def dotted(node: ast.AST) -> str:
    """``CFG.data[train]`` for a name, attribute or subscript with literal keys; empty for anything else."""
    end = ""
    for _ in range(MAX_DEPTH):
        if isinstance(node, ast.Name):
            return node.id + end
        if isinstance(node, ast.Attribute):
            end = f".{node.attr}{end}"
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            end = f"[{str(node.slice.value)[:100]}]{end}"
        else:
            return ""
        node = node.value
    return ""


def word_set(table: str) -> frozenset[str]:
    """The words of a table."""
    return frozenset(table.split())


def called(node: ast.Call) -> str:
    """The last part of the called name."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _constant(node: ast.Constant, _names: Names, _depth: int) -> Texts:
    value = node.value
    if isinstance(value, str):
        return (Text(value),)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (Text(str(value) if abs(value) < 1e15 else "", number=True),)
    return ()


def _name(node: ast.Name, names: Names, _depth: int) -> Texts:
    return names.get(node.id, ())


def _reference(node: ast.Attribute | ast.Subscript, names: Names, depth: int) -> Iterable[Text]:
    known = names.get(dotted(node), ())
    if known:
        return known
    if isinstance(node, ast.Attribute) and node.attr in PROPERTIES:
        return _each(evaluate(node.value, names, depth), PROPERTIES[node.attr])
    if isinstance(node, ast.Subscript):
        owner = node.value
        if isinstance(owner, ast.Attribute) and owner.attr == "parents" and isinstance(node.slice, ast.Constant):
            steps = node.slice.value if isinstance(node.slice.value, int) else 0
            up = "/.." * min(steps + 1, MAX_DEPTH) if steps >= 0 else ""
            return _each(evaluate(owner.value, names, depth), lambda text: posixpath.normpath(text + up))
        return names.get(f"{dotted(owner)}[*]", ()) or _listed(owner, names, depth)
    return ()


def _listed(node: ast.AST, names: Names, depth: int) -> Texts:
    """``glob("data/*.csv")[0]``."""
    return evaluate(node, names, depth) if isinstance(node, ast.Call) and called(node) in LISTING else ()


def _joined(node: ast.JoinedStr, names: Names, depth: int) -> Iterable[Text]:
    return _combine([_part(value, names, depth) for value in node.values[:MAX_DEPTH]], "".join)


def _part(node: ast.AST, names: Names, depth: int) -> Texts:
    if isinstance(node, ast.FormattedValue):
        known = () if node.format_spec else evaluate(node.value, names, depth)
        return known or _gap(node.value)
    return evaluate(node, names, depth) or _gap(node)


def _gap(node: ast.AST) -> Texts:
    return (Text(f"{{{dotted(node)[:40].replace('{', '').replace('}', '') or '...'}}}", exact=False),)


def _operation(node: ast.BinOp, names: Names, depth: int) -> Iterable[Text]:
    left, right = evaluate(node.left, names, depth), evaluate(node.right, names, depth)
    if isinstance(node.op, ast.Mod) and left and isinstance(node.left, ast.Constant):
        return tuple(Text(re.sub(r"%[-0-9.]*[sdrfi]", "{...}", item.text), exact=False) for item in left)
    if not isinstance(node.op, (ast.Div, ast.Add)) or not (left or right):
        return ()
    if all(item.number for item in (*left, *right)):
        return ()
    sides = [left or _gap(node.left), right or _gap(node.right)]
    return _combine(sides, join_paths if isinstance(node.op, ast.Div) else "".join)


def _choice(node: ast.IfExp | ast.BoolOp, names: Names, depth: int) -> Iterable[Text]:
    values = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values[:MAX_TEXTS]
    return [text for value in values for text in evaluate(value, names, depth)]


def _named(node: ast.NamedExpr, names: Names, depth: int) -> Iterable[Text]:
    return evaluate(node.value, names, depth)


def _call(node: ast.Call, names: Names, depth: int) -> Iterable[Text]:  # noqa: PLR0911 (one line for each kind of call)
    name = called(node)
    if name not in EVALUATED:
        return ()
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if name in ("cwd", "getcwd"):
        return (Text("."),)
    if name == "home":
        return (Text("~"),)
    if name in ("get", "getenv") and len(node.args) > 1 and "env" in dotted(node.func):
        return evaluate(node.args[1], names, depth)
    arguments = [evaluate(argument, names, depth) or _gap(argument) for argument in node.args[:MAX_DEPTH]]
    mine = evaluate(owner, names, depth) if owner is not None else ()
    if name == "format" and mine:
        return tuple(Text(item.text, exact=not GAP.search(item.text)) for item in mine)
    if name in JOINERS or name in LISTING:
        sides = [mine, *arguments] if mine else arguments
        found = tuple(_combine(sides, join_paths)) if any(_known(side) for side in sides) else ()
        return tuple(Text(item.text, exact=False) for item in found) if name in LISTING else found
    if name in SUFFIXES and mine and arguments:
        return _combine([mine, arguments[0]], SUFFIXES[name])
    if name in UNCHANGED and (mine or arguments):
        return mine or (arguments[0] if _known(arguments[0]) else ())
    if name in PROPERTIES and arguments:
        return _each(arguments[0], PROPERTIES[name])
    return ()


def _known(texts: Texts) -> bool:
    return any(item.exact or GAP.sub("", item.text).strip("/") for item in texts)


def _each(texts: Texts, change: Callable[[str], str]) -> Texts:
    return tuple(Text(change(item.text), item.exact) for item in texts)


def _combine(sides: list[Texts], join: Callable[[Iterable[str]], str]) -> Iterable[Text]:
    for group in itertools.islice(itertools.product(*sides), MAX_TEXTS):
        if sum(len(item.text) for item in group) <= MAX_LENGTH:
            yield Text(join([item.text for item in group]), all(item.exact for item in group))


def join_paths(parts: Iterable[str]) -> str:
    """Parts of a path as ``os.path.join`` puts them together, in POSIX style."""
    return posixpath.join(*(part.replace("\\", "/") for part in parts))


def parent_of(path: str) -> str:
    """The folder that holds ``path``; that of the working folder is ``..``."""
    path = path or "."
    return (
        posixpath.normpath(f"{path}/..")
        if path.endswith(".") and not path.strip("./")
        else posixpath.dirname(path) or "."
    )


def _with_suffix(parts: Iterable[str]) -> str:
    path, suffix = parts
    return posixpath.splitext(path)[0] + suffix


def _with_name(parts: Iterable[str]) -> str:
    path, name = parts
    return posixpath.join(posixpath.dirname(path), name)


JOINERS = frozenset(["Path", "PurePath", "PosixPath", "PurePosixPath", "UPath", "join", "joinpath"])
LISTING = frozenset(["glob", "iglob", "rglob"])
UNCHANGED = word_set(
    "str fspath abspath realpath expanduser normpath expandvars as_posix resolve absolute sorted list rstrip strip"
)
SUFFIXES: Mapping[str, Callable[[Iterable[str]], str]] = {"with_suffix": _with_suffix, "with_name": _with_name}
PROPERTIES: Mapping[str, Callable[[str], str]] = {
    "parent": parent_of,
    "dirname": parent_of,
    "name": posixpath.basename,
    "basename": posixpath.basename,
    "stem": lambda text: posixpath.splitext(posixpath.basename(text))[0],
}
MAKERS = JOINERS | UNCHANGED | SUFFIXES.keys() | {"dirname", "basename", "format", "cwd", "getcwd", "home"}
"""Calls that only make a path of a path; they read and write nothing."""

EVALUATED = MAKERS | LISTING | PROPERTIES.keys() | {"get", "getenv"}
"""Calls of which something may be known."""

RULES: Mapping[type, Callable[..., Iterable[Text]]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _reference,
    ast.Subscript: _reference,
    ast.JoinedStr: _joined,
    ast.BinOp: _operation,
    ast.IfExp: _choice,
    ast.BoolOp: _choice,
    ast.NamedExpr: _named,
    ast.Call: _call,
}
