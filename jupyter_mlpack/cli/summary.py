"""The notebooks of a folder as one table, with totals."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from jupyter_mlpack.cli.page import counted, summary
from jupyter_mlpack.cli.style import Span, make_sheet
from jupyter_mlpack.survey import Finding
from jupyter_mlpack.values import Inspection

if TYPE_CHECKING:
    from collections import Counter

    from jupyter_mlpack.cli.folder import Totals

TOP = 12
"""Packages and unresolved names that the totals show."""

HEAD: list[Span] = [(title, "dim") for title in ("notebook", "packages", "unresolved", "hardware", "python", "")]


class SummaryTable:
    """Rows are gathered as notebooks are read; of an inspection nothing else is kept."""

    def __init__(self) -> None:
        self.rows: list[list[Span]] = []

    def add(self, finding: Finding) -> None:
        """One more notebook."""
        if finding.inspection is not None:
            self.rows.append(row(finding.inspection))
            return
        blank: list[Span] = [("-", "dim")] * 4
        self.rows.append([(finding.path, "red"), *blank, (f"failed: {finding.error}", "red")])

    def text(self, totals: Totals) -> str:
        """The table and what all need together."""
        sheet = make_sheet(sys.stdout)
        sheet.columns([HEAD, *self.rows], indent=0)
        parts = [f"{counted(totals.read, 'notebook')} read"]
        parts += [f"{totals.failed} failed"] if totals.failed else []
        parts += [f"{totals.total - totals.done} not looked at"] if totals.done < totals.total else []
        sheet.heading(", ".join(parts))
        sheet.columns(
            [[("packages", ""), *most(totals.packages)], [("unresolved", ""), *most(totals.unresolved)]], wrap=True
        )
        return sheet.text()


def row(inspection: Inspection) -> list[Span]:
    """A notebook that was read."""
    unresolved = len(inspection.unresolved)
    conflicts = counted(len(inspection.conflicts), "conflict") if inspection.conflicts else ""
    return [
        (inspection.notebook, "bold"),
        (str(len(inspection.dependencies)), ""),
        (str(unresolved) if unresolved else "-", "red" if unresolved else "dim"),
        (summary(inspection), ""),
        (inspection.python.version or "-", ""),
        (conflicts if inspection.language == "python" else f"in {inspection.language}", "yellow"),
    ]


def most(counts: Counter[str]) -> list[Span]:
    """How many there are, and those that most notebooks need."""
    named = ", ".join(
        f"{name} ({count})" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:TOP]
    )
    return [(str(len(counts)), "bold"), (named + (", ..." if len(counts) > TOP else ""), "")]
