"""Calls that run a command -> its shell text: ``os.system``, ``subprocess``, ``get_ipython()``, ``pip.main``.

Hosted notebooks have their own: ``dbutils.library.installPyPI``, ``sc.install_pypi_package``, ``micropip.install``.
A name in the command stands as ``{name}``, what is computed as ``{}``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_mlpack.inspection.constants import word
from jupyter_mlpack.inspection.shell import join_words
from jupyter_mlpack.inspection.syntax import nodes_of
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell

SHELLS = frozenset(["bash", "sh", "zsh"])
OWNED = frozenset(["system", "popen", "Popen", "run", "call", "check_call", "check_output", "getoutput", "main"]) | {
    "getstatusoutput",
    "run_line_magic",
    "run_cell_magic",
}
"""Functions that run a command if one of ``OWNERS`` has them."""

OWNERS = frozenset(["os", "subprocess", "sp", "get_ipython", "pip", "_internal", "ip", "ipython", "internal", "shell"])
NAMED = frozenset(["check_call", "check_output", "system", "pipmain", "Popen", "chdir", "getoutput"])
"""The same, imported by themselves; ``main`` counts when it is told to install."""

INSTALLERS = frozenset(["installPyPI", "install_pypi_package"])
BROWSER = frozenset(["micropip", "piplite"])
CALL = pattern(rf"\b(?:{'|'.join(sorted(OWNED | NAMED | INSTALLERS | {'install', 'chdir'}))})\s*\(")


def called_commands(cell: Cell) -> Iterator[tuple[int, str]]:
    """The line and the text of each command that the cell's Python calls."""
    if not CALL.search(cell.python):
        return
    for node in nodes_of(cell.python, ast.Call):
        if node.args:
            text = _text(node)
            if text:
                yield node.lineno, text


def _text(node: ast.Call) -> str:
    """The command that ``node`` runs; empty for every other call."""
    name, owner = _names(node.func)
    if name in INSTALLERS or (name == "install" and owner in BROWSER):
        return _installed(node)
    if name == "chdir" and owner in ("os", ""):
        return f"%cd {word(node.args[0])}"
    if not ((name in OWNED and owner in OWNERS) or (not owner and (name in NAMED or _is_main(name, node)))):
        return ""
    if name == "run_cell_magic":
        return word(node.args[2]) if len(node.args) > 2 and word(node.args[0]) in SHELLS else ""
    if name == "run_line_magic":
        return " ".join(word(argument) for argument in node.args[:2])
    words = _words(node.args[0])
    text = join_words(words) if isinstance(node.args[0], (ast.List, ast.Tuple)) or len(words) > 1 else words[0]
    return f"pip {text}" if name in ("main", "pipmain") else text


def _is_main(name: str, node: ast.Call) -> bool:
    """``main(["install", ...])``: what ``from pip import main`` gives."""
    return name == "main" and _words(node.args[0])[:1] == ["install"]


def _installed(node: ast.Call) -> str:
    """``installPyPI("a", "1.0")`` has the version beside the name."""
    words = _words(node.args[0])
    version = node.args[1] if len(node.args) > 1 and _names(node.func)[0] == "installPyPI" else None
    if words and isinstance(version, ast.Constant) and isinstance(version.value, str):
        words = [f"{words[0]}=={version.value}"]
    return f"pip install {join_words(words)}"


def _names(function: ast.expr) -> tuple[str, str]:
    """The called name and the last name before it: ``check_call`` of ``subprocess``."""
    if isinstance(function, ast.Name):
        return function.id, ""
    if not isinstance(function, ast.Attribute):
        return "", ""
    owner = function.value.func if isinstance(function.value, ast.Call) else function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else "?"
    return function.attr, name


def _words(node: ast.expr) -> list[str]:
    """The words of a command: a list's items, also through ``+`` and ``*``; a text as it stands."""
    if isinstance(node, ast.Starred):
        return _words(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_words(node.left), *_words(node.right)] if _is_list(node) else [word(node)]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [
            text for item in node.elts for text in (_words(item) if isinstance(item, ast.Starred) else [word(item)])
        ]
    return [word(node)]


def _is_list(node: ast.expr) -> bool:
    """Whether a sum has a list on its left."""
    while isinstance(node, ast.BinOp):
        node = node.left
    return isinstance(node, ast.List)
