"""``jupyter mlpack inspect NOTEBOOK``: what it needs, and why."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.errors import NotebookNotNamed
from jupyter_mlpack.pipeline import Wishes, inspect
from jupyter_mlpack.values import Evidence, Inspection, to_json


class InspectCommand(Command):
    """What a notebook needs, and why."""

    name = "jupyter-mlpack-inspect"
    usage = "jupyter mlpack inspect NOTEBOOK [options]"
    words = """
Shows the packages, files and parameters of a notebook, each with the cell and line it was found in. The notebook is
read, never run; the kernel's interpreter is asked which versions it holds. Needs no network."""
    examples = """
jupyter mlpack inspect train.ipynb
jupyter mlpack inspect train.ipynb --format json"""
    aliases = {**Command.common_aliases}
    flags = {**Command.common_flags}

    def run(self, reporter: Reporter) -> int:
        """Inspect and show."""
        if len(self.extra_args) != 1:
            raise NotebookNotNamed(given=len(self.extra_args))
        _, inspection = inspect(Path(self.extra_args[0]), Wishes(), reporter)
        reporter.result(describe_inspection(inspection), to_json(inspection))
        return 0


def describe_inspection(inspection: Inspection) -> str:
    """The inspection for people: one line a finding, with its place."""
    kernel, python = inspection.kernel or "not named", inspection.python.version or "not named"
    lines = [f"{inspection.notebook}: kernel {kernel}, Python {python}"]
    lines += section(
        "packages", [(item.requirement, item.resolved_by, item.evidence) for item in inspection.dependencies]
    )
    lines += section("known to nobody", [(item.module, "", item.evidence) for item in inspection.unresolved])
    lines += section("files", [(item.path, f"{item.size} bytes", item.evidence) for item in inspection.files])
    lines += section(
        "parameters",
        [(f"{item.name} = {item.default!r}", str(item.location), ()) for item in inspection.parameters],
    )
    return "\n".join(lines)


def section(title: str, rows: list[tuple[str, str, tuple[Evidence, ...]]]) -> list[str]:
    """A titled block of aligned rows; nothing where there are none."""
    if not rows:
        return []
    width = min(44, max(len(name) for name, _, _ in rows))
    return [
        "",
        f"{title}:",
        *(f"  {name:<{width}}  {about:<10} {reason(evidence)}".rstrip() for name, about, evidence in rows),
    ]


def reason(evidence: tuple[Evidence, ...]) -> str:
    """The first evidence: place and text."""
    if not evidence:
        return ""
    first = evidence[0]
    place = f"cell {first.location.cell}" if first.location.cell else first.location.path
    return f"{place}: {first.text.strip()[:70]}"
