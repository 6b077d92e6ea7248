"""``jupyter mlpack fetch JOB``."""

from __future__ import annotations

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.logs import follow_and_tell, show_known
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.targets import TargetsMixin, find_lasting, job_json, one_job
from jupyter_mlpack.errors import MlpackError, StoppedFollowing
from jupyter_mlpack.ledger import Ledger


class FetchCommand(TargetsMixin, MachineMixin, Command):
    """Bring what a job wrote."""

    name = "jupyter-mlpack-fetch"
    usage = "jupyter mlpack fetch JOB"
    words = """
Waits for the end of a job and brings its outputs into the folder that was chosen when it was submitted. Of a job whose
outputs are here already, it says where they are."""
    examples = """
jupyter mlpack fetch 3fa94c"""
    aliases = {**Command.common_aliases}
    flags = {**Command.common_flags}

    def run(self, reporter: Reporter) -> int:
        """Follow it to its end, which brings the outputs."""
        store = self.store()
        ledger = Ledger(store.root)
        record = find_lasting(ledger, one_job(self.extra_args))
        if record.has_ended:
            lines = [f"{record.state}: {len(record.outputs)} files in {record.output}"]
            reporter.result("\n".join([*lines, *(f"  {name}" for name in record.outputs)]), {"job": job_json(record)})
            return 0
        shown = show_known(ledger, record, lambda event: None)
        return follow_and_tell(record, store, reporter, shown)

    def interruption(self) -> MlpackError:
        """The job goes on."""
        return StoppedFollowing()
