"""``find_serving``: what of a notebook an inference image holds, and what of it was cut. Nothing is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.serving.find import Function, find_function
from jupyter_mlpack.inspection.serving.slice import Slice, Statement, read_statements, slice_for
from jupyter_mlpack.inspection.serving.written import files_written, needed_files
from jupyter_mlpack.inspection.surroundings import WRITERS
from jupyter_mlpack.inspection.tokens import mask
from jupyter_mlpack.inspection.touches import touched_by_cells
from jupyter_mlpack.values import Cell, CellFate, Location, Notebook, ServedCell, Serving, StillTrains

MAX_NAMES = 6
"""Names that are told of one cell."""

LOADING = frozenset(["needs", "reads"])


def find_serving(notebook: Notebook) -> Serving | None:
    """The predict function and what it needs; ``None`` for a notebook without one."""
    function = find_function(notebook)
    if function is None:
        return None
    found = slice_for(function.roots, read_statements(notebook.cells))
    lines = kept_lines(notebook.cells, found)
    path = notebook.path.name
    serving = Serving(
        function.name,
        Location(path, function.cell, function.line),
        function.rule,
        function.parameters,
        function.returns,
        tuple(served(cell, lines[cell.number]) for cell in notebook.cells if cell.number in lines),
        tuple(fates(notebook.cells, found, function)),
        tuple(still_trains(path, notebook.cells, found)),
        unpickles=found.unpickles,
        others=function.others,
    )
    served_alone = serving_notebook(notebook, serving)
    serving = replace(serving, files=tuple(loaded_files(served_alone)))
    written = needed_files(served_alone.cells, serving.files, files_written(notebook.cells))
    texts = tuple((path, text) for path, (text, _) in written.items())
    return replace(serving, written=texts, cells=tuple(with_writers(serving.cells, written, function)))


def with_writers(
    cells: Iterable[CellFate], written: Mapping[str, tuple[str, int]], function: Function
) -> Iterator[CellFate]:
    """What becomes of the cells that write a needed file: it is in the image."""
    by_cell: dict[int, list[str]] = {}
    for path, (_, cell) in written.items():
        by_cell.setdefault(cell, []).append(path)
    for fate in cells:
        names = by_cell.get(fate.cell)
        yield CellFate(fate.cell, "all", f"writes {', '.join(names)}: {function.name} needs it") if names else fate


def kept_lines(cells: Iterable[Cell], found: Slice) -> dict[int, dict[int, str]]:
    """For each cell of which something is kept the lines by their number; an import of several names is cut down."""
    texts = {cell.number: cell.python.split("\n") for cell in cells}
    lines: dict[int, dict[int, str]] = {}
    for index in sorted(found.kept):
        statement, narrowed = found.statements[index], found.text(index)
        numbers = range(statement.first, statement.last + 1)
        text = texts[statement.cell]
        own = {statement.first: narrowed} if narrowed else {number: text[number - 1] for number in numbers}
        lines.setdefault(statement.cell, {}).update(own)
    return lines


def served(cell: Cell, lines: dict[int, str]) -> ServedCell:
    """The kept lines of a cell, from the first to the last, the others blank."""
    first, last = min(lines), max(lines)
    return ServedCell(cell.number, first, "\n".join(lines.get(number, "") for number in range(first, last + 1)))


def serving_notebook(notebook: Notebook, serving: Serving) -> Notebook:
    """The notebook as if only the kept code stood in it, each line where it was; files that cells write stay, too."""
    kept = {item.cell: item for item in serving.kept}
    cells = []
    for cell in notebook.cells:
        magics = tuple(magic for magic in cell.magics if magic.name in WRITERS or magic.name == "cd")
        item = kept.get(cell.number)
        if item is not None:
            python = "\n" * (item.line - 1) + item.source
            cells.append(replace(cell, source=python, python=python, magics=magics, tags=frozenset[str]()))
        elif magics:
            cells.append(replace(cell, source="", python="", magics=magics, tags=frozenset[str]()))
    return replace(notebook, cells=tuple(cells), content={"cells": []}, notices=())


def loaded_files(notebook: Notebook) -> Iterator[str]:
    """The paths that the code loads, in its order, each once."""
    seen = set()
    for touch in touched_by_cells(notebook.path.name, notebook.cells):
        if touch.verb in LOADING and touch.text.exact and not touch.text.number and "://" not in touch.text.text:
            path = touch.path
            if path and path not in seen:
                seen.add(path)
                yield path


def still_trains(path: str, cells: tuple[Cell, ...], found: Slice) -> Iterator[StillTrains]:
    """The kept statements that train, each with its first line."""
    sources = {cell.number: cell.source.split("\n") for cell in cells}
    for statement, name in found.training():
        lines = sources.get(statement.cell, [])
        text = lines[statement.first - 1].strip() if statement.first <= len(lines) else ""
        yield StillTrains(name, Location(path, statement.cell, statement.first), mask(text)[:200])


def fates(cells: tuple[Cell, ...], found: Slice, function: Function) -> Iterator[CellFate]:
    """What becomes of each code cell with something in it, and why."""
    by_cell: dict[int, list[Statement]] = {}
    for statement in found.statements:
        by_cell.setdefault(statement.cell, []).append(statement)
    for cell in cells:
        statements = by_cell.get(cell.number, [])
        if not statements or (cell.magics and not any(does_something(statement) for statement in statements)):
            if cell.source.strip():
                yield CellFate(cell.number, "none", "only commands: they are not run in an inference image")
            continue
        kept = [statement for statement in statements if statement.index in found.kept]
        whole = len(kept) == len(statements) and not any(found.text(statement.index) for statement in kept)
        word = "all" if whole else "part" if kept else "none"
        yield CellFate(cell.number, word, why(statements, kept, found, function))


def does_something(statement: Statement) -> bool:
    """Whether there is more than what stands for a command."""
    effects = statement.effects
    return bool(effects.reads or effects.binds or effects.changes or effects.star)


def why(statements: list[Statement], kept: list[Statement], found: Slice, function: Function) -> str:
    """In words: what the function needs of a cell, or why it needs nothing."""
    names = sorted({name for statement in kept for name in found.kept[statement.index]} - function.roots)
    told = ", ".join(names[:MAX_NAMES]) + (f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else "")
    own = sorted({name for statement in kept for name in found.kept[statement.index]} & function.roots)
    cut = sorted({name for statement in statements if statement not in kept for name in statement.effects.trained})
    trained = f"it trains {', '.join(cut[:MAX_NAMES])}" if cut else ""
    if own:
        return f"defines {', '.join(own)}" + (f", and what it needs: {told}" if told else "")
    if told:
        return f"{function.name} needs {told}"
    if kept:
        return "sets up the process"
    return trained or f"{function.name} needs nothing of it"
