"""The files beside a notebook that its image needs, and what the notebook writes.

Local modules go along, packages whole, and data that the code names. What leads outside the notebook's folder, is
large, holds credentials, is mounted by a hosted service or is not there is told, not taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection import filenotices as tell
from jupyter_mlpack.inspection.assets import KIND, Covered
from jupyter_mlpack.inspection.mounts import kaggle_sources
from jupyter_mlpack.inspection.search import Search
from jupyter_mlpack.inspection.surroundings import WRITERS, Surroundings
from jupyter_mlpack.inspection.touches import Touch, touched_by_cells, touched_by_commands, touched_by_file
from jupyter_mlpack.values import Cell, Evidence, Json, LocalFile, Notice, OutputFile

MAX_FILE = 100_000_000
"""Bytes of one file that is taken into an image without being asked."""


@dataclass(frozen=True)
class Files:
    """Files to take, sorted by path, those that were not taken, and what the notebook writes, in its order."""

    found: tuple[LocalFile, ...]
    notices: tuple[Notice, ...]
    outputs: tuple[OutputFile, ...] = ()


def find_files(
    path: str,
    cells: Iterable[Cell],
    modules: Iterable[tuple[str, Evidence]],
    around: Surroundings,
    metadata: Mapping[str, Json] | None = None,
) -> Files:
    """Local modules (packages whole), data files that a notebook called ``path`` reads, and the files it writes.

    ``metadata`` is the notebook's: it says which data a service mounts.
    """
    cells, modules = tuple(cells), tuple(modules)
    touches = _in_order(path, cells, around)
    search = Search(around, touches, kaggle_sources(metadata or {}))
    for module, evidence in modules:
        search.module(module, evidence)
    for touch in touches:
        search.touch(touch)
    for module, _ in modules:
        for touch in touched_by_file(module, around.text(module) or "") if module.endswith(".py") else ():
            search.touch(touch)
    found = []
    covered = around.folder.covered if isinstance(around.folder, Covered) else never
    awaited = frozenset(filter(covered, search.wanted))
    for file, (kind, evidences) in sorted(search.wanted.items()):
        size = around.folder.size(file)
        if size > MAX_FILE:
            search.notices.append(tell.too_large(file, size, evidences[0].location))
        elif file != path:
            found.append(LocalFile(file, size, tuple(dict.fromkeys(evidences)), KIND if file in awaited else kind))
    return Files(tuple(found), tuple(dict.fromkeys(search.notices)), tuple(search.outputs()))


def never(path: str) -> bool:
    """Nothing is awaited."""
    return False


def _in_order(path: str, cells: tuple[Cell, ...], around: Surroundings) -> list[Touch]:
    """What code and commands touch, as it stands in the notebook; a written cell is an output, too."""
    touches = [*touched_by_cells(path, cells), *touched_by_commands(around.commands), *_written_cells(path, cells)]
    return sorted(touches, key=lambda touch: (touch.evidence.location.cell or 0, touch.evidence.location.line or 0))


def _written_cells(path: str, cells: tuple[Cell, ...]) -> Iterator[Touch]:
    for cell in cells:
        for magic in cell.magics:
            names = [word.strip("\"'") for word in magic.arguments.split() if not word.startswith("-")]
            if magic.name in WRITERS and names:
                yield tell.written_cell(path, cell.number, magic, names[0])


def files_above(modules: Iterable[tuple[str, Evidence]], around: Surroundings) -> tuple[LocalFile, ...]:
    """Modules of the project above the notebook's folder, sorted by path (``../src/a.py``); too large ones left out."""
    sized = ((path, around.size(path), evidence) for path, evidence in sorted(modules))
    return tuple(LocalFile(path, size, (evidence,), "module") for path, size, evidence in sized if size <= MAX_FILE)
