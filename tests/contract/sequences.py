"""Runs as they go: events that follow one another a second and a half apart, and the state that they fold to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from samples import FAILED, IMAGE, NOTICE

from jupyter_mlpack import errors
from jupyter_mlpack.events import (
    BuildSucceeded,
    CellStarted,
    Event,
    JobChanged,
    LayerExported,
    LogLines,
    MetricsRecorded,
    Noticed,
    PhaseEnded,
    PhaseStarted,
    Progress,
    event_json,
    failed,
)
from jupyter_mlpack.fold import Entry, RunFold, fold, fold_json
from jupyter_mlpack.values import JobState, Json, Location

BEGIN = 1_700_000_000.0
STEP = 1.5

RUNNER = LayerExported("runner", IMAGE.layers[0].diff_id, 28_000_000, True)
BUILD: tuple[Event, ...] = (
    JobChanged(JobState.QUEUED),
    JobChanged(JobState.RUNNING),
    PhaseStarted("inspect"),
    Noticed(NOTICE),
    PhaseEnded("inspect", "2 packages needed, 1 files beside it"),
    PhaseStarted("resolve"),
    PhaseEnded("resolve", "14 packages, 61 MB"),
)
TRAINING: tuple[Event, ...] = (
    JobChanged(JobState.QUEUED),
    Progress("run", "layers", 1, 4, "layers"),
    Progress("run", "layers", 4, 4, "layers"),
    JobChanged(JobState.RUNNING),
    LogLines("run", ("[mlpack] cell 1 of 3",)),
    CellStarted(1, 3),
    LogLines("run", ("[mlpack] cell 2 of 3", "epoch 1/2 loss=0.9", "epoch 2/2 loss=0.4 accuracy=0.8")),
    CellStarted(2, 3),
    MetricsRecorded((("loss", 0.9),), 1),
    MetricsRecorded((("loss", 0.4), ("accuracy", 0.8)), 2),
)


def sequences() -> dict[str, tuple[Event | Entry, ...]]:
    """By name. An ``Entry`` stands where the number or the time is not the next one."""
    cell = errors.CellFailed(cell=3, message="ValueError: x", output="out", location=Location("train.ipynb", 5))
    stopped = failed(errors.Interrupted())
    return {
        "waiting": (JobChanged(JobState.QUEUED),),
        "success": (
            *BUILD,
            PhaseStarted("build"),
            LogLines("build", ("---> Installing 14 packages",)),
            Progress("build", "packages", 14, 14, "packages"),
            PhaseEnded("build", "1 process"),
            PhaseStarted("export"),
            Progress("export", "runner", 0, 28_000_000, "bytes"),
            RUNNER,
            PhaseEnded("export", "1 layer reused"),
            BuildSucceeded(IMAGE),
            JobChanged(JobState.SUCCEEDED, 0),
        ),
        "failure": (*BUILD[:-1], LogLines("resolve", ("cv3x?",)), FAILED, JobChanged(JobState.FAILED, 4)),
        "cancel": (
            *BUILD,
            PhaseStarted("stack"),
            Progress("stack", "archives", 10_000_000, 60_000_000, "bytes"),
            stopped,
            JobChanged(JobState.CANCELLED, 143),
        ),
        "job": (
            *TRAINING,
            LogLines("run", ("[mlpack] cell 3 of 3", "[mlpack] done")),
            CellStarted(3, 3),
            JobChanged(JobState.SUCCEEDED, 0),
        ),
        "job-failed": (
            *TRAINING,
            LogLines("run", ("[mlpack] cell 3 failed (cell 5 of the notebook): ValueError: x",)),
            failed(cell),
            JobChanged(JobState.FAILED, 1),
        ),
        "retries": (
            *BUILD,
            PhaseStarted("stack"),
            Progress("stack", "archives", 50_000_000, 60_000_000, "bytes"),
            Noticed(NOTICE),
            PhaseEnded("stack", ""),
            PhaseStarted("stack"),
            Progress("stack", "archives", 1_000_000, 60_000_000, "bytes"),
        ),
        "out-of-phase": (
            Progress("stack", "package index", 0, None, "bytes"),
            PhaseStarted("build"),
            Progress("stack", "archives", 3, 4, "packages"),
            PhaseEnded("export", "never began"),
            PhaseStarted("extend"),
            PhaseEnded("extend", "2 libraries"),
            LogLines("build", ("still building",)),
            PhaseEnded("build", "1 process"),
        ),
        "overlapping-pages": (
            PhaseStarted("inspect"),
            LogLines("inspect", ("once",)),
            Entry(1, BEGIN, PhaseStarted("inspect")),
            Entry(2, BEGIN + STEP, LogLines("inspect", ("once",))),
            Entry(7, BEGIN + 9, PhaseEnded("inspect", "after a gap")),
        ),
        "delivery": (
            PhaseStarted("publish"),
            Progress("publish", "layers", 28_000_000, 28_000_000, "bytes"),
            PhaseEnded("publish", "pushed localhost:5000/churn:1"),
            JobChanged(JobState.SUCCEEDED, 0),
        ),
    }


def entries(events: Sequence[Event | Entry]) -> list[Entry]:
    """The events, numbered and dated."""
    made: list[Entry] = []
    for event in events:
        if isinstance(event, Entry):
            made.append(event)
        else:
            made.append(Entry(len(made) + 1, BEGIN + STEP * len(made), event))
    return made


def sequence_json(events: Sequence[Event | Entry]) -> Json:
    """The file's content."""
    made = entries(events)
    listed: list[Json] = [{"seq": entry.seq, "at": entry.at, "event": event_json(entry.event)} for entry in made]
    return {"entries": listed, "fold": fold_json(reduce(fold, made, RunFold()))}
