"""Whether a notebook may have an inference side: a quick look, before all of ``serving/`` is imported."""

from __future__ import annotations

from jupyter_mlpack.inspection.choices import read_decided
from jupyter_mlpack.values import Notebook


def may_serve(notebook: Notebook) -> bool:
    """Whether a predict function is named, a cell is tagged, or a function is called so."""
    if read_decided(notebook.metadata).predict:
        return True
    return any("predict" in cell.tags or "def predict(" in cell.python for cell in notebook.cells)
