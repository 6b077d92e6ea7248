"""Running an image: tasks for engines, jobs for people."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values.wire import Parameter


@dataclass(frozen=True)
class Mount:
    """A folder of the host seen inside the task; ``target`` is absolute. Read-only unless ``writable``."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class Task:
    """What an engine runs: an image, the process type's arguments, environment and mounts.

    ``output`` is the host folder in which what the task wrote to ``/output`` ends up. ``secrets`` are further
    variables of its environment, whose values are never shown.
    """

    name: str
    image: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    output: Path
    mounts: tuple[Mount, ...] = ()
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)


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
