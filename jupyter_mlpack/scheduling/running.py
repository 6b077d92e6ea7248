"""A notebook to its image and through its run, here or on a target; what jupyter-scheduler needs to know of it."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.api import build, submit
from jupyter_mlpack.engines.engine import make_engine
from jupyter_mlpack.events import CellStarted, Event, Failed, LogLines, PhaseEnded, PhaseStarted, Progress
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.jobs import CELL, run_job
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.plan import default_name
from jupyter_mlpack.scheduling.guard import guarded_by
from jupyter_mlpack.submission.targets import DOCKER
from jupyter_mlpack.values import JobSpec, JobState, Parameter, Purpose

HERE = "this machine"
"""The compute type of a job that runs beside the server."""

LAST = 3
"""Lines of the log that a failure without a reason quotes."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """A run: ``target`` is a name, empty or ``HERE`` for this machine; ``output`` is a folder that is not there yet."""

    notebook: Path
    parameters: Mapping[str, Parameter]
    target: str
    output: Path
    home: Path


class Steps:
    """Hears events, and tells what goes on in a few words; ``failure`` and ``last`` (of the log) are the last words."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.failure: Failed | None = None
        self.last: deque[str] = deque(maxlen=LAST)

    def __call__(self, event: Event) -> None:
        """An event."""
        match event:
            case PhaseStarted():
                self.tell(f"Building its image: {event.phase}")
            case PhaseEnded():
                self.tell(f"Building its image: {event.phase} is done ({event.summary or 'nothing to say'})")
            case Progress() if event.total:
                self.tell(f"{event.what}: {event.done} of {event.total} {event.unit}")
            case CellStarted():
                self.tell(f"Running cell {event.index} of {event.total}")
            case Failed():
                self.failure = event
            case LogLines() if event.phase == "run":
                self.last.extend(filter(str.strip, event.lines))
            case _:
                pass

    def line(self, line: str) -> None:
        """A line of the log of a job elsewhere."""
        self.last.extend(filter(str.strip, [line]))
        found = CELL.match(line)
        if found and found[2]:
            self.tell(f"Running cell {found[1]} of {found[2]}")


def run(wanted: Wanted, tell: Tell) -> str:
    """Build or reuse the image, run it, and bring its outputs. Returns a sentence about it.

    Raises ``MlpackError`` leaves; then the outputs are there as far as the run came.
    """
    steps = Steps(tell)
    name = f"scheduled/{default_name(wanted.notebook, Purpose.TRAINING)}"
    image = build(wanted.notebook, name=name, purpose=Purpose.TRAINING, home=wanted.home, emit=steps)
    store = Store(wanted.home)
    target = "" if wanted.target == HERE else wanted.target
    engine = None if target else make_engine("", store, steps)
    if engine is not None and engine.name == "process":  # ends with this process, as it should
        spec = JobSpec(image.reference, tuple(wanted.parameters.items()), wanted.output, engine.name)
        state = run_job(spec, store, engine, steps).state
    else:
        state = run_elsewhere(image.reference, wanted, target or DOCKER.name, steps)
    if state is JobState.CANCELLED:
        raise errors.ScheduledRunCancelled(notebook=wanted.notebook.name)
    if state is not JobState.SUCCEEDED:
        if steps.failure is not None:
            told = steps.failure
            raise errors.ScheduledRunTold(what=told.what, why=told.why, hint=told.hint)
        last = " ".join(steps.last)
        raise errors.ScheduledRunFailed(notebook=wanted.notebook.name, state=state.value, last=last)
    return f"Ran in {image.reference} ({image.digest[:19]})"


def run_elsewhere(image: str, wanted: Wanted, target: str, steps: Steps) -> JobState:
    """On a target: followed to its end, and cancelled there if this process is killed."""
    job = submit(image, on=target, parameters=wanted.parameters, output=wanted.output, home=wanted.home, emit=steps)
    steps.tell(f"Waiting on {target}")
    with guarded_by(job):
        for line in job.logs(follow=True):
            steps.line(line)
        record = job.record
    if record.failure and steps.failure is None:
        steps.failure = Failed("", record.failure, "", "", "")
    return JobState(record.state)


def typed(text: str) -> Parameter:
    """A parameter as the form has it, which is Python: ``0.1``, ``"a"``, ``[1, 2]``; what is none is a text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return plain(value, text)


def plain(value: object, text: str) -> Parameter:
    """The value as JSON has it, else the text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item, str(item)) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, str(item)) for key, item in value.items()}
    return text
