"""The Slurm engine: a batch job for each task, in a container of the site's own runtime.

Image, log and outputs go through a folder that this machine and the nodes share. Slurm is told to begin and to end;
the log and the end are read from that folder, so they stay when Slurm has forgotten the job.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import (
    GRACE,
    KILLED,
    Availability,
    Found,
    Handle,
    LogChunk,
    Request,
    StateChange,
    Update,
    end_state,
    refusal,
)  # fmt: skip
from jupyter_mlpack.engines.slurm_commands import Standing, ask, end_job, standing
from jupyter_mlpack.engines.slurm_folder import JobFolder, make_folder, read_log, take_outputs
from jupyter_mlpack.engines.slurm_image import ImagePlace, forget_archives, make_archive, place_image, task_files
from jupyter_mlpack.engines.slurm_request import OPTIONS, make_request, runtime_of
from jupyter_mlpack.engines.slurm_state import ALIVE, WAITING, why_ended, why_waiting
from jupyter_mlpack.events import Emit, ignore
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.scratch import remove_tree
from jupyter_mlpack.values import JobState, Json, Task

OWN = "mlpack-"
"""How the names of submitted jobs begin; others (``train``) are not unique."""

STEP = 0.2
"""Seconds between two looks at the folder."""

ASK = 2.0
"""Seconds between two questions to Slurm, at first; they double up to ``SELDOM``."""

SELDOM = 30.0
PATIENCE = 20.0
"""Seconds that a shared file system may take to show what a node wrote, once Slurm says that the job is over."""

LEFT_OUT = "[mlpack] not brought back, it is no file or leads out of the folder:"


@dataclass
class Run:
    """A job that Slurm has. ``offset`` is how many bytes of its log have been handed out."""

    folder: JobFolder
    number: str
    task: Task
    offset: int = 0
    announced: bool = False
    told: str = ""
    end: StateChange | None = None


class SlurmEngine:
    """Runs images as jobs of Slurm. See ``engine.py`` for the contract."""

    name = "slurm"
    OPTIONS = OPTIONS

    def __init__(
        self, store: Store, grace: float = GRACE, emit: Emit = ignore, options: Mapping[str, Any] | None = None
    ) -> None:
        self.store = store
        self.grace = grace
        self.emit = emit
        self.options = dict(options or {})
        self.options |= {"python": self.options.get("python", sys.executable), "store": str(store.root.absolute())}
        self.shared = Path(self.options.get("shared") or store.root / "slurm").expanduser().absolute()
        self.needs_registry = self.options.get("runtime") == "pyxis"
        self.runs: dict[str, Run] = {}

    def probe(self) -> Availability:
        """Ask the controller for its partitions."""
        try:
            runtime = runtime_of(self.options)
            said = ask(["sinfo", "--noheader", "--format=%R"]).split()
        except errors.EngineError as error:
            return refusal(error)
        wanted = [name for name in str(self.options.get("partition", "")).split(",") if name]
        missing = [name for name in wanted if name not in said]
        if missing:
            known = ", ".join(sorted(set(said))) or "none"
            return Availability(False, f"Slurm answers, but has no partition {', '.join(missing)}. There are: {known}.")
        place = next(place for place in (self.shared, *self.shared.parents) if place.exists())
        if not os.access(place, os.W_OK | os.X_OK):
            return refusal(errors.SlurmFolder(path=self.shared, reason="it cannot be written"))
        return Availability(True, f"Slurm answers; nodes run the image with {runtime}.")

    def prepare(self, task: Task) -> Request:
        """The words of sbatch and its script. Raises ``SlurmRuntimeUnknown``, ``SlurmOneNode``."""
        folder = PurePosixPath(self.shared) / task.name
        options: dict[str, Json] = make_request(task, folder, self.options, self.grace)
        return Request(self.name, task, tuple(sorted(options.items())))

    def start(self, request: Request) -> Handle:
        """Write the job's folder, and give it to Slurm. Raises an ``EngineError`` leaf."""
        task = request.task
        if not task.name.startswith(OWN):
            task = replace(task, name=f"{task.name}-{os.urandom(6).hex()}")
            request = self.prepare(task)
        found = self.attach(task)
        if found is not None:
            return found.handle
        image = self.store.image(task.image)
        if image is None:
            raise errors.ImageUnknown(name=task.image, known=", ".join(known.name for known in self.store.images()))
        place = self.place(image, task)
        files = task_files(task, image, place, dict(request.options), self.options)
        folder = make_folder(self.shared / task.name, files)
        try:
            return self.know(folder, task)
        except errors.EngineError:
            remove_tree(folder.path)
            raise

    def place(self, image: StoredImage, task: Task) -> ImagePlace:
        """Where nodes get the image: an archive is made now if they need one. Raises ``SlurmFolder``."""
        runtime = runtime_of(self.options)
        place = place_image(image, task, self.shared, runtime)
        if place.archive:
            make_archive(self.store, image, Path(place.archive), self.emit)
        return place

    def attach(self, task: Task, mark: str = "") -> Found | None:
        """The job whose folder has the task's name; given to Slurm now if that was cut off."""
        folder = JobFolder(self.shared / task.name)
        if not task.name.startswith(OWN) or not folder.path.is_dir():
            return None
        handle = self.know(folder, task, int(mark) if mark.isdecimal() else 0)
        pairs = folder.pairs()
        return Found(handle, tuple((name, pairs[name]) for name, _ in task.secrets if name in pairs))

    def know(self, folder: JobFolder, task: Task, offset: int = 0) -> Handle:
        """The handle of a job that Slurm has."""
        self.runs[task.name] = Run(folder, folder.number(), task, offset)
        return Handle(self.name, task.name)

    def follow(self, handle: Handle) -> Iterator[Update]:
        """Why it waits, its log, its outputs, its end. Raises ``JobLost`` or ``SlurmUnreachable``."""
        run = self.find(handle)
        if run.end is None:
            yield from watch(run)
            left_out = take_outputs(run.folder, run.task.output)
            for name in left_out:
                yield LogChunk(f"{LEFT_OUT} {name}\n", str(run.offset))
            run.end = how_it_ended(run)
        yield run.end

    def cancel(self, handle: Handle) -> None:
        """SIGTERM to the script, which ends the training and still brings its outputs; then all of it."""
        run = self.find(handle)
        if run.end is not None or run.folder.has("status"):
            return
        run.folder.file("cancelled").touch()
        state = standing(run.number).state
        if state not in ALIVE:
            return
        if state in WAITING:
            end_job(run.number)
            return
        end_job(run.number, "--batch", "--signal=TERM")
        until = time.monotonic() + self.grace + PATIENCE
        while time.monotonic() < until:
            if run.folder.has("status"):
                return
            time.sleep(STEP)
        end_job(run.number)

    def release(self, handle: Handle) -> None:
        """Remove the job's folder, and the image's archive if no other job needs it."""
        run = self.runs.get(handle.id)
        if run is not None:
            remove_tree(run.folder.path)
            forget_archives(self.shared)

    def find(self, handle: Handle) -> Run:
        """The run behind a handle. Raises ``JobLost``."""
        run = self.runs.get(handle.id)
        if run is None:
            raise errors.JobLost(engine=self.name, id=handle.id)
        return run


