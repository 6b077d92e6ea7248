"""``.mlpack/service.json`` -> ``Service``: which statements of the notebook run, and what they serve."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Piece:
    """Source that begins at ``line`` of ``cell``; both count from 1, cells as the notebook shows them."""

    cell: int
    line: int
    source: str


@dataclass(frozen=True)
class Service:
    """What the image serves. ``batch`` says whether the function takes all instances at once; None: find out.

    ``others`` are further functions, or methods of objects, with a route each.
    """

    function: str
    name: str
    cells: tuple[Piece, ...]
    models: tuple[str, ...] = ()
    folder: str = ""
    batch: bool | None = None
    others: tuple[str, ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """All that answers, the one that platforms ask first."""
        return (self.function, *self.others)


def read_service(application: Path) -> Service:
    """The service of an application folder."""
    data: dict[str, Any] = json.loads((application / ".mlpack/service.json").read_text(encoding="utf-8"))
    return Service(
        function=data["function"],
        name=data.get("name") or "model",
        cells=tuple(Piece(piece["cell"], piece.get("line", 1), piece["source"]) for piece in data["cells"]),
        models=tuple(data.get("models") or ()),
        folder=data.get("folder") or "",
        batch=data.get("batch"),
        others=tuple(data.get("others") or ()),
    )
