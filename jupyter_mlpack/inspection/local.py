"""Imports -> those of other people's packages, with local modules followed for their own needs.

Files are read through the notebook's folder and never run. What is run as a script is followed in the same way; the
scripts of a clone, which is not there yet, cannot be. Modules of the project around the folder are followed for what
they need, too, but told apart: in the image they keep their place beside the notebook's folder.
"""

from __future__ import annotations

import json
import posixpath
from collections import deque
from collections.abc import Iterable, Iterator

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.imports import Import, Place, cell_imports, code_imports
from jupyter_mlpack.inspection.scripts import run_scripts, shell_scripts
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import Cell, Evidence, Notice, Unresolved

__all__ = ["Followed", "explain_unresolved", "follow_local", "run_scripts"]

MAX_FOLLOWED = 500
"""Local files that are read."""

MAX_IMPORTS = 20_000
"""Imports of all files together that are looked at."""

MAX_CHARACTERS = 800_000
"""Characters of all files together that are read."""

MAX_PARTS = 30
"""Names in a dotted module; deeper ones are cut."""


@dataclass(frozen=True)
class Followed:
    """``outside`` are imports that no local file satisfies; ``files`` the local modules with what led to them.

    ``above`` are modules of the project around the notebook's folder (``../src/a.py``).
    """

    outside: tuple[Import, ...]
    files: tuple[tuple[str, Evidence], ...]
    notices: tuple[Notice, ...]
    above: tuple[tuple[str, Evidence], ...] = ()


def follow_local(imports: Iterable[Import], scripts: Iterable[tuple[str, Evidence]], around: Surroundings) -> Followed:
    """Tell local modules from packages, transitively, each file read once."""
    trail = _Trail(around)
    for path, evidence in scripts:
        trail.open(path, evidence)
    for found in imports:
        trail.waiting.append((found, ""))
    while trail.waiting:
        trail.step(*trail.waiting.popleft())
    above = {path: evidence for path, evidence in trail.files.items() if path.startswith("..")}
    inside = {path: evidence for path, evidence in trail.files.items() if path not in above}
    notices = [*trail.notices, *_outside(above)]
    if trail.cut:
        text = f"More than {MAX_FOLLOWED} local files are imported; what the rest of them need is not known."
        notices.append(Notice("local-many", text))
    return Followed(tuple(trail.outside), tuple(inside.items()), tuple(dict.fromkeys(notices)), tuple(above.items()))


def explain_unresolved(unresolved: Iterable[Unresolved], around: Surroundings) -> tuple[Notice, ...]:
    """For names that nobody knows: the module of the project around the notebook's folder that may be meant."""
    notices = []
    for item in unresolved:
        found = around.beyond(item.module.partition(".")[0])
        if found is not None:
            location = item.evidence[0].location if item.evidence else None
            text = (
                f"{item.module} is no known package, but {found} stands outside the notebook's folder: put it beside "
                "the notebook, or install it in the notebook from an address that a job can reach."
            )
            notices.append(Notice("module-outside", text, location))
    return tuple(notices)


