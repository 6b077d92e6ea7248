"""The engine seam: what runs a ``Task``, as a protocol of seven.

The contract, which ``tests/engines`` holds each engine to:

1. ``probe`` never raises and changes nothing; ``reason`` is a whole sentence for the panel, also when available.
2. ``prepare`` is pure: equal tasks give equal requests; nothing is read, started or written.
3. ``start`` does what the request says, unchanged, and returns when the process runs. It raises an ``EngineError``
   leaf, and leaves nothing behind, when it cannot.
4. ``follow`` yields ``StateChange(RUNNING)``, then the log, each stream's lines in their order, then exactly one
   terminal ``StateChange``, and ends. Before the terminal one, all outputs are in ``task.output``, owned by the caller.
5. ``follow`` may be broken off and called again: what was already handed out does not come twice.
6. ``cancel`` asks the process to end (SIGTERM), insists after ``GRACE`` seconds (SIGKILL), may be called from any
   thread, and again, and after the end. The job then ends as ``CANCELLED`` unless it had already ended by itself.
7. When the process that called ``start`` dies, a process job dies with it; all other engines' jobs stay.
8. The process sees the image's environment and the task's, read-only files, a writable ``/tmp`` and ``/output``;
   nothing else of the host. It has no capabilities and cannot gain any.
9. ``task.name`` is unique, and the engine's own name for the job is made of it. ``attach`` finds by it what another
   process started, also where that process was killed in the middle of ``start``: then it completes the start. ``None``
   says that the engine has nothing of that name. ``follow`` then goes on behind ``mark``; for ``""`` at the beginning.
   ``start`` with a name that the engine has already starts no second job.
10. ``LogChunk.mark`` is where in the engine's own log this chunk ends: short, and without secrets; ``""`` where the
   engine can only begin again. Following from a mark gives what comes behind it, without a gap or a doubled line,
   also after a connection was lost.
11. Nothing is removed before ``release``, which may be called again: until then ``attach`` and ``follow`` give the
   log, the outputs and the end once more. A job that waits may first give ``StateChange(QUEUED, reason=...)``.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from jupyter_mlpack.errors import EngineError, EngineUnavailable, EngineUnknown
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.masking import HIDDEN
from jupyter_mlpack.values import JobState, Json, Task, to_json

if TYPE_CHECKING:
    from jupyter_mlpack.events import Emit
    from jupyter_mlpack.oci.store import Store

ENGINES = {
    "process": ("jupyter_mlpack.engines.process", "ProcessEngine"),
    "docker": ("jupyter_mlpack.engines.docker", "DockerEngine"),
    "swarm": ("jupyter_mlpack.engines.swarm", "SwarmEngine"),
    "kubernetes": ("jupyter_mlpack.engines.kubernetes", "KubernetesEngine"),
    "slurm": ("jupyter_mlpack.engines.slurm", "SlurmEngine"),
    "sagemaker": ("jupyter_mlpack.engines.emitted", "SageMakerEngine"),
    "vertex": ("jupyter_mlpack.engines.emitted", "VertexEngine"),
    "skypilot": ("jupyter_mlpack.engines.emitted", "SkyPilotEngine"),
}
"""Engine names; each module is imported when its engine is asked for."""

LOCAL = ("process", "docker")
"""Engines of this machine, in the order in which they are tried where none is named."""

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""

KILLED = 137
"""The exit status of a process that SIGKILL ended: 128 and the signal's number."""

OUTPUT = "/output"
"""Where a task writes what should come back."""

SECRET = re.compile(r"token|secret|passw|credential|api_?key|access_?key|private_?key|auth", re.IGNORECASE)


@dataclass(frozen=True)
class Availability:
    """Whether an engine can run something here, and a sentence that says why or why not, with the next step."""

    available: bool
    reason: str


@dataclass(frozen=True)
class Request:
    """The engine's own words for a task, before anything is done. ``options`` are what the engine passes on, sorted."""

    engine: str
    task: Task
    options: tuple[tuple[str, Json], ...] = ()

    def to_json(self) -> dict[str, Json]:
        """For panels and logs: values whose names look like secrets are replaced by stars."""
        hidden = {name: HIDDEN if SECRET.search(name) else value for name, value in self.task.environment}
        task = cast(dict[str, Json], to_json(self.task))
        task["environment"] = dict(hidden)
        task["secrets"] = {name: HIDDEN for name, _ in self.task.secrets}
        task["arguments"] = [hide_argument(argument) for argument in self.task.arguments]
        return {"engine": self.engine, "task": task, "options": to_json(dict(self.options))}


