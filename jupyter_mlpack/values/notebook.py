"""The notebook as read: places, evidence, notices, cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values.wire import Json


@dataclass(frozen=True)
class Location:
    """Where something was found. ``cell`` counts all cells from 1, ``line`` counts from 1 inside the cell."""

    path: str
    cell: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        cell = f", cell {self.cell}" if self.cell is not None else ""
        line = f", line {self.line}" if self.line is not None else ""
        return f"{self.path}{cell}{line}"


@dataclass(frozen=True)
class Evidence:
    """Why we believe something: a stable rule code (``IMP1``, ``PIP1``, ``HW3``), the place, and the text itself."""

    rule: str
    location: Location
    text: str


@dataclass(frozen=True)
class Notice:
    """Something the user should know that does not stop the build: a stable code and the sentence."""

    code: str
    text: str
    location: Location | None = None


@dataclass(frozen=True)
class Magic:
    """An IPython line or cell magic, or a shell line, told apart from the Python around it.

    ``name`` is ``pip``, ``conda``, ``load_ext``, ``writefile`` ... for magics and ``!`` for shell lines;
    ``body`` is the text below a cell magic, empty for line magics.
    """

    name: str
    arguments: str
    line: int
    body: str = ""


@dataclass(frozen=True)
class Cell:
    """One code cell. ``python`` is what is left when magics are blanked out (line numbers stay).

    ``parses`` says whether that is Python.
    """

    number: int
    source: str
    python: str
    magics: tuple[Magic, ...] = ()
    tags: frozenset[str] = frozenset()
    parses: bool = True


@dataclass(frozen=True)
class Notebook:
    """A notebook as read from disk, outputs and prose left out.

    ``kernel`` is the kernelspec's name, ``python_version`` is what ``language_info`` says (``3.11.7``),
    ``language`` is ``python`` or another one's name; of those there are no cells and no content.
    ``content`` is the normalised nbformat 4 document without outputs, ``document`` the same as canonical JSON text.
    ``notices`` tell what reading it had to mend (an old format, a cell that is no Python).
    """

    path: Path
    cells: tuple[Cell, ...]
    language: str
    kernel: str | None
    python_version: str | None
    metadata: Mapping[str, Json] = field(hash=False)
    content: Mapping[str, Json] = field(hash=False, repr=False)
    notices: tuple[Notice, ...] = ()

    @property
    def document(self) -> str:
        """The text that goes into an image."""
        text = json.dumps(self.content, sort_keys=True, ensure_ascii=False, indent=1)
        return text.encode("utf-8", "replace").decode("utf-8") + "\n"
