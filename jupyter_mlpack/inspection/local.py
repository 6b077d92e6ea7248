"""Imports -> those of other people's packages, with local modules followed for their own needs.

Files are read through the notebook's folder and never run. ``%run script.py`` and ``!python script.py`` are followed
in the same way; the scripts of a clone, which is not there yet, cannot be.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import Command
from jupyter_mlpack.inspection.imports import Import, Place, cell_imports, code_imports
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import Cell, Evidence, Notice

MAX_FOLLOWED = 500


@dataclass(frozen=True)
class Followed:
    """``outside`` are imports that no local file satisfies; ``files`` the local modules with what led to them."""

    outside: tuple[Import, ...]
    files: tuple[tuple[str, Evidence], ...]
    notices: tuple[Notice, ...]


def follow_local(imports: Iterable[Import], scripts: Iterable[tuple[str, Evidence]], around: Surroundings) -> Followed:
    """Tell local modules from packages, transitively, each file read once."""
    waiting: list[tuple[Import, str]] = [(found, "") for found in imports]
    files: dict[str, Evidence] = {}
    outside: list[Import] = []
    notices: list[Notice] = []
    for path, evidence in scripts:
        if path not in files and around.has(path):
            files[path] = evidence
            waiting += [(found, posixpath.dirname(path)) for found in _file_imports(path, around)]
    while waiting:
        found, folder = waiting.pop(0)
        notice = _platform(found)
        if found.level == 0 and (notice or found.top in tables.standard_library()):
            notices += [notice] if notice else []
            continue
        paths = _paths(found, folder, around)
        if not paths and found.level == 0:
            outside.append(found)
        for path in paths:
            if path not in files and len(files) < MAX_FOLLOWED:
                files[path] = found.evidence
                waiting += [(inner, posixpath.dirname(path)) for inner in _file_imports(path, around)]
    return Followed(tuple(outside), tuple(files.items()), tuple(dict.fromkeys(notices)))


def run_scripts(path: str, cells: Iterable[Cell], commands: Iterable[Command]) -> Iterator[tuple[str, Evidence]]:
    """Local scripts that the notebook runs: ``%run x.py``, ``%run x.ipynb``, ``!python x.py``."""
    for cell in cells:
        for magic in cell.magics:
            words = [word.strip("\"'") for word in magic.arguments.split() if not word.startswith("-")]
            if magic.name == "run" and words:
                name = words[0] if words[0].endswith((".py", ".ipynb")) else f"{words[0]}.py"
                yield (
                    posixpath.normpath(name),
                    Place(path, cell.number).evidence(magic.line, f"%run {words[0]}", "IMP5"),
                )
    for command in commands:
        if posixpath.basename(command.words[0]).startswith("python"):
            name = next((word for word in command.words[1:] if word.endswith(".py")), "")
            if name and not posixpath.isabs(name):
                at = posixpath.normpath(posixpath.join(command.folder, name))
                yield at, Evidence("IMP5", command.location, " ".join(command.words)[:200])


def _platform(found: Import) -> Notice | None:
    """A module that only a hosted service has."""
    services = tables.platforms()
    parts = found.module.split(".")
    service = next(
        (services[name] for size in range(1, len(parts) + 1) if (name := ".".join(parts[:size])) in services), None
    )
    if service is None:
        return None
    text = f"{found.evidence.text} works on {service} only; in an image it fails unless the code guards against that."
    return Notice("platform-module", text, found.evidence.location)


def _paths(found: Import, folder: str, around: Surroundings) -> list[str]:
    """The local files that an import opens: packages on the way, then the module itself."""
    if found.level:
        base = posixpath.normpath(posixpath.join(folder, *[".."] * (found.level - 1)))
        base = "" if base == "." else base
        return _existing(posixpath.join(base, *found.module.split(".")), base, around)
    known = _is_known(found)
    if found.evidence.location.cell is None and folder:
        near = _existing(posixpath.join(folder, *found.module.split(".")), folder, around)
        if near:
            return near
    first = around.module(found.top, known=known)
    if first is None:
        return []
    root = posixpath.dirname(posixpath.dirname(first) if first.endswith("/__init__.py") else first)
    return list(dict.fromkeys([first, *_existing(posixpath.join(root, *found.module.split(".")), root, around)]))


def _is_known(found: Import) -> bool:
    return bool(tables.modules().get(found.top))


def _existing(path: str, root: str, around: Surroundings) -> list[str]:
    """All files from ``root`` down to ``path`` that Python would open; the last name may be no module."""
    files = []
    while path and path != root and len(path) > len(root):
        files += [name for name in (f"{path}.py", f"{path}/__init__.py") if around.has(name)]
        path = posixpath.dirname(path)
    return files[::-1]


def _file_imports(path: str, around: Surroundings) -> Iterator[Import]:
    text = around.text(path)
    if text is None:
        return
    if path.endswith(".ipynb"):
        yield from cell_imports(path, _notebook_cells(text))
    elif path.endswith(".py"):
        yield from code_imports(text, Place(path, None, "IMP4"))


def _notebook_cells(text: str) -> Iterator[Cell]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    cells = content.get("cells") if isinstance(content, dict) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else (), 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            yield read_cell(number, source if isinstance(source, str) else "".join(map(str, source)))
