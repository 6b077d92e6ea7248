"""Which notebook a kernel belongs to, and whether the file holds what was run."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpack import errors

SESSION = "JPY_SESSION_NAME"
"""The variable in which Jupyter Server tells a kernel its notebook's path."""

VSCODE = "__vsc_ipynb_file__"
"""The variable that VS Code puts into a kernel's namespace."""

OWN = re.compile(r"\s*(?:\w+\s*=\s*)?%(?:mlpack\b|(?:re)?load_ext\s+jupyter_mlpack\b)[^\n]*(?:\\\n[^\n]*)*")
"""A line of ours: whether it is saved does not matter."""

SHOWN = 60
"""Characters of a cell's first line that a note shows."""


def own_notebook(environment: Mapping[str, str], names: Mapping[str, Any], command: str) -> Path:
    """The notebook of this kernel. Raises ``OwnNotebookUnknown``."""
    told = str(names.get(VSCODE) or environment.get(SESSION) or "")
    if not told:
        raise errors.OwnNotebookUnknown(reason=f"Neither {SESSION} nor VS Code's {VSCODE} is set.", command=command)
    path = Path(told)
    for place in (path, Path(path.name), Path(path.name.rpartition(":")[2])):  # real-time collaboration: RTC:n.ipynb
        if place.suffix == ".ipynb" and place.is_file():
            return place.absolute()
    reason = f"It was started for {told}, and there is no such notebook (any more)."
    raise errors.OwnNotebookUnknown(reason=reason, command=command)


class Ran:
    """The cells that ran since the extension was loaded, each as it was last."""

    def __init__(self) -> None:
        self.cells: dict[str, str] = {}

    def hear(self, info: Any) -> None:
        """IPython runs a cell."""
        source = str(info.raw_cell or "")
        if getattr(info, "store_history", True):
            self.cells[str(getattr(info, "cell_id", None) or source)] = source

    def unsaved(self, path: Path) -> str:
        """A sentence about cells that ran and are not in the file; empty if all are, or if it cannot be read."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            saved = {bare("".join(cell["source"])) for cell in document["cells"]}
            age = time.time() - os.stat(path).st_mtime
        except (OSError, ValueError, KeyError, TypeError):
            return ""  # the command itself says what is wrong with it
        missing = [text for source in self.cells.values() if (text := bare(source)) and text not in saved]
        if not missing:
            return ""
        first = missing[-1].splitlines()[0][:SHOWN]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return (
            f"{path.name} was saved {age:.0f} s ago, without a cell that ran ({first}{more}):"
            " what is saved counts. Save the notebook, and run this again, if that should be in it."
        )


def bare(source: str) -> str:
    """A cell without our own lines and the space around it."""
    return OWN.sub("", source).strip()
