"""``jupyter mlpack logs JOB``."""

from __future__ import annotations

import json
import time
from contextlib import suppress

from traitlets import Bool

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.targets import TargetsMixin, find_job, job_json, one_job
from jupyter_mlpack.errors import MlpackError, StoppedFollowing
from jupyter_mlpack.events import Emit, LogLines
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.oci import Store
from jupyter_mlpack.submission.following import collect

LOOK = 0.2
"""Seconds between two looks at a log that another process writes."""


class LogsCommand(TargetsMixin, MachineMixin, Command):
    """Show what a job said."""

    name = "jupyter-mlpack-logs"
    usage = "jupyter mlpack logs JOB [-f]"
    words = """
Prints the log of a job as far as it is known here. With -f it stays with the job to its end, brings its outputs, and
exits with the job's own status; Ctrl-C stops that, and the job goes on."""
    options = (("-f, --follow", "stay with the job to its end"),)
    examples = """
jupyter mlpack logs 3fa94c
jupyter mlpack logs -f 3fa94c"""
    aliases = {**Command.common_aliases}
    flags = {
        **Command.common_flags,
        "f": ({"LogsCommand": {"follow": True}}, "Stay with the job to its end."),
        "follow": ({"LogsCommand": {"follow": True}}, "Stay with the job to its end."),
    }

    follow = Bool(False, help="Stay with the job to its end.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Print what is known, then what comes."""
        store = self.store()
        ledger = Ledger(store.root)
        record = find_job(ledger, one_job(self.extra_args))
        shown = show_known(ledger, record, reporter)
        if not self.follow:
            return 0
        return follow_and_tell(record, store, reporter, shown)

    def interruption(self) -> MlpackError:
        """The job goes on."""
        return StoppedFollowing()


def follow_and_tell(record: Record, store: Store, reporter: Reporter, shown: int = 0) -> int:
    """Follow a job to its end, whoever writes its log; ``shown`` entries are known. The exit status is the job's."""
    ledger = Ledger(store.root)
    writing = ledger.resume(record) if record.lasts else None
    if writing is None:
        return watch(ledger, record, reporter, shown)
    try:
        job = collect(writing, store, ledger, reporter)
    finally:
        writing.close()
    record = writing.record
    words = f"{record.state} (exit status {job.exit_status}): {len(job.outputs)} files in {record.output}"
    reporter.result("\n".join(["", words, *(f"  {name}" for name in job.outputs)]), {"job": job_json(record)})
    return job.exit_status or (0 if record.state == "succeeded" else 1)


def watch(ledger: Ledger, record: Record, reporter: Reporter, shown: int) -> int:
    """Show what another process writes down, until the job has ended or nobody writes any more."""
    while True:
        now = ledger.records().get(record.id, record)
        shown = show_known(ledger, record, reporter, shown)
        if now.has_ended:
            reporter.result(f"\n{now.state}: {len(now.outputs)} files in {now.output}", {"job": job_json(now)})
            return 0 if now.state == "succeeded" else 1
        time.sleep(LOOK)
        if now.lasts:
            writing = ledger.resume(now)
            if writing is not None:  # who followed it is gone
                writing.close()
                return follow_and_tell(now, Store(ledger.folder.parent), reporter, shown)


def show_known(ledger: Ledger, record: Record, emit: Emit, after: int = 0) -> int:
    """Log lines of the ledger behind entry ``after``; the number of the last entry."""
    more = True
    while more:
        entries, more = ledger.page(record.id, after)
        for entry in entries:
            after += 1
            with suppress(ValueError, KeyError, TypeError):
                event = json.loads(entry)["event"]
                if event["event"] == "LogLines":
                    emit(LogLines(event["phase"], tuple(event["lines"])))
    return after
