"""What ``jupyter mlpack inspect`` does, whoever read the command line."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlpack.errors import (
    ChoicesNeedNotebook,
    FormatNeedsNotebook,
    Interrupted,
    InterruptedInspection,
    MlpackError,
    NotebookOrFolderNotNamed,
)
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.choices import Choices
from jupyter_mlpack.inspection.served import may_serve
from jupyter_mlpack.survey import Kernels, find_notebooks, inspect_file, read_tables
from jupyter_mlpack.values import Inspection, Json, Notebook, Serving, to_json

if TYPE_CHECKING:
    from jupyter_mlpack.cli.folder import Totals
    from jupyter_mlpack.cli.report import Reporter

Lock = Callable[[Inspection, "Reporter"], str]
"""Makes the ``pylock.toml`` of an inspection."""


@dataclass
class Inspecting:
    """``given`` are the notebooks or folders that were named, ``format`` is one of ``InspectCommand.format``."""

    given: tuple[str, ...]
    format: str
    kernels: Kernels
    verbose: bool = False
    lock: Lock | None = None
    totals: Totals | None = None
    choices: Choices = field(default_factory=dict)

    def run(self, reporter: Reporter) -> int:
        """Inspect and show; returns the exit status."""
        gc.freeze()
        gc.disable()  # syntax trees are many, live short and hold no cycles; ``inspect_files`` collects now and then
        if len(self.given) != 1:
            raise NotebookOrFolderNotNamed(given=len(self.given))
        path = Path(self.given[0])
        if path.is_dir():
            return self.run_folder(path)
        notebook, inspection = inspect_file(path, self.kernels, self.choices)
        reporter.result(*self.answer(inspection, reporter, find_side(notebook)))
        return 0

    def answer(self, inspection: Inspection, reporter: Reporter, serving: Serving | None) -> tuple[str, Any]:
        """The inspection as ``format`` has it: text, or data for JSON."""
        if self.format == "json":
            return "", with_serving(to_json(inspection), serving)
        if self.format == "requirements":
            from jupyter_mlpack.resolution.formats import requirements_text

            return requirements_text(inspection).rstrip("\n"), None
        if self.format == "pylock" and self.lock is not None:
            return self.lock(inspection, reporter).rstrip("\n"), None
        from jupyter_mlpack.cli.page import write_inspection
        from jupyter_mlpack.cli.style import make_sheet

        sheet = make_sheet(sys.stdout)
        write_inspection(sheet, inspection, full=self.verbose)
        if serving is not None:
            from jupyter_mlpack.cli.served import write_serving

            write_serving(sheet, serving)
        return sheet.text(), None

    def run_folder(self, folder: Path) -> int:
        """Inspect all notebooks below ``folder``."""
        from jupyter_mlpack.cli.folder import SHOW, Totals, findings

        if self.choices:
            raise ChoicesNeedNotebook(path=folder)
        if self.format == "pylock":
            raise FormatNeedsNotebook(format=self.format, path=folder)
        read_tables()
        names = find_notebooks(folder)
        self.totals = Totals(len(names))
        return SHOW[self.format](findings(folder, names, self.kernels, self.totals), self.totals)

    def interruption(self) -> MlpackError:
        """How far it came."""
        if self.totals is None:
            return Interrupted()
        return InterruptedInspection(done=self.totals.done, total=self.totals.total)


def find_side(notebook: Notebook | None) -> Serving | None:
    """What an inference image would hold; none for a notebook without a predict function."""
    if notebook is None or not may_serve(notebook):
        return None
    from jupyter_mlpack.inspection.serving import find_serving

    return find_serving(notebook)


def with_serving(data: Json, serving: Serving | None) -> Json:
    """The inspection as JSON, with ``serving`` where there is something to serve."""
    return {**data, "serving": to_json(serving)} if serving is not None and isinstance(data, dict) else data