def watch(run: Run) -> Iterator[Update]:
    """States and log until the job has ended, or Slurm says so. Raises ``SlurmUnreachable`` if neither can be told."""
    pause, due, silent = ASK, time.monotonic() + ASK, 0.0
    while True:
        ended = bool(run.folder.status())  # asked before the log is read: all of it is there then
        if not run.announced and run.folder.has("started"):
            run.announced = True
            yield StateChange(JobState.RUNNING)
        for text, end in read_log(run.folder, run.offset, ended):
            run.offset = end
            yield LogChunk(text, str(run.offset))
        if ended or (silent and time.monotonic() - silent > PATIENCE):
            return
        if time.monotonic() >= due:
            now = standing(run.number)
            pause = min(2 * pause, SELDOM)
            due = time.monotonic() + pause
            if now.state in WAITING and now.reason != run.told:
                run.told = now.reason
                yield StateChange(JobState.QUEUED, reason=why_waiting(now.reason))
            silent = 0.0 if now.state in ALIVE else silent or time.monotonic()
            if run.folder.has("cancelled") and not run.announced and now.state not in ALIVE:
                return
        time.sleep(STEP)


def how_it_ended(run: Run) -> StateChange:
    """The terminal state: by what the script wrote, and where it was ended from outside, by what Slurm says."""
    status = run.folder.status()
    wanted = run.folder.has("cancelled")
    if not status:
        if wanted:
            return StateChange(JobState.CANCELLED)
        said = standing(run.number)
        failure = why_ended(said.state, run.number, run.folder.last_words())
        return StateChange(JobState.FAILED, failure=failure)
    code, asked = int(status.get("exit") or 1), bool(status.get("asked"))
    if asked and wanted:
        return end_state(code, True, errors.JobKilled())
    if asked or (code == KILLED and status.get("oom") != "true"):
        ended = why_ended(settled(run.number).state, run.number, run.folder.last_words())
        if ended is not None and not isinstance(ended, errors.SlurmLeftNothing):
            return StateChange(JobState.FAILED, code, ended)
    if status.get("step") != "done":
        return StateChange(JobState.FAILED, code, step_failed(run, status))
    return end_state(code, False, errors.OutOfMemory() if status.get("oom") == "true" else errors.JobKilled())


def settled(number: str) -> Standing:
    """What Slurm says once it has noticed that the script is over."""
    until = time.monotonic() + PATIENCE
    while (now := standing(number)).state in ALIVE and time.monotonic() < until:
        time.sleep(STEP)
    return now


def step_failed(run: Run, status: Mapping[str, str]) -> errors.EngineError:
    """The container was not made, for a reason of the node."""
    step = {"image": "bring the image", "create": "create the container"}.get(status["step"], "start the container")
    lines = [line for line in run.folder.text("log").splitlines() if line.strip()]
    said = run.folder.last_words() or (lines[-1] if lines else "nothing was said")
    runtime = dict(line.partition("=")[::2] for line in run.folder.text("settings").splitlines()).get("runtime", "")
    return errors.SlurmStepFailed(
        step=step, said=said.rstrip("."), number=run.number, runtime=runtime, status=status.get("exit", "")
    )
