"""Running an image: tasks for engines, jobs for people."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values.wire import Json, Parameter


@dataclass(frozen=True)
class Mount:
    """A folder of the host seen inside the task; ``target`` is absolute. Read-only unless ``writable``."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class Resources:
    """What a job asks for. ``cpus`` are cores, ``memory`` bytes, ``seconds`` how long it may take at most.

    Zero says nothing: then the engine's own habit counts. ``accelerator`` is a row of ``accelerators.toml``.
    """

    gpus: int = 0
    cpus: float = 0.0
    memory: int = 0
    seconds: int = 0
    nodes: int = 1
    accelerator: str = "cpu"


@dataclass(frozen=True)
class JobTarget:
    """Where jobs can run, as the configuration names it (``c.TargetsMixin.targets``).

    ``accelerators`` are rows of ``accelerators.toml``, or kinds (``cuda``); ``gpus``, ``cpus``, ``memory`` (bytes),
    ``seconds`` and ``nodes`` the most that one job gets, zero for no limit (``gpus``: for none). ``registry`` is a
    prefix such as ``registry.example.com/team`` to which images are pushed for it. ``options`` are the engine's own.
    No secrets are in it.
    """

    name: str
    engine: str
    accelerators: tuple[str, ...] = ("cpu",)
    gpus: int = 0
    cpus: float = 0.0
    memory: int = 0
    seconds: int = 0
    nodes: int = 1
    platforms: tuple[str, ...] = ("linux/amd64",)
    registry: str = ""
    insecure: bool = False
    options: tuple[tuple[str, Json], ...] = field(default=(), hash=False)


@dataclass(frozen=True)
class Task:
    """What an engine runs: an image, the process type's arguments, environment and mounts.

    ``output`` is the host folder in which what the task wrote to ``/output`` ends up. ``secrets`` are further
    variables of its environment, whose values are never shown. ``listen`` is where a service shall answer: an address
    and a port of this machine. ``reference`` is the image in a registry, by its digest, for engines that pull it.
    """

    name: str
    image: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    output: Path
    mounts: tuple[Mount, ...] = ()
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    listen: tuple[str, int] | None = None
    resources: Resources = field(default_factory=Resources)
    reference: str = ""


@dataclass(frozen=True)
class JobSpec:
    """What to run: image reference, parameters by name, where outputs go, which engine."""

    image: str
    parameters: tuple[tuple[str, Parameter], ...] = field(hash=False)
    output: Path
    engine: str


class JobState(str, Enum):
    """The life of a job: QUEUED -> RUNNING -> SUCCEEDED | FAILED | CANCELLED."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """True when no further state can follow."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class Job:
    """A submitted job and how it ended. ``exit_status`` is the process's own, ``None`` while it runs."""

    id: str
    spec: JobSpec
    state: JobState
    exit_status: int | None
    outputs: tuple[str, ...] = ()
