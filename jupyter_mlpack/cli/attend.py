"""``jupyter mlpack attend JOB``: what the server's workers do for a job on a target; the server writes the ledger."""

from __future__ import annotations

import os
import time

from traitlets import Bool

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.targets import find_lasting, one_job
from jupyter_mlpack.engines.engine import Engine, Found
from jupyter_mlpack.engines.outputs import list_outputs
from jupyter_mlpack.errors import EngineError, JobLost, JobNotStarted, MlpackError, StoppedFollowing
from jupyter_mlpack.events import Event, JobChanged, LogLines, Noticed
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.jobs import Lines, Submission, check_job, tell_updates
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.submission.following import as_wanted, engine_of, resumed, spec_of, task_of
from jupyter_mlpack.submission.submitting import make_ready
from jupyter_mlpack.values import Job, Notice, to_json

GONE = (JobLost, JobNotStarted)
"""What says that a job is nowhere; all other errors of an engine may be over in a while."""

PATIENCE = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds before the engine is asked again; the last one from then on."""


class AttendCommand(MachineMixin, Command):
    """Begin a job of the ledger, follow it to its end, or remove what its engine keeps of it."""

    name = "jupyter-mlpack-attend"
    usage = "jupyter mlpack attend JOB [--begin|--release]"
    words = """
For the server: tells what a job does, and where in the engine's log that was; writes nothing into the ledger."""
    aliases = {**Command.common_aliases}
    flags = {
        **Command.common_flags,
        "begin": ({"AttendCommand": {"begin": True}}, "Push its image and start it first."),
        "release": ({"AttendCommand": {"release": True}}, "Remove what the engine keeps of it."),
    }

    begin = Bool(False, help="Push its image and start it first.").tag(config=True)
    release = Bool(False, help="Remove what the engine keeps of it.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """One of the three."""
        store = self.store()
        ledger = Ledger(store.root)
        record = find_lasting(ledger, one_job(self.extra_args))
        engine = engine_of(record, store, reporter)
        task = task_of(record, os.environ)
        if self.release:
            found = engine.attach(task)
            if found is not None:
                engine.release(found.handle)
            return 0
        if self.begin:
            check_job(spec_of(record), store)
            make_ready(record, engine, store, reporter)
            engine.start(engine.prepare(task))
        job = Attending(record, engine, ledger, reporter).to_the_end()
        reporter.result("", to_json(job))
        return job.exit_status or 0

    def interruption(self) -> MlpackError:
        """The job goes on."""
        return StoppedFollowing()


class Attending:
    """Follows a job to its end, however often its engine cannot be reached meanwhile.

    How far the log was told is at first what the ledger has, then what this process said: the last mark of the engine,
    and the lines ``behind`` it.
    """

    def __init__(self, record: Record, engine: Engine, ledger: Ledger, reporter: Reporter) -> None:
        self.record, self.engine, self.ledger, self.reporter = record, engine, ledger, reporter
        self.submission: Submission | None = None
        self.place, self.behind = "", 0
        self.failures = 0

    def to_the_end(self) -> Job:
        """The job once it has ended. Raises ``GONE``."""
        while True:
            job = self.attempt()
            if job is not None:
                return job

    def attempt(self) -> Job | None:
        """The job; nothing if it is to be followed again, as one is that somebody cancelled. Else Ctrl-C passes."""
        try:
            return self.once()
        except KeyboardInterrupt:
            if not self.ledger.end_is_wanted(self.record.id):
                raise
        except GONE:
            raise
        except EngineError as error:
            if self.failures == 0:
                text = f"{error} It is asked again until it answers."
                self.reporter(Noticed(Notice("engine-unreachable", text)))
            time.sleep(PATIENCE[min(self.failures, len(PATIENCE) - 1)])
            self.failures += 1
        return None

    def once(self) -> Job:
        """Follow it from where it was told."""
        told = self.ledger.told(self.record.id) if self.submission is None else None
        if told is not None:
            self.place, self.behind = told.mark, told.behind
        found = self.find()
        if self.ledger.end_is_wanted(self.record.id):
            self.engine.cancel(found.handle)
        if told is not None:
            self.submission = resumed(self.record, found, told, self.mark)
        assert self.submission is not None
        submission = replace(self.submission, handle=found.handle, skip=self.behind)
        change = tell_updates(submission, self.engine, Lines(), self.tell)
        end = as_wanted(JobChanged(change.state, change.exit_status), self.ledger, self.record.id)
        outputs = list_outputs(submission.spec.output)
        return Job(self.record.id, submission.spec, end.state, end.exit_status, outputs)

    def find(self) -> Found:
        """The job. Raises ``JobNotStarted``."""
        found = self.engine.attach(task_of(self.record), self.place)
        if found is None:
            raise JobNotStarted(id=self.record.id, target=self.record.target)
        return found

    def tell(self, event: Event) -> None:
        """Pass an event on; lines of the log are remembered."""
        self.failures = 0
        if isinstance(event, LogLines):
            self.behind += len(event.lines)
        self.reporter(as_wanted(event, self.ledger, self.record.id) if isinstance(event, JobChanged) else event)

    def mark(self, text: str) -> None:
        """All before this place was told."""
        self.place, self.behind = text, 0
        self.reporter.result("", {"mark": text})