class _Trail:
    """What was found so far, and the imports that wait."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.waiting: deque[tuple[Import, str]] = deque()
        self.files: dict[str, Evidence] = {}
        self.outside: list[Import] = []
        self.notices: list[Notice] = []
        self.cut = False
        self._imports = 0
        self._characters = 0
        self._paths: dict[tuple[str, int, str, bool], list[str]] = {}

    def open(self, path: str, evidence: Evidence) -> None:
        """Take the local file at ``path``, if there is one, and what it imports and runs."""
        ahead = deque([(path, evidence)])
        while ahead:
            path, evidence = ahead.popleft()
            if path in self.files or not self.around.has(path):
                continue
            self._characters += len(self.around.text(path) or "")
            if len(self.files) >= MAX_FOLLOWED or self._imports >= MAX_IMPORTS or self._characters > MAX_CHARACTERS:
                self.cut = True
                return
            self.files[path] = evidence
            for inner in _file_imports(path, self.around):
                self._imports += 1
                self.waiting.append((inner, posixpath.dirname(path)))
            ahead.extend(_run_by(path, self.around))

    def step(self, found: Import, folder: str) -> None:
        """Decide on one import that stands in a file of ``folder``."""
        notice = _platform(found)
        if found.level == 0 and (notice or found.top in tables.standard_library()):
            self.notices += [notice] if notice else []
            return
        if found.level and found.evidence.location.cell is not None:
            self.notices.append(_relative(found))
        key = (found.module, found.level, folder, found.evidence.location.cell is None)
        seen = key in self._paths
        paths = self._paths.setdefault(key, [] if seen else _paths(found, folder, self.around))
        if not paths and found.level == 0:
            self.outside.append(found)
        for path in paths if not seen else ():
            if self.around.has(path):
                self.open(path, found.evidence)
            else:
                self.files.setdefault(path, found.evidence)


def _outside(above: dict[str, Evidence]) -> Iterator[Notice]:
    """One sentence for each module or package that stands outside, at the place that first leads there."""
    told: set[str] = set()
    for path, evidence in above.items():
        top = _package(path)
        if evidence.location.path.startswith("..") or top in told or str(evidence) in told:
            continue
        told |= {top, str(evidence)}
        text = (
            f"{evidence.text} finds {path}, outside the notebook's folder; it is taken along, and the notebook lies "
            "in its own folder in the image. Results of a run are in a folder of that name, too."
        )
        yield Notice("module-above", text, evidence.location)


def _package(path: str) -> str:
    """``../src/shapes`` for ``../src/shapes/square.py``."""
    parts = [part for part in path.split("/") if part != ".."]
    return "/".join(parts[:-1]) or path


def _relative(found: Import) -> Notice:
    text = f"{found.evidence.text} fails in a notebook: a notebook is no part of a package. Import it by its full name."
    return Notice("relative-import", text, found.evidence.location)


def _platform(found: Import) -> Notice | None:
    """A module that only a hosted service has."""
    services = tables.platforms()
    parts = found.module.split(".")[:MAX_PARTS]
    service = next(
        (services[name] for size in range(1, len(parts) + 1) if (name := ".".join(parts[:size])) in services), None
    )
    if service is None:
        return None
    text = f"{found.evidence.text} works on {service} only; in an image it fails unless the code guards against that."
    return Notice("platform-module", text, found.evidence.location)


def _paths(found: Import, folder: str, around: Surroundings) -> list[str]:
    """The local files that an import opens: packages on the way, then the module itself."""
    parts = found.module.split(".")[:MAX_PARTS]
    if found.level:
        base = posixpath.normpath(posixpath.join(folder, *[".."] * min(found.level - 1, MAX_PARTS)))
        base = "" if base == "." else base
        return _existing(posixpath.join(base, *parts), base, around)
    known = _is_known(found)
    if found.evidence.location.cell is None and folder:
        near = _existing(posixpath.join(folder, *parts), folder, around)
        if near:
            return near
    first = around.module(found.top, known=known)
    if first is None:
        return []
    root = posixpath.dirname(posixpath.dirname(first) if first.endswith("/__init__.py") else first)
    return list(dict.fromkeys([first, *_existing(posixpath.join(root, *parts), root, around)]))


def _is_known(found: Import) -> bool:
    return bool(tables.modules().get(found.top))


def _existing(path: str, root: str, around: Surroundings) -> list[str]:
    """All files from ``root`` down to ``path`` that Python would open; the last name may be no module."""
    files = []
    while path and path != root and len(path) > len(root):
        files += [name for name in (f"{path}.py", f"{path}/__init__.py") if around.has(name)]
        path = posixpath.dirname(path)
    return files[::-1]


def _run_by(path: str, around: Surroundings) -> Iterator[tuple[str, Evidence]]:
    """The local files that a shell script runs."""
    if not path.endswith((".py", ".ipynb")):
        for number, script in shell_scripts(around.text(path) or ""):
            at = posixpath.normpath(script)
            if not posixpath.isabs(at):
                yield at, Place(path, None, "IMP5").evidence(number, script)


def _file_imports(path: str, around: Surroundings) -> Iterator[Import]:
    text = around.text(path)
    if text is None:
        return
    if path.endswith(".ipynb"):
        yield from cell_imports(path, notebook_cells(text))
    elif path.endswith(".py"):
        yield from code_imports(text, Place(path, None, "IMP4"))


def notebook_cells(text: str) -> Iterator[Cell]:
    """The code cells of a notebook's JSON text; none if it is no notebook."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    cells = content.get("cells") if isinstance(content, dict) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else (), 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            yield read_cell(number, source if isinstance(source, str) else "".join(map(str, source)))
