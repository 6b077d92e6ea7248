"""``read_notebook``: a path -> ``Notebook``, or the plain reason why not.

The file is hostile input: its size is bounded before it is read (``notebook_text.py``), nothing in it is executed, and
whatever bytes it holds, the only errors that leave here are leaves of ``InputError``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.cells import MAX_CELL, Budget, read_cell
from jupyter_mlpack.inspection.choices import Choices, lay_over
from jupyter_mlpack.notebook_text import read_document
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell, Json, Location, Notebook, Notice

MAX_CELLS = 5_000
MAX_CODE = 4_000_000
"""Characters of code in all cells together."""

MAX_NOTICES = 50

OTHER_KERNELS = (
    (pattern(r"^(ir\b|ir\d|r$|r[-_ ]|conda-env-.*-r$|.*[-_/ ]r$)", re.I), "R"),
    (pattern(r"^julia", re.I), "Julia"),
    (pattern(r"^(scala|spylon|almond|spark$|spark_?kernel|sparkkernel)", re.I), "Scala"),
    (pattern(r"^(bash|zsh|calysto_bash)$", re.I), "Bash"),
    (pattern(r"^(javascript|jslab|tslab|deno|typescript)", re.I), "JavaScript"),
    (pattern(r"^(xcpp|cling|c\+\+)", re.I), "C++"),
    (pattern(r"^(sagemath|octave|matlab|ihaskell|haskell|rust|evcxr|gophernotes|ruby|sas|stata|\.net)", re.I), ""),
)
"""Kernel names that say what a missing language entry does not; an empty word stands for the name itself."""

SPOKEN = {"r": "R", "julia": "Julia", "scala": "Scala", "c++": "C++", "javascript": "JavaScript", "bash": "Bash"}
PYTHONS = ("python", "ipython", "pyspark", "python3", "python2", "coconut")
CELL_METADATA = ("tags", "name", "jupyter", "mlpack", "nbflow")
KEPT_METADATA = ("kernelspec", "language_info", "mlpack", "accelerator", "colab", "kaggle")


def read_notebook(path: Path, choices: Choices | None = None) -> Notebook:
    """The notebook at ``path``; raises a leaf of ``InputError`` that says what is wrong with it otherwise.

    ``choices`` are laid over those that it keeps in its metadata: the notebook is as if they were saved.
    """
    content, notices = _as_version_4(path, read_document(path))
    metadata, wrong = lay_over(path, _mapping(content.get("metadata")), choices or {})
    notices += wrong
    kernel = _text(_mapping(metadata.get("kernelspec")).get("name"))
    language = _language(metadata, kernel)
    if language not in PYTHONS:
        language = SPOKEN.get(language.lower(), language)
        notices.append(_foreign(path, language))
        return Notebook(path, (), language, kernel, None, metadata, {}, tuple(notices))
    raw = [_mapping(cell) for cell in _list(content.get("cells"))]
    budget = Budget()
    cells = tuple(_code_cells(path, raw, budget))
    notices += [*_cell_notices(path, cells), *_cut(path, budget)]
    version = _version(_mapping(metadata.get("language_info")).get("version"))
    return Notebook(path, cells, "python", kernel, version, metadata, _content(raw, metadata), tuple(notices))


def check_runnable(notebook: Notebook) -> None:
    """Raises ``NotebookLanguage`` for a notebook that is no Python, ``NotebookEmpty`` for one without code."""
    if notebook.language != "python":
        raise errors.NotebookLanguage(path=notebook.path, language=notebook.language)
    if not any(cell.source.strip() for cell in notebook.cells):
        raise errors.NotebookEmpty(path=notebook.path)


def _foreign(path: Path, language: str) -> Notice:
    text = f"The notebook is written in {language}: its code was not looked at, and no image can be made of it."
    return Notice("notebook-language", text, Location(str(path)))


def _as_version_4(path: Path, content: Mapping[str, Json]) -> tuple[Mapping[str, Json], list[Notice]]:
    """An older document as format 4 has it; the file stays as it is."""
    major = content.get("nbformat")
    if isinstance(content.get("cells"), list) and (not isinstance(major, int) or major >= 4):
        return content, []
    upgraded = _from_version_3(content) or _upgraded(content)
    if upgraded is None:
        raise errors.NotANotebook(path=path)
    text = f"The notebook is in the old format {major}; it was read as format 4. The file itself is unchanged."
    return upgraded, [Notice("notebook-upgraded", text, Location(str(path)))]


def _from_version_3(content: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Format 3 has its cells in worksheets, the code in ``input``, and headings as cells of their own.

    nbformat knows that, too, but takes seconds to import: it is asked for what is older or odd.
    """
    sheets = [_mapping(sheet) for sheet in _list(content.get("worksheets"))]
    cells: list[Json] = [_cell_of_3(_mapping(cell)) for sheet in sheets for cell in _list(sheet.get("cells"))]
    return {**content, "cells": cells} if content.get("nbformat") == 3 and cells else None


def _cell_of_3(cell: Mapping[str, Json]) -> dict[str, Json]:
    kind, source = cell.get("cell_type"), _source(cell)
    if kind == "heading":
        level = cell.get("level")
        marks = "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1)
        kind, source = "markdown", f"{marks} {' '.join(source.splitlines())}"
    return {"cell_type": "markdown" if kind == "html" else kind, "metadata": cell.get("metadata"), "source": source}


