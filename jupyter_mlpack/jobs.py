"""A job: an image, parameters and an output folder, handed to an engine as a ``Task`` and followed to its end.

``run_job`` is the whole of it; ``submit_job`` and ``follow_job`` are its two halves, for callers that want to cancel
from elsewhere (``engine.cancel(submission.handle)``).
"""

from __future__ import annotations

import contextlib
import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import Engine, Handle, LogChunk, StateChange
from jupyter_mlpack.engines.outputs import list_outputs
from jupyter_mlpack.events import CellStarted, Emit, Event, JobChanged, LogLines, Noticed, failed
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.masking import Mask
from jupyter_mlpack.metrics import EXPLAINED, Recorder
from jupyter_mlpack.mounting import check_mounts
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Job, JobSpec, JobState, Location, Mount, Notice, Parameter, Task

PROCESS = "train"
METADATA = "io.buildpacks.build.metadata"
PARAMETERS = "org.jupyter-mlpack.parameters"
"""Label with the notebook's parameters and their defaults, as a JSON object."""

NOTEBOOK = "org.jupyter-mlpack.notebook"
"""Label with the notebook's path in the application."""

CELL = re.compile(r"^\[mlpack\] cell (\d+) (?:of (\d+)$|failed(?: \(cell (\d+) of the notebook\))?: (.*)$)")
FRAME = re.compile(r"^Cell In ?\[\d+\], line (\d{1,6})")
LONGEST_LINE = 1 << 16

Secrets = Sequence[tuple[str, str]]
"""Names and values."""


class Traceback:
    """Of the tracebacks in a log the line of the cell itself: the first frame, the others are of what it called."""

    def __init__(self) -> None:
        self.line: int | None = None

    def read(self, text: str) -> None:
        """One line of the log."""
        if text.startswith(EXPLAINED):
            self.line = None
        found = FRAME.match(text) if self.line is None else None
        if found:
            self.line = int(found[1])


@dataclass(frozen=True)
class Submission:
    """A job that runs: what was asked, the engine's handle for it, the notebook's name, and what reads its log.

    ``mask`` hides secrets, ``recorder`` finds metrics, ``traceback`` the line at which the failed cell failed.
    ``skip`` are the whole lines that the log repeats because they were told before; ``bookmark`` is called with the
    engine's mark whenever all that came before it was told.
    """

    spec: JobSpec
    handle: Handle
    notebook: str = ""
    mask: Mask = field(default_factory=lambda: Mask(()), compare=False)
    recorder: Recorder = field(default_factory=Recorder, compare=False)
    traceback: Traceback = field(default_factory=Traceback, compare=False)
    skip: int = 0
    bookmark: Callable[[str], None] = field(default=lambda mark: None, compare=False)


class Lines:
    """Puts a log's pieces together to whole lines. A carriage return starts its line afresh, as a terminal shows it."""

    def __init__(self) -> None:
        self.rest = ""

    def feed(self, text: str) -> tuple[str, ...]:
        """The lines that ``text`` completes."""
        *whole, self.rest = (self.rest + text).replace("\r\n", "\n").split("\n")
        if len(self.rest) > LONGEST_LINE:
            # A progress bar redraws its line without ever ending it: only the last drawing is of use.
            self.rest = self.rest.rpartition("\r")[2]
        if len(self.rest) > LONGEST_LINE:
            whole, self.rest = [*whole, self.rest], ""
        return tuple(line.rpartition("\r")[2] for line in whole)

    def flush(self) -> tuple[str, ...]:
        """The last line, if it never ended."""
        rest, self.rest = self.rest, ""
        return (rest.rpartition("\r")[2],) if rest else ()


def run_job(  # noqa: PLR0913 (each is a different noun)
    spec: JobSpec, store: Store, engine: Engine, emit: Emit, secrets: Secrets = (), *, mounts: Sequence[Mount] = ()
) -> Job:
    """Run a training image to its end; outputs are in ``spec.output``. Ctrl-C cancels the job and still ends in order.

    ``mounts`` are folders and files of this machine that it sees.

    ``secrets`` are variables of its environment; in no event, and not in what is returned, are their values.
    Raises leaves of ``EngineError``, and ``ImageUnknown``.
    """
    submission = submit_job(spec, store, engine, emit, secrets, mounts=mounts)
    job = follow_job(submission, engine, emit)
    engine.release(submission.handle)
    return job


def submit_job(  # noqa: PLR0913 (each is a different noun)
    spec: JobSpec, store: Store, engine: Engine, emit: Emit, secrets: Secrets = (), *, mounts: Sequence[Mount] = ()
) -> Submission:
    """Check everything, then start. Raises before anything is made when the job cannot run."""
    image = check_job(spec, store)
    mounts = check_mounts(image, mounts)
    make_output(spec.output)
    emit(JobChanged(JobState.QUEUED))
    notebook = dict(image.config.labels).get(NOTEBOOK, "").rpartition("/")[2]
    handle = engine.start(engine.prepare(replace(make_task(spec, secrets), mounts=mounts)))
    return Submission(spec, handle, notebook, Mask(value for _, value in secrets))


def check_job(spec: JobSpec, store: Store) -> StoredImage:
    """The training image. Raises ``ImageUnknown``, ``ImageWithoutTraining``, ``ParameterUnknown``."""
    image = find_image(store, spec.image)
    check_training(image)
    check_parameters(image, spec)
    return image


