"""The targets of the configuration, for the subcommands that hand jobs to them or look after them."""

from __future__ import annotations

from collections.abc import Sequence

from traitlets import Dict
from traitlets.config.configurable import Configurable

from jupyter_mlpack.errors import JobAmbiguous, JobHasNoEngine, JobNotNamed, JobUnknown
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.submission.targets import read_targets
from jupyter_mlpack.values import JobTarget, Json, to_json

SHOWN = 5
"""Newest jobs that a refusal names."""


class TargetsMixin(Configurable):
    """Where jobs can run."""

    targets = Dict(
        help="Where jobs can run, by name: {'gpu-cluster': {'engine': 'kubernetes', 'accelerators': ['cuda12'],"
        " 'gpus': 8, 'registry': 'registry.example.com/team', ...}}. docs/jobs.md has one of each engine."
    ).tag(config=True)

    def job_targets(self) -> dict[str, JobTarget]:
        """All of them. Raises ``TargetWrong``."""
        return read_targets(self.targets)


def find_job(ledger: Ledger, word: str) -> Record:
    """The job whose id is, begins or ends with ``word``. Raises ``JobUnknown``, ``JobAmbiguous``."""
    jobs = {id: record for id, record in ledger.records().items() if record.kind == "job"}
    wanted = word.rpartition("-")[2] if word.startswith("mlpack-") else word
    found = [id for id in jobs if wanted and (id.endswith(wanted) or id.startswith(wanted))]
    if wanted in jobs:
        return jobs[wanted]
    if not found:
        newest = sorted(jobs, reverse=True)[:SHOWN]
        raise JobUnknown(id=word, known=", ".join(id[-6:] for id in newest) or "none yet")
    if len(found) > 1:
        raise JobAmbiguous(id=word, found=", ".join(sorted(found)))
    return jobs[found[0]]


def find_lasting(ledger: Ledger, word: str) -> Record:
    """The same, of a job that a target has. Raises ``JobHasNoEngine``, too."""
    record = find_job(ledger, word)
    if not record.lasts:
        raise JobHasNoEngine(id=record.id)
    return record


def one_job(words: Sequence[str]) -> str:
    """The only argument. Raises ``JobNotNamed``."""
    if len(words) != 1:
        raise JobNotNamed(given=len(words))
    return words[0]


def job_json(record: Record) -> dict[str, Json]:
    """A job for machines."""
    names = ("id", "state", "image", "digest", "notebook", "target", "engine", "task", "reference", "output", "outputs",
             "parameters", "created", "started", "ended", "failure", "user")  # fmt: skip
    return {name: to_json(getattr(record, name)) for name in names}
