"""Files that ``%%writefile`` cells write and the kept code needs: they are packed, as the server runs no magic.

Needed is a module that the kept code imports (or a needed module does), and a file that it reads.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator, Mapping

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.surroundings import WRITERS, is_path
from jupyter_mlpack.values import Cell

APPENDS = frozenset(["-a", "--append"])
PRIVATE = ".mlpack"
"""The folder of the application that says what an image is: no cell writes into it."""


def files_written(cells: Iterable[Cell]) -> dict[str, tuple[str, int]]:
    """All files below the notebook's folder that cells write: text, and the number of the last cell that writes it."""
    found: dict[str, tuple[str, int]] = {}
    for cell in cells:
        for magic in cell.magics:
            words = magic.arguments.split()
            names = [word.strip("\"'") for word in words if not word.startswith("-")]
            if magic.name not in WRITERS or len(names) != 1:
                continue
            path = posixpath.normpath(names[0])
            if not is_inside(path):
                continue
            before = found.get(path, ("", 0))[0] if APPENDS & set(words) else ""
            found[path] = before + magic.body.rstrip("\n") + "\n", cell.number
    return found


def is_inside(path: str) -> bool:
    """Whether a path stays below the notebook's folder, and is not one of ours."""
    first = path.partition("/")[0]
    return (
        is_path(path) and not path.startswith(("/", "~")) and first not in ("", ".", "..", PRIVATE) and "{" not in path
    )


def needed_files(
    kept: Iterable[Cell], read: Iterable[str], written: Mapping[str, tuple[str, int]]
) -> dict[str, tuple[str, int]]:
    """Those of ``written`` that the kept cells import or read (``read`` are the paths), by path, in order of paths."""
    waiting = [path for path in read if path in written]
    waiting += [path for cell in kept for path in imported(cell.python, "", written)]
    needed: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path not in needed:
            needed.add(path)
            if path.endswith(".py"):
                waiting += imported(written[path][0], posixpath.dirname(path), written)
    return {path: written[path] for path in sorted(needed)}


def imported(source: str, folder: str, written: Mapping[str, tuple[str, int]]) -> Iterator[str]:
    """The written files that a module's imports mean; ``folder`` is where the module lies."""
    roots = {"", *(posixpath.dirname(path) for path in written)}
    tree = parse_python(source)
    for node in ast.walk(tree) if tree else ():
        for base, dotted in modules(node, folder):
            parts = dotted.split(".") if dotted else []
            for count in range(len(parts) + 1):
                stem = "/".join(parts[:count])
                for root in roots if base is None else [base]:
                    place = posixpath.normpath(posixpath.join(root, stem))
                    yield from (path for path in (f"{place}.py", f"{place}/__init__.py") if path in written)


def modules(node: ast.AST, folder: str) -> Iterator[tuple[str | None, str]]:
    """What a statement imports: dotted names, and the folder that relative ones begin at."""
    if isinstance(node, ast.Import):
        yield from ((None, entry.name) for entry in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = posixpath.normpath(posixpath.join(folder, *[".."] * (node.level - 1))) if node.level else None
        for entry in node.names:
            yield base, ".".join(filter(None, (node.module, entry.name)))
