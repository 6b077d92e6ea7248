"""Entries of a run -> its state: panel, REST answer and a test's expectation are all this one fold.

``tests/contract/sequences`` holds samples; the front end's ``fold.ts`` is checked against the same files.
"""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpack.events import (
    BuildSucceeded,
    CellStarted,
    Event,
    Failed,
    JobChanged,
    LayerExported,
    LogLines,
    MetricsRecorded,
    Noticed,
    PhaseEnded,
    PhaseStarted,
    Progress,
    event_json,
)
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.values import Image, JobState, Json, Notice, to_json

LOG_LIMIT = 10_000
"""Lines of log that a state keeps: the newest."""


@dataclass(frozen=True)
class Entry:
    """An event as the ledger has it: numbered from 1, ``at`` in seconds since the epoch."""

    seq: int
    at: float
    event: Event


@dataclass(frozen=True)
class Phase:
    """A phase of a run; ``ended`` is ``None`` while it goes on."""

    name: str
    began: float
    ended: float | None = None
    summary: str = ""


@dataclass(frozen=True)
class Point:
    """One value of a metric."""

    step: int
    value: float


@dataclass(frozen=True)
class Line:
    """One line of the log, and the phase it belongs to."""

    phase: str
    text: str


@dataclass(frozen=True)
class RunFold:
    """Where a run is. ``cut`` counts the log's lines before those of ``log``."""

    seq: int = 0
    phases: tuple[Phase, ...] = ()
    progress: Progress | None = None
    notices: tuple[Notice, ...] = ()
    layers: tuple[LayerExported, ...] = ()
    image: Image | None = None
    failure: Failed | None = None
    state: JobState = JobState.QUEUED
    exit_status: int | None = None
    cell: CellStarted | None = None
    metrics: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    log: tuple[Line, ...] = ()
    cut: int = 0


def fold(state: RunFold, entry: Entry) -> RunFold:
    """The state after ``entry``; pages may overlap: what came already is passed over.

    Pure: ``functools.reduce(fold, entries, RunFold())`` rebuilds any state.
    """
    if entry.seq <= state.seq:
        return state
    return replace(_after(state, entry.event, entry.at), seq=entry.seq)


def _after(state: RunFold, event: Event, at: float) -> RunFold:  # noqa: PLR0911 (one line for each kind of event)
    match event:
        case PhaseStarted():
            return replace(_begun(state), phases=(*state.phases, Phase(event.phase, at)), progress=None)
        case PhaseEnded():
            return replace(state, phases=_ended(state.phases, at, event.phase, event.summary), progress=None)
        case Progress():
            return replace(_begun(state), progress=event)
        case LogLines():
            return _logged(state, event)
        case Noticed():
            return replace(state, notices=(*state.notices, event.notice))
        case LayerExported():
            return replace(state, layers=(*state.layers, event))
        case BuildSucceeded():
            return replace(state, image=event.image, progress=None, state=JobState.SUCCEEDED)
        case Failed():
            return replace(_over(state, at), failure=event, state=JobState.FAILED)
        case JobChanged():
            before = _over(state, at) if event.state.is_terminal else state
            return replace(before, state=event.state, exit_status=event.exit_status)
        case CellStarted():
            return replace(state, cell=event)
        case MetricsRecorded():
            return _recorded(state, event)


def _begun(state: RunFold) -> RunFold:
    """Something happened: what waited runs now."""
    return replace(state, state=JobState.RUNNING) if state.state is JobState.QUEUED else state


def _over(state: RunFold, at: float) -> RunFold:
    """Nothing goes on any more."""
    return replace(state, phases=_ended(state.phases, at), progress=None)


def _ended(phases: tuple[Phase, ...], at: float, name: str | None = None, summary: str = "") -> tuple[Phase, ...]:
    """The open phases (those called ``name``, where one is given) end."""
    return tuple(
        replace(phase, ended=at, summary=summary) if phase.ended is None and name in (None, phase.name) else phase
        for phase in phases
    )


def _logged(state: RunFold, event: LogLines) -> RunFold:
    log = (*state.log, *(Line(event.phase, text) for text in event.lines))
    excess = max(0, len(log) - LOG_LIMIT)
    return replace(state, log=log[excess:], cut=state.cut + excess)


def _recorded(state: RunFold, event: MetricsRecorded) -> RunFold:
    metrics = dict(state.metrics)
    for name, value in event.values:
        metrics[name] = (*metrics.get(name, ()), Point(event.step, value))
    return replace(state, metrics=metrics)


def fold_json(state: RunFold) -> dict[str, Json]:
    """A state on the wire; the events in it say what they are."""
    data = to_json(state)
    assert isinstance(data, dict)
    events = {"progress": state.progress, "failure": state.failure, "cell": state.cell}
    layers: list[Json] = [event_json(layer) for layer in state.layers]
    return {**data, **{key: event_json(event) for key, event in events.items() if event}, "layers": layers}
