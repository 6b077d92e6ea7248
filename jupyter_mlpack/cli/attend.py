"""``jupyter mlpack attend JOB``: what the server's workers do for a job on a target; the server writes the ledger."""

from __future__ import annotations

import os
import threading
import time

from traitlets import Bool

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.targets import find_lasting, one_job
from jupyter_mlpack.engines.engine import Engine, Found
from jupyter_mlpack.engines.outputs import list_outputs
from jupyter_mlpack.errors import (
    DockerLost,
    DockerUnreachable,
    EngineError,
    JobLost,
    JobNotStarted,
    MlpackError,
    StoppedFollowing,
)  # fmt: skip
from jupyter_mlpack.events import Event, Failed, JobChanged, LogLines, Noticed
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.jobs import Lines, Submission, check_job, tell_updates
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.submission.following import (
    as_wanted,
    engine_of,
    is_there,
    let_go_all,
    resumed,
    spec_of,
    task_of,
)  # fmt: skip
from jupyter_mlpack.submission.submitting import make_ready
from jupyter_mlpack.values import Job, Notice, Task, to_json

GONE = (JobLost, JobNotStarted)
"""What says that a job is nowhere; all other errors of an engine may be over in a while."""

LOST = (DockerLost, DockerUnreachable)
"""What says that an engine did not hear us, rather than that it would not."""

PHASE = "run"
GATHERED = 0.1
"""Seconds for which lines of a log wait for further ones; the server writes them down less often than that."""

PATIENCE = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds before the engine is asked again; the last one from then on."""


class AttendCommand(MachineMixin, Command):
    """Begin a job of the ledger, follow it to its end, or remove what its engine keeps of it."""

    name = "jupyter-mlpack-attend"
    usage = "jupyter mlpack attend JOB [--begin|--release]"
    words = """
For the server: tells what a job does, and where in the engine's log that was. It writes nothing into the ledger, but
for what an engine does not keep any more."""
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
        if self.release:
            let_go_all([find_lasting(ledger, word) for word in self.extra_args], store, ledger)
            return 0
        record = find_lasting(ledger, one_job(self.extra_args))
        reporter = Gathering(reporter)
        engine = engine_of(record, store, reporter)
        task = task_of(record, os.environ)
        attending = Attending(record, engine, ledger, reporter, store)
        if self.begin:
            attending.begin(task)
        try:
            job = attending.to_the_end()
        finally:
            reporter.flush()
        reporter.result("", to_json(job))
        return job.exit_status or 0

    def interruption(self) -> MlpackError:
        """The job goes on."""
        return StoppedFollowing()


class Gathering:
    """Passes on what a job does; lines that come within ``GATHERED`` seconds as one event, and the last mark only."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.lock = threading.Lock()
        self.lines: list[str] = []
        self.place = ""
        self.timer: threading.Timer | None = None

    def __call__(self, event: Event) -> None:
        """Lines of the log wait for further ones, and what comes after them comes after them."""
        with self.lock:
            if isinstance(event, LogLines) and event.phase == PHASE:
                self.lines += event.lines
                self._soon()
                return
            self._pass_on()
            self.reporter(event)

    def mark(self, text: str) -> None:
        """All before this place was told."""
        with self.lock:
            self.place = text
            self._soon()

    def result(self, text: str, data: object) -> None:
        """The answer comes last."""
        with self.lock:
            self._pass_on()
            self.reporter.result(text, data)

    def interrupted(self, failure: Failed) -> None:
        """So does an interruption."""
        with self.lock:
            self._pass_on()
            self.reporter.interrupted(failure)

    def flush(self) -> None:
        """Pass on what waits."""
        with self.lock:
            self._pass_on()

    def _soon(self) -> None:
        if self.timer is None:
            self.timer = threading.Timer(GATHERED, self.flush)
            self.timer.daemon = True
            self.timer.start()

    def _pass_on(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        lines, self.lines = tuple(self.lines), []
        if lines:
            self.reporter(LogLines(PHASE, lines))
        place, self.place = self.place, ""
        if place:
            self.reporter.result("", {"mark": place})


class Attending:
    """Follows a job to its end, however often its engine cannot be reached meanwhile.

    How far the log was told is at first what the ledger has, then what this process said: the last mark of the engine,
    and the lines ``behind`` it.
    """

    def __init__(self, record: Record, engine: Engine, ledger: Ledger, reporter: Gathering, store: Store) -> None:
        self.record, self.engine, self.ledger, self.reporter = record, engine, ledger, reporter
        self.store = store
        self.may_begin = record.may_begin
        self.submission: Submission | None = None
        self.place, self.behind = "", 0
        self.failures = 0

    def begin(self, task: Task) -> None:
        """Push its image and start it, also where the engine's answer is lost.

        Raises what ``check_job`` and ``make_ready`` raise, and ``EngineError`` if the engine does not take it.
        """
        check_job(spec_of(self.record), self.store)
        make_ready(self.record, self.engine, self.store, self.reporter)
        while not self.started(task):
            continue
        self.may_begin = False
        self.reporter.result("", {"taken": True})

    def started(self, task: Task) -> bool:
        """Whether the engine has it now; it is to be asked again if it could not be reached."""
        try:
            self.engine.start(self.engine.prepare(task))
        except EngineError as error:
            there = is_there(self.engine, task)
            if there is False and not isinstance(error, LOST):
                raise
            if not there:
                self.wait(error)
            return bool(there)
        return True

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
            self.wait(error)
        return None

    def wait(self, error: EngineError) -> None:
        """The engine cannot be reached: say so once, and wait the longer, the longer it is so."""
        if self.failures == 0:
            text = f"{error} It is asked again until it answers."
            self.reporter(Noticed(Notice("engine-unreachable", text)))
        time.sleep(PATIENCE[min(self.failures, len(PATIENCE) - 1)])
        self.failures += 1

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
        """The job; a submission that was cut off is finished. Raises ``JobNotStarted``."""
        task = task_of(self.record)
        found = self.engine.attach(task, self.place)
        if found is None and self.may_begin and not self.ledger.end_is_wanted(self.record.id):
            self.begin(task)
            found = self.engine.attach(task, self.place)
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
        self.reporter.mark(text)