def _upgraded(content: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """``content`` in format 4, or nothing. nbformat would log, with its own words, what it mends or cannot."""
    import logging

    import nbformat

    wrong = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, nbformat.ValidationError)
    logging.disable(logging.CRITICAL)
    try:
        upgraded: dict[str, Json] = nbformat.convert(nbformat.from_dict(content), 4)  # type: ignore[no-untyped-call]
        return upgraded
    except wrong:
        return None
    finally:
        logging.disable(logging.NOTSET)


def _language(metadata: Mapping[str, Json], kernel: str | None) -> str:
    """The language entry, else what the kernel's name says, else Python (39 % of public notebooks say nothing)."""
    spec = _mapping(metadata.get("kernelspec"))
    said = _text(_mapping(metadata.get("language_info")).get("name")) or _text(spec.get("language"))
    if said:
        return said.lower()
    for name in (kernel, _text(spec.get("display_name"))):
        for wanted, language in OTHER_KERNELS:
            if name and wanted.search(name):
                return language or name
    return "python"


def _code_cells(path: Path, raw: list[Mapping[str, Json]], budget: Budget) -> Iterable[Cell]:
    total = 0
    if len(raw) > MAX_CELLS:
        raise errors.NotebookTooLarge(path=path, size=f"{len(raw)} cells", limit=f"{MAX_CELLS} cells")
    for number, cell in enumerate(raw, 1):
        if cell.get("cell_type") == "code":
            source = _source(cell)
            total += len(source)
            if total > MAX_CODE:
                limit = f"{MAX_CODE / 1e6:.0f} million characters of code"
                raise errors.NotebookTooLarge(path=path, size="more code than a person writes", limit=limit)
            tags = (tag for tag in _list(_mapping(cell.get("metadata")).get("tags")) if isinstance(tag, str))
            yield read_cell(number, source, tags, budget)


def _cell_notices(path: Path, cells: Iterable[Cell]) -> list[Notice]:
    """One sentence for each cell that could not be read whole, at most ``MAX_NOTICES``, then one for the rest."""
    odd = [cell for cell in cells if not cell.parses]
    notices = []
    for cell in odd[:MAX_NOTICES]:
        reason = "is not valid Python" if len(cell.source) <= MAX_CELL else "is too long to read as code"
        text = f"Cell {cell.number} {reason}; only what could be told from single lines was used."
        notices.append(Notice("cell-not-python", text, Location(str(path), cell.number)))
    if len(odd) > MAX_NOTICES:
        text = f"{len(odd) - MAX_NOTICES} more cells are no valid Python, or more than is read of one notebook."
        notices.append(Notice("cell-not-python", text, Location(str(path), odd[MAX_NOTICES].number)))
    return notices


def _cut(path: Path, budget: Budget) -> Iterable[Notice]:
    """A sentence if not all magics were read."""
    if budget.cut:
        text = "The notebook holds more magics than are read; those from this cell on were left out."
        yield Notice("cell-cut", text, Location(str(path), budget.cut))


def _content(raw: list[Mapping[str, Json]], metadata: Mapping[str, Json]) -> dict[str, Json]:
    """An nbformat 4.5 document: no outputs, no counts, no widget state, nothing of the machine it ran on."""
    cells: list[Json] = [_clean_cell(number, cell) for number, cell in enumerate(raw, 1)]
    kept: dict[str, Json] = {key: metadata[key] for key in KEPT_METADATA if isinstance(metadata.get(key), (dict, str))}
    spec = _mapping(metadata.get("kernelspec"))
    name = _text(spec.get("name")) or "python3"
    kept["kernelspec"] = {"name": name, "display_name": _text(spec.get("display_name")) or name, "language": "python"}
    kept["language_info"] = {"name": "python"}
    return {"cells": cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5}


def _clean_cell(number: int, cell: Mapping[str, Json]) -> dict[str, Json]:
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "markdown", "raw") else "raw"
    metadata = _mapping(cell.get("metadata"))
    kept: dict[str, Json] = {key: metadata[key] for key in CELL_METADATA if key in metadata}
    tags = [tag for tag in _list(metadata.get("tags")) if isinstance(tag, str) and "," not in tag and tag]
    kept |= {"tags": list(dict.fromkeys(tags))} if tags else {}
    kept = {key: value for key, value in kept.items() if _valid_cell_metadata(key, value)}
    clean: dict[str, Json] = {"cell_type": kind, "id": f"cell-{number}", "metadata": kept, "source": _source(cell)}
    return clean | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _valid_cell_metadata(key: str, value: Json) -> bool:
    """What nbformat's schema asks of the few keys that it knows."""
    if key == "tags":
        return isinstance(value, list) and all(isinstance(tag, str) for tag in value)
    return isinstance(value, str) and bool(value) if key == "name" else isinstance(value, dict)


def _source(cell: Mapping[str, Json]) -> str:
    source = cell.get("source", cell.get("input"))
    text = source if isinstance(source, str) else "".join(line for line in _list(source) if isinstance(line, str))
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _version(value: Json) -> str | None:
    found = re.match(r"\d+\.\d+(\.\d+)?", value) if isinstance(value, str) else None
    return found.group() if found else None


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
