"""A submitted job, found again by the name in the ledger: its log told on without a gap, its end, its outputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import Engine, Found, open_engine
from jupyter_mlpack.engines.outputs import list_outputs
from jupyter_mlpack.events import Emit, Event, Failed, JobChanged, event_json, failed, ignore
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.jobs import Lines, Submission, make_task, tell_updates
from jupyter_mlpack.ledger import Ledger, Record, Told, Writing
from jupyter_mlpack.masking import Mask
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Job, JobSpec, JobState, Resources, Task

MARKED = 1.0
"""Seconds between two marks that are written down."""


def collect(writing: Writing, store: Store, ledger: Ledger, emit: Emit) -> Job:
    """Follow a job to its end, write down what it says, and bring its outputs. Ctrl-C only stops following.

    Raises ``JobLost`` and other ``EngineError`` leaves; where the engine cannot be reached the job is left as it is.
    """
    record = writing.record
    engine = engine_of(record, store)
    found = engine.attach(task_of(record), ledger.told(record.id).mark)
    if found is None:
        lost = errors.JobNotStarted(id=record.id, target=record.target)
        end(writing, JobState.FAILED, emit, failure=lost)
        raise lost
    job = follow(record, found, engine, ledger, emit=writing_emit(writing, ledger, emit), mark=marker(writing))
    state = JobState(writing.record.state)
    writing.change(state=state.value, ended=time.time(), outputs=job.outputs)
    engine.release(found.handle)
    writing.change(released=True)
    return replace(job, state=state)


def follow(  # noqa: PLR0913 (each is a different noun)
    record: Record, found: Found, engine: Engine, ledger: Ledger, *, emit: Emit, mark: Callable[[str], None]
) -> Job:
    """Tell what the ledger does not know yet, up to the end. Ctrl-C breaks it off; the job goes on."""
    submission = resumed(record, found, ledger.told(record.id), mark)
    change = tell_updates(submission, engine, Lines(), emit)
    return Job(record.id, submission.spec, change.state, change.exit_status, list_outputs(submission.spec.output))


def resumed(record: Record, found: Found, told: Told, mark: Callable[[str], None]) -> Submission:
    """The submission as it was when its log was last written down: what reads the log has read that much of it."""
    notebook = record.notebook.rpartition("/")[2]
    values = (value for _, value in found.secrets)
    submission = Submission(spec_of(record), found.handle, notebook, Mask(values), skip=told.behind, bookmark=mark)
    for line in told.lines:
        submission.traceback.read(line)
        for _ in submission.recorder.read(line):
            pass
    return submission


def cancel(record: Record, store: Store, ledger: Ledger) -> None:
    """Ask a job to end; safe to call twice. Raises ``EngineError`` leaves."""
    ledger.want_end(record.id)
    engine = engine_of(record, store)
    found = engine.attach(task_of(record))
    if found is not None:
        engine.cancel(found.handle)


def let_go(record: Record, store: Store, ledger: Ledger) -> bool:
    """Remove what the engine keeps of a job that has ended, and note that; whether there was something.

    Nothing but what carries the job's own name. Raises ``EngineError`` leaves; where the engine cannot be reached the
    job stays among those that it may keep.
    """
    engine = engine_of(record, store)
    found = engine.attach(task_of(record))
    if found is not None:
        engine.release(found.handle)
    with suppress(OSError):
        ledger.note_released(record.id)
    return found is not None


def sweep(store: Store, ledger: Ledger) -> int:
    """The same for all jobs whose release was cut off: how many there were. Engines that do not answer are left out."""
    return let_go_all(ledger.kept(), store, ledger)


def let_go_all(records: Iterable[Record], store: Store, ledger: Ledger) -> int:
    """The same for these."""
    freed, silent = 0, set()
    for record in records:
        if record.target not in silent:
            try:
                freed += let_go(record, store, ledger)
            except errors.EngineError:
                silent.add(record.target)
    return freed


# --- steps --------------------------------------------------------------------------------------------------------


def engine_of(record: Record, store: Store, emit: Emit | None = None) -> Engine:
    """The engine that has a job. It hears of a registry without TLS: outputs may come through it.

    Raises ``EngineUnknown``.
    """
    kept = record.place.get("options")
    options = dict(kept) if isinstance(kept, dict) else {}
    if record.place.get("insecure") and record.place.get("push"):
        options["insecure"] = True
    return open_engine(record.engine, store, emit, options)


def is_there(engine: Engine, task: Task) -> bool | None:
    """Whether an engine has a job although its start failed: perhaps only the answer was lost.

    ``None`` if the engine cannot be asked: then it may be there, and whoever follows it will see.
    """
    try:
        return engine.attach(task) is not None
    except errors.EngineError:
        return None


def spec_of(record: Record) -> JobSpec:
    """What was to run."""
    return JobSpec(record.image, tuple(record.parameters.items()), Path(record.output), record.engine)


def task_of(record: Record, secrets: Mapping[str, str] = MappingProxyType({})) -> Task:
    """The task behind a record, which has no values of secrets: ``secrets`` are these, where they are known."""
    kept = record.place.get("resources")
    wished: dict[str, Any] = dict(kept) if isinstance(kept, dict) else {}
    return replace(
        make_task(spec_of(record), tuple((name, secrets.get(name, "")) for name in record.secrets)),
        name=record.task,
        reference=record.reference,
        resources=Resources(**wished),
    )


def written(writing: Writing, emit: Emit = ignore) -> Emit:
    """``emit``, with each event written down first."""

    def tell(event: Event) -> None:
        writing.append([(time.time(), event_json(event))])
        emit(event)

    return tell


def writing_emit(writing: Writing, ledger: Ledger, emit: Emit) -> Emit:
    """Write events down and pass them on; the job's state goes into its record. Who cancelled it sees it cancelled."""
    tell = written(writing, emit)

    def hear(event: Event) -> None:
        if isinstance(event, JobChanged):
            event = as_wanted(event, ledger, writing.record.id)
            if event.state.value == writing.record.state:
                return
            tell(event)
            # The end is written down with the outputs, once they are there.
            writing.learn(state=event.state.value)
            if not event.state.is_terminal:
                writing.change(started=writing.record.started or time.time())
            return
        if isinstance(event, Failed):
            writing.learn(failure=event.what)
        tell(event)

    return hear


def as_wanted(event: JobChanged, ledger: Ledger, id: str) -> JobChanged:
    """A job that failed because somebody cancelled it was cancelled."""
    cancelled = event.state is JobState.FAILED and ledger.end_is_wanted(id)
    return JobChanged(JobState.CANCELLED, event.exit_status) if cancelled else event


def marker(writing: Writing) -> Callable[[str], None]:
    """Writes marks down, now and then."""
    last = 0.0

    def mark(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= MARKED:
            last = time.monotonic()
            writing.append([(0.0, {"mark": text})])

    return mark


def end(writing: Writing, state: JobState, emit: Emit, failure: errors.MlpackError | None = None) -> None:
    """The last words of a job that the engine does not have."""
    tell = written(writing, emit)
    if failure is not None:
        tell(failed(failure))
    tell(JobChanged(state))
    writing.change(state=state.value, ended=time.time(), failure=str(failure) if failure else "")
