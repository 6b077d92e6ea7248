"""A store with a training image, and an engine whose jobs outlive whoever follows them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from jupyter_mlpack.engines import engine as seam
from jupyter_mlpack.engines.engine import Availability, Found, Handle, LogChunk, Request, StateChange, Update
from jupyter_mlpack.errors import DockerUnreachable
from jupyter_mlpack.events import Emit, ignore
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.ledger import Ledger
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.submission.targets import read_targets
from jupyter_mlpack.values import JobState, JobTarget, Json, Task

IMAGE = "churn:training"
LINES = tuple(f"line {number}" for number in range(8))


@dataclass
class Kept:
    """A job as the place where it runs keeps it."""

    task: Task
    state: StateChange | None = None
    released: bool = False


@dataclass
class Place:
    """Where jobs run, whoever follows them. ``broken`` connections are lost before the next ones hold."""

    jobs: dict[str, Kept] = field(default_factory=dict)
    end: StateChange = field(default_factory=lambda: StateChange(JobState.SUCCEEDED, 0))
    log: tuple[str, ...] = LINES
    broken: int = 0
    answers: list[bool] = field(default_factory=list)
    """Of the next starts, whether the job is there although the connection was lost before the answer."""
    reachable: bool = True


class MemoryEngine:
    """Jobs are over as soon as they are followed to the end of their log; a mark is the number of lines before it."""

    name = "memory"
    OPTIONS: ClassVar[dict[str, tuple[type, str]]] = {"queue": (str, "where jobs wait")}
    place: ClassVar[Place]

    def __init__(
        self, store: Store, grace: float = 1, emit: Emit = ignore, options: dict[str, Json] | None = None
    ) -> None:
        del store, grace, emit
        self.options = options or {}
        self.marks: dict[str, int] = {}

    def probe(self) -> Availability:
        return Availability(self.place.reachable, "It is in memory." if self.place.reachable else "It is switched off.")

    def prepare(self, task: Task) -> Request:
        return Request(self.name, task, tuple(sorted(self.options.items())))

    def start(self, request: Request) -> Handle:
        if self.place.answers:
            if self.place.answers.pop(0):
                self.place.jobs.setdefault(request.task.name, Kept(request.task))
            raise DockerUnreachable(address="memory", reason="the cable was pulled")
        self.place.jobs.setdefault(request.task.name, Kept(request.task))
        return Handle(self.name, request.task.name)

    def attach(self, task: Task, mark: str = "") -> Found | None:
        if not self.place.reachable:
            raise DockerUnreachable(address="memory", reason="the cable was pulled")
        kept = self.place.jobs.get(task.name)
        if kept is None or kept.released:
            return None
        self.marks[task.name] = int(mark or 0)
        return Found(Handle(self.name, task.name), kept.task.secrets)

    def follow(self, handle: Handle) -> Iterator[Update]:
        yield StateChange(JobState.RUNNING)
        for number in range(self.marks.get(handle.id, 0), len(self.place.log)):
            if self.place.broken:
                self.place.broken -= 1
                raise DockerUnreachable(address="memory", reason="the cable was pulled")
            # Every second piece ends in the middle of a line, where no mark may be kept.
            text = self.place.log[number]
            yield LogChunk(text[:3], "" if number % 2 else f"{number}")
            yield LogChunk(f"{text[3:]}\n", f"{number + 1}")
        kept = self.place.jobs[handle.id]
        kept.state = kept.state or self.place.end
        (kept.task.output / "model.bin").write_text("weights")
        yield kept.state

    def cancel(self, handle: Handle) -> None:
        self.place.jobs[handle.id].state = StateChange(JobState.FAILED, 143)

    def release(self, handle: Handle) -> None:
        self.place.jobs[handle.id].released = True


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    """Where jobs of the engine ``memory`` run; the engine is there during the test."""
    MemoryEngine.place = Place()
    module = ModuleType("mlpack_memory_engine")
    module.MemoryEngine = MemoryEngine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(seam.ENGINES, MemoryEngine.name, (module.__name__, "MemoryEngine"))
    return MemoryEngine.place


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "home")
    labels = (
        ("org.jupyter-mlpack.notebook", "notebooks/churn.ipynb"),
        ("org.jupyter-mlpack.parameters", '{"lr": 0.1}'),
    )
    for name, more in (
        (IMAGE, ()),
        ("gpu:training", (("org.jupyter-mlpack.accelerator", "cuda12"), ("org.jupyter-mlpack.accelerator.count", "2"))),
    ):
        config = ImageConfig("amd64", "linux", (), (), (), ("/cnb/process/train",), (), "/workspace", "1000", ())
        store.tag(name, store.add_image(replace(config, labels=(*labels, *more)), ()).descriptor)
    return store


@dataclass
class Scene:
    """A store, its ledger, a place where jobs run, the targets that lead there, and a folder for outputs."""

    store: Store
    ledger: Ledger
    place: Place
    targets: Mapping[str, JobTarget]
    output: Path


@pytest.fixture
def scene(store: Store, place: Place, tmp_path: Path) -> Scene:
    targets = read_targets({"here": {"engine": "memory", "queue": "short"}})
    return Scene(store, Ledger(store.root), place, targets, tmp_path / "output")
