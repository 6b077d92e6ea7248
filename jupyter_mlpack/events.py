"""What can happen in a build or a job, as a closed set of values.

Numbers and clocks enter in the ledger only; ``fold.py`` makes a state of numbered events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from jupyter_mlpack.errors.base import RETRY, MlpackError
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values import Action, Image, JobState, Json, Location, Notice, to_json

PHASES = (
    "inspect", "resolve", "fetch", "stack", "analyze", "detect", "restore", "build", "extend", "export", "publish",
)  # fmt: skip
"""The phases of a build in order. Those from ``analyze`` to ``export`` are the Cloud Native Buildpacks specification's;
``extend`` is there only where system libraries are added, ``fetch`` only where there are assets. A job has one of its
own, ``run``, for log and progress."""


@dataclass(frozen=True)
class PhaseStarted:
    """A phase of ``PHASES`` begins."""

    phase: str


@dataclass(frozen=True)
class PhaseEnded:
    """A phase is over; ``summary`` is a few words for people (``12 packages``, ``3 layers reused``)."""

    phase: str
    summary: str = ""


@dataclass(frozen=True)
class Progress:
    """How far something long inside a phase is.

    ``unit`` is ``bytes``, ``packages``, ``layers``, ``files`` or ``cells``.
    ``total`` is ``None`` where it is not known; ``done`` never falls for one ``what``.
    """

    phase: str
    what: str
    done: int
    total: int | None
    unit: str


@dataclass(frozen=True)
class LogLines:
    """Lines of a log, in batches (a schema check is paid per event, not per line)."""

    phase: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Noticed:
    """Something the user should know that does not stop the build."""

    notice: Notice


@dataclass(frozen=True)
class LayerExported:
    """A layer is in the image; ``size`` is compressed bytes."""

    name: str
    diff_id: str
    size: int
    reused: bool


@dataclass(frozen=True)
class BuildSucceeded:
    """The image is complete and its name points at it."""

    image: Image


@dataclass(frozen=True)
class Failed:
    """A build or job ended in an error: the four sentences of ``errors``, as data.

    ``location`` is the cell that is to blame, where one is; ``action`` is the one thing that mends it.
    """

    code: str
    what: str
    where: str
    why: str
    hint: str
    location: Location | None = None
    action: Action = field(default_factory=lambda: Action(*RETRY))


@dataclass(frozen=True)
class JobChanged:
    """A job entered a state; ``exit_status`` is set for terminal ones that had a process."""

    state: JobState
    exit_status: int | None = None


@dataclass(frozen=True)
class CellStarted:
    """The job executes code cell ``index`` of ``total`` (both count code cells from 1)."""

    index: int
    total: int


@dataclass(frozen=True)
class MetricsRecorded:
    """Values that the training printed or recorded, as (name, value).

    ``step`` is the epoch or step that was named with them, else it counts from 1 for each name.
    """

    values: tuple[tuple[str, float], ...]
    step: int


Event: TypeAlias = (
    PhaseStarted
    | PhaseEnded
    | Progress
    | LogLines
    | Noticed
    | LayerExported
    | BuildSucceeded
    | Failed
    | JobChanged
    | CellStarted
    | MetricsRecorded
)
Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The default ``Emit``: nobody is listening."""


def event_json(event: Event) -> dict[str, Json]:
    """An event on the wire: its fields and ``event``, the class name."""
    data = to_json(event)
    assert isinstance(data, dict)
    return {"event": type(event).__name__, **data}


def failed(error: MlpackError) -> Failed:
    """An error as an event."""
    what, where, why, hint = (error.sentence(part) for part in ("what", "where", "why", "hint"))
    return Failed(error.code, what, where, why, hint, error.location, error.mend())
