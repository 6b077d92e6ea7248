"""``jupyter mlpack cancel JOB``."""

from __future__ import annotations

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.targets import TargetsMixin, find_lasting, job_json, one_job
from jupyter_mlpack.ledger import Ledger
from jupyter_mlpack.submission.following import cancel, collect


class CancelCommand(TargetsMixin, MachineMixin, Command):
    """End a job on its target."""

    name = "jupyter-mlpack-cancel"
    usage = "jupyter mlpack cancel JOB"
    words = """
Asks the training to end (SIGTERM, so that a handler can write a checkpoint), and insists after ten seconds. What it
wrote until then is brought. To cancel twice, or a job that has ended, is no error."""
    examples = """
jupyter mlpack cancel 3fa94c"""
    aliases = {**Command.common_aliases}
    flags = {**Command.common_flags}

    def run(self, reporter: Reporter) -> int:
        """Ask it to end, and see that it did."""
        store = self.store()
        ledger = Ledger(store.root)
        record = find_lasting(ledger, one_job(self.extra_args))
        if not record.has_ended:
            cancel(record, store, ledger)
            writing = ledger.resume(record)
            if writing is not None:
                try:
                    collect(writing, store, ledger, reporter)
                    record = writing.record
                finally:
                    writing.close()
        reporter.result(f"{record.id[-6:]}  {record.state}", {"job": job_json(record)})
        return 0
