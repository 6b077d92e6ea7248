"""The shell commands that a notebook runs, in the order in which they stand, with the folder they run in.

They come from ``!`` lines, ``%pip``-like magics, shell cells, ``os.system`` and ``subprocess`` calls. Only what is
executed counts: comments, here-documents and files that are merely written do not.
"""

from __future__ import annotations

import ast
import functools
import posixpath
from collections.abc import Iterable, Iterator

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.called import SHELLS, called_commands
from jupyter_mlpack.inspection.constants import Constants
from jupyter_mlpack.inspection.shell import is_cut, split_commands
from jupyter_mlpack.inspection.syntax import nodes_of
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell, Location, Magic

SHELL_CELLS = frozenset(["bash", "sh", "zsh", "!", "sx", "system", "shell"])
TOOLS = frozenset(["pip", "pip3", "conda", "mamba", "micromamba", "uv"])
PLATFORMS = ("colab", "kaggle", "workbench", "deepnote", "binder", "paperspace")
AUTOMATIC = pattern(r"(?:pip3?|conda|mamba)\s+install\s|cd\s+\S+\s*$")
"""A line of a cell that IPython reads as a magic although no ``%`` stands before it."""

INSTALLS = pattern(r"\b(?:install|add)\b|^\{\w+\}$")
"""Commands in which names are filled in."""

MAX_LEVELS = 3
"""``bash -c`` within ``bash -c``."""


@dataclass(frozen=True)
class Command:
    """One command: words, place, folder it runs in (relative, POSIX), and whether only one platform runs it.

    ``cut`` says that there were more commands in its text than are read.
    """

    words: tuple[str, ...]
    location: Location
    folder: str = ""
    text: str = ""
    conditional: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Line:
    """Shell text as it stands at a line of a cell."""

    number: int
    text: str
    conditional: bool = False


def notebook_commands(path: str, cells: Iterable[Cell]) -> Iterator[Command]:
    """All commands of all cells. ``%cd`` and ``os.chdir`` move the folder for good, ``cd`` for its own line only."""
    yield from _all_commands(path, tuple(cells))


@functools.lru_cache(maxsize=1)
def _all_commands(path: str, cells: tuple[Cell, ...]) -> tuple[Command, ...]:
    """The same, kept until another notebook comes: several rules ask for them."""
    return tuple(_in_order(path, cells))


def _in_order(path: str, cells: tuple[Cell, ...]) -> Iterator[Command]:
    folder = ""
    constants = Constants(cells)
    for cell in cells:
        for line in sorted(_lines(cell), key=lambda line: line.number):
            here = folder
            text = constants.expand(line.text) if INSTALLS.search(line.text) else line.text
            cut = is_cut(text)
            for words in _commands(text, MAX_LEVELS):
                if words[0] in ("%cd", "cd", "pushd"):
                    here = _joined(here, " ".join(words[1:]))
                    folder = here if words[0] == "%cd" else folder
                else:
                    place = Location(path, cell.number, line.number)
                    yield Command(tuple(words), place, here, line.text, line.conditional, cut)


def _commands(text: str, levels: int) -> Iterator[list[str]]:
    """The commands of ``text``; those that ``bash -c`` is given are taken apart, too."""
    for words in split_commands(text):
        given = words[words.index("-c") + 1 :][:1] if words[0] in SHELLS and "-c" in words else []
        if given and levels:
            yield from _commands(given[0], levels - 1)
        else:
            yield words


def _joined(folder: str, step: str) -> str:
    """``folder`` after ``cd step``; unknown and absolute folders keep only their last name, as clones do."""
    step = step.replace("/content/", "").replace("/kaggle/working/", "").rstrip("/")
    if step in ("/content", "/kaggle/working", "~", "-") or "{" in step or "$" in step:
        return ""
    joined = posixpath.normpath(posixpath.join(folder, step))
    return "" if joined == "." else joined.lstrip("/")


def _lines(cell: Cell) -> Iterator[Line]:
    called = tuple(called_commands(cell))
    conditional = conditional_lines(cell) if called or cell.magics else frozenset()
    for magic in cell.magics:
        number = magic.line
        if magic.body and (magic.name in SHELL_CELLS or _is_shell_script(magic)):
            yield Line(number + 1, magic.body)
        elif magic.name == "!":
            yield Line(number, magic.arguments, number in conditional)
        elif magic.name in TOOLS and not magic.body:
            yield Line(number, f"{magic.name} {magic.arguments}", number in conditional)
        elif magic.name in ("cd", "sx", "system", "sh"):
            prefix = "%cd " if magic.name == "cd" else ""
            yield Line(number, prefix + magic.arguments, number in conditional)
        elif magic.name in TOOLS:
            yield Line(number, f"{magic.name} {magic.arguments}\n{magic.body}")
    yield from (Line(number, text, number in conditional) for number, text in called)
    yield from () if cell.parses else _automatic(cell)


def _is_shell_script(magic: Magic) -> bool:
    """``%%script bash``; what other programs are given is not for us."""
    programs = [posixpath.basename(word) for word in magic.arguments.split() if not word.startswith("-")]
    return magic.name == "script" and programs[:1] != [] and programs[0] in SHELLS


def _automatic(cell: Cell) -> Iterator[Line]:
    """IPython takes ``pip install x`` without a sign for the magic, in a cell that is no Python."""
    for number, line in enumerate(cell.source.split("\n"), 1):
        if AUTOMATIC.match(line):
            yield Line(number, f"%{line.strip()}" if line.startswith("cd ") else line)


def conditional_lines(cell: Cell) -> frozenset[int]:
    """Lines below an ``if`` that asks for a platform (``if IN_COLAB:``, ``if "google.colab" in sys.modules:``)."""
    if not _names_platform(cell.python):
        return frozenset()
    lines: set[int] = set()
    for node in nodes_of(cell.python, ast.If):
        if _asks_platform(node.test):
            for child in node.body:
                lines.update(range(child.lineno, (child.end_lineno or child.lineno) + 1))
    return frozenset(lines)


def _asks_platform(test: ast.expr) -> bool:
    """Whether ``test`` holds on one hosted platform; ``not IN_COLAB`` and ``!= "COLAB"`` hold elsewhere."""
    nodes = list(ast.walk(test))
    if any(isinstance(node, (ast.Not, ast.NotEq, ast.NotIn)) for node in nodes):
        return False
    return any(_names_platform(_said(node)) for node in nodes)


def _names_platform(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in PLATFORMS)


def _said(node: ast.AST) -> str:
    """The name or the literal that ``node`` is."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else ""
    return str(getattr(node, "id", getattr(node, "attr", "")))