def follow_job(submission: Submission, engine: Engine, emit: Emit) -> Job:
    """Tell all that happens until the job has ended. Ctrl-C cancels it; a second one stops waiting for it."""
    lines = Lines()
    try:
        end = tell_updates(submission, engine, lines, emit)
    except KeyboardInterrupt:
        engine.cancel(submission.handle)
        end = tell_updates(submission, engine, lines, emit)
    outputs = list_outputs(submission.spec.output)
    return Job(submission.handle.id, submission.spec, end.state, end.exit_status, outputs)


def tell_updates(submission: Submission, engine: Engine, lines: Lines, emit: Emit) -> StateChange:
    """Emit the engine's updates as events, up to the terminal one, which is returned."""
    change, skip = StateChange(JobState.QUEUED), submission.skip
    for update in engine.follow(submission.handle):
        if isinstance(update, LogChunk):
            whole = lines.feed(update.text)
            tell_lines(whole[skip:], submission, emit)
            skip = max(skip - len(whole), 0)
            if update.mark and not lines.rest and not skip:
                submission.bookmark(update.mark)
            continue
        change = update
        if change.state.is_terminal:
            tell_lines(lines.flush()[skip:], submission, emit)
        if change.reason:
            emit(Noticed(Notice("job-waits", change.reason)))
        if change.failure is not None:
            emit(failed(change.failure))
        emit(JobChanged(change.state, change.exit_status))
    return change


def tell_lines(lines: tuple[str, ...], submission: Submission, emit: Emit) -> None:
    """One event for the lines, and one for each that says where the notebook is or how the training goes."""
    if not lines:
        return
    lines = tuple(map(submission.mask, lines))
    emit(LogLines("run", lines))
    for line in lines:
        submission.traceback.read(line)
        event = read_line(line, submission)
        if event is not None:
            emit(event)
        for record in submission.recorder.read(line):
            emit(record)


def read_line(line: str, submission: Submission) -> Event | None:
    """What the train process says about cells: one starts (``cell 3 of 12``), one failed (``cell 5 failed: ...``)."""
    match = CELL.match(line)
    if match is None:
        return None
    cell, total, place, message = match.groups()
    if total is not None:
        return CellStarted(int(cell), int(total))
    line_number = submission.traceback.line if place else None
    location = Location(submission.notebook, int(place), line_number) if place and submission.notebook else None
    output = submission.spec.output
    return failed(errors.CellFailed(cell=cell, message=message, output=output, location=location))


# --- before anything is started -------------------------------------------------------------------------------


def make_task(spec: JobSpec, secrets: Secrets = ()) -> Task:
    """The task that runs a job. Values are JSON, which YAML reads too: a text ``"0.1"`` stays a text."""
    arguments: list[str] = []
    for name, value in spec.parameters:
        arguments += ["-p", f"{name}={json.dumps(value, ensure_ascii=False)}"]
    return Task(PROCESS, spec.image, tuple(arguments), (), spec.output.absolute(), secrets=tuple(secrets))


def find_image(store: Store, name: str) -> StoredImage:
    """Raises ``ImageUnknown`` with the names most like it."""
    image = store.image(name)
    if image is None:
        names = [known.name for known in store.images()]
        near = difflib.get_close_matches(name, names, n=5, cutoff=0.5) or sorted(names)[:5]
        raise errors.ImageUnknown(name=name, known=", ".join(near) or "none yet")
    return image


def check_training(image: StoredImage) -> None:
    """Raises ``ImageWithoutTraining`` unless the image's entry point is the train process."""
    if image.config.entrypoint and Path(image.config.entrypoint[0]).name == PROCESS:
        return
    processes = read_label(image, METADATA).get("processes")
    listed = processes if isinstance(processes, list) else []
    types = (str(process.get("type")) for process in listed if isinstance(process, dict))
    raise errors.ImageWithoutTraining(image=image.name, processes=", ".join(sorted(types)) or "none")


def check_parameters(image: StoredImage, spec: JobSpec) -> None:
    """Raises ``ParameterUnknown`` when the image says which parameters it has; otherwise the process will check."""
    if PARAMETERS not in dict(image.config.labels):
        return
    known = read_label(image, PARAMETERS)
    for name, _ in spec.parameters:
        if name not in known:
            raise errors.ParameterUnknown(name=name, known=", ".join(sorted(known)) or "none")


def read_label(image: StoredImage, name: str) -> Mapping[str, Parameter]:
    """A label that holds a JSON object; empty when it holds something else, or nothing."""
    with contextlib.suppress(json.JSONDecodeError):
        value = json.loads(dict(image.config.labels).get(name, ""))
        if isinstance(value, dict):
            return value
    return {}


def make_output(folder: Path) -> None:
    """An empty folder of the caller's. Raises ``OutputNotEmpty`` and ``OutputNotWritable``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise errors.OutputNotEmpty(path=folder, example=next_folder(folder))
        probe = folder / ".mlpack-write-test"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise errors.OutputNotWritable(path=folder, reason=error.strerror or str(error)) from error


def next_folder(folder: Path) -> Path:
    """A name beside ``folder`` that is free: ``results-2``, ``results-3`` ..."""
    number = 2
    while (candidate := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    return candidate
