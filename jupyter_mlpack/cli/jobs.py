"""``jupyter mlpack jobs``."""

from __future__ import annotations

import time

from traitlets import Bool

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.targets import TargetsMixin, job_json
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.submission.targets import describe_targets
from jupyter_mlpack.values import to_json


class JobsCommand(TargetsMixin, MachineMixin, Command):
    """List jobs, or the targets that there are."""

    name = "jupyter-mlpack-jobs"
    usage = "jupyter mlpack jobs [--targets]"
    words = """
The trainings that were run or submitted from here, newest first, as the ledger knows them; `logs -f` and `fetch` ask
the target how it goes on."""
    options = (("--targets", "where jobs can run, and what is offered there"),)
    examples = """
jupyter mlpack jobs
jupyter mlpack jobs --targets
jupyter mlpack jobs --format json"""
    aliases = {**Command.common_aliases}
    flags = {
        **Command.common_flags,
        "targets": ({"JobsCommand": {"show_targets": True}}, "Where jobs can run."),
    }

    show_targets = Bool(False, help="List the targets instead.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Print a table."""
        if self.show_targets:
            targets = self.job_targets()
            rows = list(describe_targets(targets))
            width = max(len(name) for name, _, _ in rows)
            lines = [f"{name:<{width}}  {engine:<11} {offered}" for name, engine, offered in rows]
            reporter.result("\n".join(lines), {"targets": [to_json(target) for target in targets.values()]})
            return 0
        records = Ledger(self.store().root).records().values()
        jobs = sorted((record for record in records if record.kind == "job"), key=lambda job: job.id, reverse=True)
        reporter.result(describe_jobs(jobs, time.time()), {"jobs": [job_json(job) for job in jobs]})
        return 0


def describe_jobs(jobs: list[Record], now: float) -> str:
    """A table: short id, state, age, target, image."""
    if not jobs:
        return "No jobs yet. Submit one: jupyter mlpack submit NOTEBOOK --on docker"
    rows = [(job.id[-6:], job.state, age(now - job.created), job.target or "here", job.image) for job in jobs]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows
    )


def age(seconds: float) -> str:
    """``3 min``: how long ago something was."""
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{max(seconds, 0) // size:.0f} {unit}"
    return f"{seconds // 86_400:.0f} d"
