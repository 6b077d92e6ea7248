"""The cases: what a notebook imports, and what a person would write into a Dockerfile for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SMALL = ("tabulate", "humanize", "toolz", "natsort", "termcolor", "xmltodict", "emoji", "inflection", "cachetools",
         "munch", "schedule", "parse", "tinydb", "colorama")  # fmt: skip
"""Small packages without dependencies of their own, none of which any case needs: one is added in each run."""


@dataclass(frozen=True)
class Case:
    """``imports`` of a notebook; ``debs`` that a Dockerfile needs; the bytes that make a wheel ``heavy``."""

    name: str
    title: str
    imports: tuple[str, ...]
    debs: tuple[str, ...] = ()
    heavy: int = 3_000_000
    folder: bool = False
    """Whether the peers install from a folder of wheels: several GB are downloaded once only."""
    card: str = ""
    """The card that the notebook declares: without one it is for a CPU."""

    def write(self, folder: Path, stem: str = "train", extra: Sequence[str] = (), line: str = "ready") -> Path:
        """The notebook, with further imports and another last line if wished."""
        folder.mkdir(parents=True, exist_ok=True)
        metadata = {"accelerator": "GPU", "colab": {"gpuType": self.card}} if self.card else {}
        return write_notebook(folder / f"{stem}.ipynb", (*self.imports, *extra), line, metadata)


CASES = {
    case.name: case
    for case in (
        Case(
            "sklearn", "(a) scikit-learn, pandas, matplotlib", ("matplotlib.pyplot", "pandas", "sklearn.linear_model")
        ),
        Case("opencv", "(b) OpenCV with its system libraries, pandas", ("cv2", "pandas"), ("libgl1", "libglib2.0-0")),
        Case("torch", "(c) torch for CUDA", ("pandas", "torch"), (), 20_000_000, True, "T4"),
    )
}


def write_notebook(path: Path, imports: Sequence[str], line: str, metadata: Mapping[str, object] | None = None) -> Path:
    """A notebook of two cells: imports, and a last line."""
    cells = [[f"import {name}\n" for name in imports], [f"print({line!r})\n"]]
    document = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{at}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": cell,
            }
            for at, cell in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            **(metadata or {}),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document, indent=1))
    return path
