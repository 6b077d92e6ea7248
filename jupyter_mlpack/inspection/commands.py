"""The shell commands that a notebook runs, in the order in which they stand, with the folder they run in.

They come from ``!`` lines, ``%pip``-like magics, shell cells, ``os.system`` and ``subprocess`` calls. Only what is
executed counts: comments, here-documents and files that are merely written do not.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.cells import walk_python
from jupyter_mlpack.inspection.shell import join_words, split_commands
from jupyter_mlpack.values import Cell, Location

SHELL_CELLS = frozenset(["bash", "sh", "zsh", "!", "sx", "system", "shell", "script"])
TOOLS = frozenset(["pip", "pip3", "conda", "mamba", "micromamba", "uv"])
CALLS = frozenset(
    [
        "system",
        "popen",
        "run",
        "call",
        "check_call",
        "check_output",
        "Popen",
        "getoutput",
        "getstatusoutput",
        "run_line_magic",
        "main",
    ]
)
OWNERS = frozenset(["os", "subprocess", "sp", "get_ipython", "pip", "_internal", "ip", "ipython", "internal"])
NAMED_CALLS = frozenset(["check_call", "check_output", "system", "pipmain", "Popen", "chdir"])
CALL = re.compile(rf"\b(?:{'|'.join(sorted(CALLS | NAMED_CALLS))})\s*\(")
PLATFORMS = re.compile("colab|kaggle|workbench|deepnote|binder|paperspace", re.I)
AUTOMATIC = re.compile(r"(?:pip3?|conda|mamba)\s+install\s|cd\s+\S+\s*$")
"""A line of a cell that IPython reads as a magic although no ``%`` stands before it."""


@dataclass(frozen=True)
class Command:
    """One command: words, place, folder it runs in (relative, POSIX), and whether only one platform runs it."""

    words: tuple[str, ...]
    location: Location
    folder: str = ""
    text: str = ""
    conditional: bool = False


@dataclass(frozen=True)
class Line:
    """Shell text as it stands at a line of a cell."""

    number: int
    text: str
    conditional: bool = False


def notebook_commands(path: str, cells: Iterable[Cell]) -> Iterator[Command]:
    """All commands of all cells. ``%cd`` and ``os.chdir`` move the folder for good, ``cd`` for its own line only."""
    folder = ""
    for cell in cells:
        for line in sorted(_lines(cell), key=lambda line: line.number):
            here = folder
            for words in split_commands(line.text):
                if words[0] in ("%cd", "cd", "pushd"):
                    here = _joined(here, words[1] if len(words) > 1 else "")
                    folder = here if words[0] == "%cd" else folder
                else:
                    yield Command(
                        tuple(words), Location(path, cell.number, line.number), here, line.text, line.conditional
                    )


def _joined(folder: str, step: str) -> str:
    """``folder`` after ``cd step``; unknown and absolute folders keep only their last name, as clones do."""
    step = step.replace("/content/", "").replace("/kaggle/working/", "").rstrip("/")
    if step in ("/content", "/kaggle/working", "~", "-") or "{" in step or "$" in step:
        return ""
    joined = posixpath.normpath(posixpath.join(folder, step))
    return "" if joined == "." else joined.lstrip("/")


def _lines(cell: Cell) -> Iterator[Line]:
    conditional = conditional_lines(cell)
    for magic in cell.magics:
        number = magic.line
        if magic.body and (magic.name in SHELL_CELLS):
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
    yield from _called(cell, conditional)
    yield from () if cell.parses else _automatic(cell)


def _automatic(cell: Cell) -> Iterator[Line]:
    """IPython takes ``pip install x`` without a sign for the magic, in a cell that is no Python."""
    for number, line in enumerate(cell.source.split("\n"), 1):
        if AUTOMATIC.match(line):
            yield Line(number, f"%{line.strip()}" if line.startswith("cd ") else line)


def conditional_lines(cell: Cell) -> frozenset[int]:
    """Lines below an ``if`` that asks for a platform (``if IN_COLAB:``, ``if "google.colab" in sys.modules:``)."""
    if not PLATFORMS.search(cell.python):
        return frozenset()
    lines: set[int] = set()
    for node in walk_python(cell.python):
        if isinstance(node, ast.If) and _asks_platform(node.test):
            for child in node.body:
                lines.update(range(child.lineno, (child.end_lineno or child.lineno) + 1))
    return frozenset(lines)


def _asks_platform(test: ast.expr) -> bool:
    """Whether ``test`` holds on one hosted platform; ``not IN_COLAB`` and ``!= "COLAB"`` hold elsewhere."""
    nodes = list(ast.walk(test))
    if any(isinstance(node, (ast.Not, ast.NotEq, ast.NotIn)) for node in nodes):
        return False
    return any(PLATFORMS.search(_said(node)) for node in nodes)


def _said(node: ast.AST) -> str:
    """The name or the literal that ``node`` is."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else ""
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _called(cell: Cell, conditional: frozenset[int]) -> Iterator[Line]:
    if not CALL.search(cell.python):
        return
    for node in walk_python(cell.python):
        if isinstance(node, ast.Call) and node.args and _is_call(node.func):
            text = _command_text(node)
            if text:
                yield Line(node.lineno, text, node.lineno in conditional)


def _is_call(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        owner = function.value
        owner = owner.func if isinstance(owner, ast.Call) else owner
        name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        return (function.attr in CALLS and name in OWNERS) or (function.attr == "chdir" and name == "os")
    return isinstance(function, ast.Name) and function.id in NAMED_CALLS


def _command_text(node: ast.Call) -> str:
    first = node.args[0]
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "run_line_magic":
        return " ".join(_word(argument) for argument in node.args[:2])
    if isinstance(first, ast.BinOp) and isinstance(first.op, ast.Add) and isinstance(first.left, ast.List):
        first = first.left
    if isinstance(first, (ast.List, ast.Tuple)):
        words = join_words(_word(element) for element in first.elts)
        return f"pip {words}" if name in ("main", "pipmain") else words
    text = _word(first)
    return f"%cd {text}" if name == "chdir" else _split_call(text)


def _split_call(text: str) -> str:
    return "" if text.startswith("{") and text.endswith("}") and " " not in text else text


def _word(node: ast.expr) -> str:
    """A literal as it is; ``sys.executable`` as ``python``; a formatted string with its gaps as ``{}``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Attribute) and node.attr == "executable":
        return "python"
    if isinstance(node, ast.JoinedStr):
        return "".join(_word(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _word(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
        return _word(node.func.value)
    return "{}"
