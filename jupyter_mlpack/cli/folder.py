"""``jupyter mlpack inspect FOLDER``: all notebooks below it, each shown as soon as it is read."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jupyter_mlpack.cli.answer import error_data
from jupyter_mlpack.cli.output import say, visible
from jupyter_mlpack.events import failed
from jupyter_mlpack.survey import Finding, Kernels, inspect_files
from jupyter_mlpack.values import Inspection, to_json

TOP = 12
"""Packages that the totals name."""

FAILED = 2
"""Exit status if a notebook could not be read: that of an unreadable notebook alone."""


class Totals:
    """What the notebooks of a folder need together."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = self.read = self.failed = 0
        self.packages: Counter[str] = Counter()
        self.unresolved: Counter[str] = Counter()

    def add(self, finding: Finding) -> None:
        """Count one more."""
        self.done += 1
        if finding.inspection is None:
            self.failed += 1
            return
        self.read += 1
        self.packages.update({item.name for item in finding.inspection.dependencies})
        self.unresolved.update({item.module for item in finding.inspection.unresolved})

    @property
    def status(self) -> int:
        """The exit status."""
        return FAILED if self.failed else 0


def findings(folder: Path, names: tuple[str, ...], kernels: Kernels, totals: Totals) -> Iterator[Finding]:
    """Inspect, count, and say on a terminal's standard error how far it is."""
    shown = sys.stderr.isatty() and sys.stdout.isatty()
    try:
        for finding in inspect_files(folder, names, kernels):
            totals.add(finding)
            if shown:
                print(f"\r\x1b[2K{totals.done} of {totals.total} notebooks", end="", file=sys.stderr, flush=True)
            yield finding
    finally:
        if shown:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def show_json(found: Iterator[Finding], totals: Totals) -> int:
    """One object a line: the inspection, or ``notebook`` and ``error``."""
    for finding in found:
        say(json.dumps(finding_data(finding)), sys.stdout)
    return totals.status


def finding_data(finding: Finding) -> Any:
    """What became of a notebook, as plain data."""
    if finding.error is None:
        return to_json(finding.inspection)
    return {"notebook": finding.path, "error": error_data(failed(finding.error))}


def show_requirements(found: Iterator[Finding], totals: Totals) -> int:
    """The union of all needs as one requirements file."""
    from jupyter_mlpack.cli.union import requirements_union

    inspections: list[Inspection] = []
    for finding in found:
        if finding.inspection is not None:
            inspections.append(finding.inspection)
        elif finding.error is not None:
            print(visible(f"left out: {finding.path}: {finding.error}"), file=sys.stderr)
    say(requirements_union(inspections).rstrip("\n"), sys.stdout)
    return totals.status


def show_text(found: Iterator[Finding], totals: Totals) -> int:
    """A table with a row for each notebook, then the totals. Stopped, it shows what is done."""
    from jupyter_mlpack.cli.summary import SummaryTable

    table = SummaryTable()
    try:
        for finding in found:
            table.add(finding)
    finally:
        say(table.text(totals), sys.stdout)
    return totals.status


SHOW: dict[str, Callable[[Iterator[Finding], Totals], int]] = {
    "json": show_json,
    "requirements": show_requirements,
    "text": show_text,
}