@dataclass(frozen=True)
class Handle:
    """A started task; ``id`` is the engine's own name for it."""

    engine: str
    id: str


@dataclass(frozen=True)
class Found:
    """A task that was started by another process. ``secrets`` are those that the engine keeps for it, for masking."""

    handle: Handle
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class LogChunk:
    """A piece of the log as it came: not necessarily whole lines. Standard output and error are one stream."""

    text: str
    mark: str = field(default="", compare=False)


@dataclass(frozen=True)
class StateChange:
    """A job entered ``state``. ``failure`` is set when the engine, not the process, knows why it ended.

    ``reason`` is a sentence about why it waits.
    """

    state: JobState
    exit_status: int | None = None
    failure: EngineError | None = None
    reason: str = ""


Update: TypeAlias = LogChunk | StateChange


class Engine(Protocol):
    """Where a task runs. The module's docstring is the contract."""

    name: str

    def probe(self) -> Availability:
        """Can this engine run something here and now? Never raises."""

    def prepare(self, task: Task) -> Request:
        """What would be done, as data. Pure."""

    def start(self, request: Request) -> Handle:
        """Do it; returns when the process runs. Raises a leaf of ``EngineError``."""

    def follow(self, handle: Handle) -> Iterator[Update]:
        """Log and states until a terminal state, which is the last item."""

    def cancel(self, handle: Handle) -> None:
        """End it; safe to call twice."""

    def attach(self, task: Task, mark: str = "") -> Found | None:
        """What another process started under ``task.name``; ``None`` if there is none. Raises ``EngineError``."""

    def release(self, handle: Handle) -> None:
        """Remove what the engine keeps of a job that has ended; safe to call twice."""


def make_engine(name: str, store: Store, emit: Emit | None = None) -> Engine:
    """The engine called ``name``, over the images of ``store``; for an empty name the first of ``LOCAL`` that works.

    ``emit`` hears how far it is with bringing an image.

    Raises ``EngineUnknown`` or ``EngineUnavailable``.
    """
    if name:
        return open_engine(name, store, emit)
    reasons = []
    for known in LOCAL:
        engine = open_engine(known, store, emit)
        availability = engine.probe()
        if availability.available:
            return engine
        reasons.append(f"{known}: {availability.reason}")
    raise EngineUnavailable(reasons="\n".join(reasons))


def open_engine(name: str, store: Store, emit: Emit | None = None, options: Mapping[str, Json] | None = None) -> Engine:
    """The engine called ``name``, imported now; ``options`` are a target's own. Raises ``EngineUnknown``."""
    if name not in ENGINES:
        raise EngineUnknown(name=name, known=", ".join(ENGINES))
    module, attribute = ENGINES[name]
    made = getattr(importlib.import_module(module), attribute)
    given: dict[str, object] = {"emit": emit} if emit else {}
    if options:
        given["options"] = options
    return cast(Engine, made(store, **given))


def end_state(status: int, cancelled: bool, killed: EngineError) -> StateChange:
    """The terminal state for an exit status; ``killed`` is what to say of a SIGKILL that was not ours."""
    if cancelled:
        return StateChange(JobState.CANCELLED, status)
    if status == 0:
        return StateChange(JobState.SUCCEEDED, status)
    return StateChange(JobState.FAILED, status, killed if status == KILLED else None)


def refusal(error: EngineError) -> Availability:
    """An error as the reason why an engine is not available."""
    sentences = (error.sentence(part) for part in ("what", "why", "hint"))
    return Availability(False, " ".join(sentence for sentence in sentences if sentence))


def hide_argument(argument: str) -> str:
    """``api_key=abc`` as ``api_key=********``; other arguments as they are."""
    name, equals, _ = argument.partition("=")
    return f"{name}={HIDDEN}" if equals and SECRET.search(name) else argument
