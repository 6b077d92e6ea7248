"""Local scripts and notebooks that a notebook runs or loads as a file, in whatever way: each is followed like a module.

``%run``, ``!python x.py``, ``!python -m pkg.mod``, launchers (``torchrun``, ``accelerate launch``, ``streamlit run``),
``!bash x.sh``, ``runpy.run_path``, ``exec(open("x.py").read())``, ``SourceFileLoader``, notebooks that are imported.
"""

from __future__ import annotations

import ast
import itertools
import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator

from jupyter_mlpack.inspection.cells import walk_python
from jupyter_mlpack.inspection.commands import Command
from jupyter_mlpack.inspection.imports import Place
from jupyter_mlpack.inspection.paths import word_set
from jupyter_mlpack.inspection.shell import MAX_SHELL, split_commands
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.inspection.tokens import mask
from jupyter_mlpack.inspection.touches import touched_by_cells
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell, Evidence, Location

PYTHON = pattern(r"^(?:.*/)?(?:python[0-9.]*w?|pypy3?|ipython|\{.*(?:executable|python).*\})$", re.I)
LAUNCHERS = word_set(
    """
    torchrun accelerate deepspeed streamlit papermill jupyter mpirun mpiexec horovodrun coverage kernprof nohup
    uv fastapi chainlit gradio flask bokeh panel solara marimo voila ray
    """
)
"""Programs that run the Python file or notebook that they are given."""

SHELLS = frozenset(["bash", "sh", "zsh", "source", ".", "dash"])
SOURCES = (".py", ".ipynb")
HOOKS = ("ipynb", "nbimporter", "importnb")
"""One of these is imported before notebooks can be."""

MAX_SHELL_SCRIPTS = 50


def run_scripts(path: str, cells: Iterable[Cell], commands: Iterable[Command]) -> Iterator[tuple[str, Evidence]]:
    """Local files that the notebook called ``path`` runs, with the line that does."""
    cells = tuple(cells)
    for cell in cells:
        for magic in cell.magics:
            words = [word.strip("\"'") for word in magic.arguments.split() if not word.startswith("-")]
            if magic.name in ("run", "load", "loadpy") and words and "://" not in words[0]:
                name = words[0] if words[0].endswith((*SOURCES, ".ipy")) else f"{words[0]}.py"
                evidence = Place(path, cell.number).evidence(magic.line, mask(f"%{magic.name} {words[0]}"), "IMP5")
                yield posixpath.normpath(name), evidence
    for command in commands:
        text = " ".join(command.words)[:2_000]
        for name in scripts_of(command.words):
            if not posixpath.isabs(name):
                at = posixpath.normpath(posixpath.join(command.folder, name))
                yield at, Evidence("IMP5", command.location, mask(text)[:200])
    yield from _loaded(path, cells)
    yield from _imported_notebooks(path, cells)


def scripts_of(words: tuple[str, ...]) -> Iterator[str]:
    """The files that one command runs."""
    program = posixpath.basename(words[0]) if words else ""
    if PYTHON.match(words[0] if words else "") or program in LAUNCHERS:
        modules = [after for word, after in itertools.pairwise(words) if word == "-m"]
        last = modules[-1] if modules else ""
        files = [word for word in words[1:] if word.endswith(SOURCES) and not word.startswith("-")]
        if files:
            yield files[0]
        elif re.match(r"^\w+(\.\w+)*$", last):
            base = last.replace(".", "/")
            yield from (f"{base}.py", f"{base}/__main__.py")
    elif program in SHELLS:
        yield from [word for word in words[1:] if not word.startswith("-")][:1]
    elif words and words[0].startswith("./") and words[0].endswith((".sh", ".py", ".bash")):
        yield words[0]


def shell_scripts(text: str) -> Iterator[tuple[int, str]]:
    """The files that a shell script runs, each with its line."""
    for number, words, _ in _lines(text):
        yield from ((number, name) for name in scripts_of(words))


def script_commands(commands: Iterable[Command], around: Surroundings) -> Iterator[Command]:
    """The commands of the local shell scripts that ``commands`` run (``!bash setup.sh``), and of those they run."""
    waiting = deque(commands)
    seen: set[str] = set()
    while waiting and len(seen) < MAX_SHELL_SCRIPTS:
        command = waiting.popleft()
        for name in scripts_of(command.words):
            path = posixpath.normpath(posixpath.join(command.folder, name))
            if path in seen or path.endswith(SOURCES) or posixpath.isabs(path):
                continue
            seen.add(path)
            for number, words, line in _lines(around.text(path) or ""):
                place = Location(path, None, number)
                inner = Command(words, place, command.folder, line, command.conditional)
                waiting.append(inner)
                yield inner


def _lines(text: str) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """The commands of a script with the line in which each begins, and the text of that line."""
    number = 1
    for logical in re.split(r"(?<!\\)\n", text[:MAX_SHELL]):
        for words in split_commands(logical):
            yield number, tuple(words), logical
        number += logical.count("\n") + 1


def _loaded(path: str, cells: tuple[Cell, ...]) -> Iterator[tuple[str, Evidence]]:
    """``runpy.run_path("x.py")``, ``exec(open("x.py").read())`` and the like, through names."""
    for touch in touched_by_cells(path, cells):
        if touch.verb == "runs" and touch.text.exact and touch.path.endswith(SOURCES) and "://" not in touch.path:
            yield touch.path, touch.evidence


def _imported_notebooks(path: str, cells: tuple[Cell, ...]) -> Iterator[tuple[str, Evidence]]:
    """``from ipynb.fs.full.name import x``; ``import name`` after ``import_ipynb`` or ``nbimporter``."""
    hooked = False
    for cell in cells if any(hook in cell.python for cell in cells for hook in HOOKS) else ():
        for node in walk_python(cell.python):
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            place = Place(path, cell.number)
            modules = [entry.name for entry in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            hooked = hooked or bool({"import_ipynb", "nbimporter", "importnb"}.intersection(modules))
            for module in modules:
                plain = re.sub(r"^ipynb\.fs\.(?:full|defs)\.", "", module)
                if plain and (hooked or plain != module) and not node.__dict__.get("level"):
                    text = f"import {module}"
                    yield f"{plain.replace('.', '/')}.ipynb", place.evidence(node.lineno, text, "IMP5")
