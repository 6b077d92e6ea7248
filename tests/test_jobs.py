"""A job from its checks to its end, on an engine that plays a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.cli.run import read_variable
from jupyter_mlpack.engines.engine import Availability, Found, Handle, LogChunk, Request, StateChange, Update
from jupyter_mlpack.events import CellStarted, Event, Failed, JobChanged, LogLines, MetricsRecorded, event_json
from jupyter_mlpack.fold import Entry, RunFold, fold
from jupyter_mlpack.jobs import Lines, make_task, run_job
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Action, Job, JobSpec, JobState, Location, Parameter, Task, to_json

RUNNING = StateChange(JobState.RUNNING)
SUCCEEDED = StateChange(JobState.SUCCEEDED, 0)
FAILED = StateChange(JobState.FAILED, 1)
Step = Update | Callable[[Task], None] | type[BaseException]


@dataclass
class ScriptedEngine:
    """Plays ``steps``: hands updates out, calls functions with the task, raises exceptions. Broken off, it goes on."""

    steps: list[Step]
    name: str = "scripted"
    started: list[Task] = field(default_factory=list)
    cancelled: int = 0
    released: list[Handle] = field(default_factory=list)

    def probe(self) -> Availability:
        return Availability(True, "It plays a script.")

    def prepare(self, task: Task) -> Request:
        return Request(self.name, task)

    def start(self, request: Request) -> Handle:
        self.started.append(request.task)
        return Handle(self.name, "job-1")

    def follow(self, handle: Handle) -> Iterator[Update]:
        while self.steps:
            step = self.steps.pop(0)
            if isinstance(step, (LogChunk, StateChange)):
                yield step
            elif isinstance(step, type):
                raise step
            else:
                step(self.started[-1])

    def cancel(self, handle: Handle) -> None:
        self.cancelled += 1
        self.steps = [StateChange(JobState.CANCELLED, 143)]

    def attach(self, task: Task, mark: str = "") -> Found | None:
        return None

    def release(self, handle: Handle) -> None:
        self.released.append(handle)


def config(entrypoint: str = "/cnb/process/train", **labels: str) -> ImageConfig:
    named = tuple((name.replace("_", "."), text) for name, text in labels.items())
    return ImageConfig("amd64", "linux", (), (), (), (entrypoint,), (), "/workspace", "mlpack", named)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    images = {
        "churn:training": config(**{"org_jupyter-mlpack_notebook": "notebooks/churn.ipynb"}),
        "churn:serving": config(
            "/cnb/process/serve", io_buildpacks_build_metadata='{"processes": [{"type": "serve"}]}'
        ),
        "known:training": config(**{"org_jupyter-mlpack_parameters": '{"lr": 0.1, "epochs": 3}'}),
    }
    for name, image in images.items():
        store.tag(name, store.add_image(image, ()).descriptor)
    return store


def run(
    store: Store, output: Path, *steps: Step, image: str = "churn:training", **parameters: Parameter
) -> tuple[Job, list[Event], ScriptedEngine]:
    events: list[Event] = []
    engine = ScriptedEngine(list(steps))
    spec = JobSpec(image, tuple(parameters.items()), output, "scripted")
    return run_job(spec, store, engine, events.append), events, engine


def test_run_job__success__tells_states_cells_and_lines_in_order(store: Store, tmp_path: Path) -> None:
    log = LogChunk("[mlpack] cell 1 of 2\nepoch 1 loss 0.5\n[mlpack] cell 2 "), LogChunk("of 2\n[mlpack] done\n")
    job, events, _ = run(store, tmp_path / "output", RUNNING, *log, SUCCEEDED)
    assert events == [
        JobChanged(JobState.QUEUED),
        JobChanged(JobState.RUNNING),
        LogLines("run", ("[mlpack] cell 1 of 2", "epoch 1 loss 0.5")),
        CellStarted(1, 2),
        MetricsRecorded((("loss", 0.5),), 1),
        LogLines("run", ("[mlpack] cell 2 of 2", "[mlpack] done")),
        CellStarted(2, 2),
        JobChanged(JobState.SUCCEEDED, 0),
    ]
    assert (job.id, job.state, job.exit_status) == ("job-1", JobState.SUCCEEDED, 0)


def test_run_job__cell_failed__failure_and_status_in_the_fold(store: Store, tmp_path: Path) -> None:
    frames = "Cell In[7], line 2\nCell In[3], line 8, in f(x)\n"
    log = LogChunk(
        f"[mlpack] cell 3 of 9\n{frames}[mlpack] cell 3 failed (cell 5 of the notebook): ValueError: no column age\n"
    )
    job, events, _ = run(store, tmp_path / "output", RUNNING, log, FAILED)
    state = reduce(fold, [Entry(seq, 0.0, event) for seq, event in enumerate(events, 1)], RunFold())
    assert state.failure is not None
    assert state.failure.code == "job-cell-failed"
    assert "Code cell 3 failed: ValueError: no column age" in state.failure.what
    assert str(tmp_path / "output") in state.failure.hint
    assert state.failure.location == Location("churn.ipynb", 5, 2)
    assert state.failure.action == Action("open-cell", "Open the cell")
    assert (state.state, state.exit_status, job.exit_status) == (JobState.FAILED, 1, 1)


def test_run_job__out_of_memory__plain_reason(store: Store, tmp_path: Path) -> None:
    end = StateChange(JobState.FAILED, 137, errors.OutOfMemory())
    _, events, _ = run(store, tmp_path / "output", RUNNING, end)
    failures = [event for event in events if isinstance(event, Failed)]
    assert [failure.code for failure in failures] == ["job-out-of-memory"]
    assert events[-1] == JobChanged(JobState.FAILED, 137)


def test_run_job__outputs__are_listed_relative_and_sorted(store: Store, tmp_path: Path) -> None:
    def write(task: Task) -> None:
        (task.output / "models").mkdir()
        for name in ("train.ipynb", "models/w.bin"):
            (task.output / name).write_text("x")
        (task.output / "link").symlink_to("/etc/passwd")

    job, _, _ = run(store, tmp_path / "output", RUNNING, write, SUCCEEDED)
    assert job.outputs == ("models/w.bin", "train.ipynb")


def test_run_job__interrupted__cancels_and_ends_in_order(store: Store, tmp_path: Path) -> None:
    job, events, engine = run(store, tmp_path / "output", RUNNING, LogChunk("half"), KeyboardInterrupt)
    assert engine.cancelled == 1
    assert (job.state, job.exit_status) == (JobState.CANCELLED, 143)
    assert events[-2:] == [LogLines("run", ("half",)), JobChanged(JobState.CANCELLED, 143)]


@pytest.mark.parametrize(
    ("value", "argument"),
    [
        (0.1, "value=0.1"), (3, "value=3"), (True, "value=true"), (None, "value=null"), ("0.1", 'value="0.1"'),
        ("größe", 'value="größe"'), ([1, "a"], 'value=[1, "a"]'), ({"a": [1]}, 'value={"a": [1]}'),
    ],
    ids=["float", "integer", "boolean", "nothing", "text like a number", "text", "list", "mapping"],
)  # fmt: skip
def test_make_task__value__keeps_its_type(tmp_path: Path, value: Parameter, argument: str) -> None:
    assert make_task(JobSpec("image", (("value", value),), tmp_path, "process")).arguments == ("-p", argument)


def test_run_job__image_unknown__lists_near_names(store: Store, tmp_path: Path) -> None:
    with pytest.raises(errors.ImageUnknown) as caught:
        run(store, tmp_path / "output", image="churn:trianing")
    assert "churn:training" in caught.value.sentence("why")
    assert not (tmp_path / "output").exists()


def test_run_job__image_without_training__lists_its_processes(store: Store, tmp_path: Path) -> None:
    with pytest.raises(errors.ImageWithoutTraining) as caught:
        run(store, tmp_path / "output", image="churn:serving")
    assert "serve" in caught.value.sentence("why")


def test_run_job__parameter_unknown_to_the_image__is_refused_before_the_start(store: Store, tmp_path: Path) -> None:
    with pytest.raises(errors.ParameterUnknown) as caught:
        run(store, tmp_path / "output", image="known:training", learning_rate=0.1)
    assert "epochs, lr" in caught.value.sentence("why")
    job, _, engine = run(store, tmp_path / "output", RUNNING, SUCCEEDED, image="known:training", lr=0.2)
    assert job.state is JobState.SUCCEEDED
    assert engine.started[0].arguments == ("-p", "lr=0.2")


def test_run_job__output_not_empty__is_refused_and_kept(store: Store, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output/mine").write_text("precious")
    (tmp_path / "output-2").mkdir()
    with pytest.raises(errors.OutputNotEmpty) as caught:
        run(store, tmp_path / "output", RUNNING, SUCCEEDED)
    assert str(tmp_path / "output-3") in caught.value.sentence("hint")
    assert (tmp_path / "output/mine").read_text() == "precious"


def test_run_job__output_is_a_file__is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file")
    with pytest.raises(errors.OutputNotWritable):
        run(store, tmp_path / "output", RUNNING, SUCCEEDED)


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        (["a\nb", "c\n"], ["a", "bc"]), (["a\r\nb\r", "\n"], ["a", "b"]), (["1%\r2%\r", "100%\nend"], ["100%", "end"]),
        (["\n\n"], ["", ""]), ([""], []), (["x" * 70_000, "y\n"], ["x" * 70_000, "y"]),
        (["1%\r" * 40_000, "2%\n"], ["2%"]),
    ],
    ids=["split", "return and newline", "progress bar", "empty lines", "nothing", "endless line", "endless bar"],
)  # fmt: skip
def test_lines__pieces__become_whole_lines(pieces: list[str], lines: list[str]) -> None:
    log = Lines()
    found = [line for piece in pieces for line in log.feed(piece)]
    assert [*found, *log.flush()] == lines


SECRET = (("API_TOKEN", "hunter2-hunter2"), ("KEY", "-----BEGIN-----\nabcdef\n"), ("SHORT", "1"))


def test_run_job__secrets__reach_the_task_and_are_in_no_event(store: Store, tmp_path: Path) -> None:
    events: list[Event] = []
    log = (
        LogChunk("token=hunter2-"),
        LogChunk("hunter2 1\nabcdef\n[mlpack] cell 1 failed: ValueError: hunter2-hunter2\n"),
    )
    engine = ScriptedEngine([RUNNING, *log, FAILED])
    job = run_job(JobSpec("churn:training", (), tmp_path / "o", "scripted"), store, engine, events.append, SECRET)
    assert engine.started[0].secrets == SECRET
    told = json.dumps([event_json(event) for event in events]) + json.dumps(to_json(job)) + repr(engine.started)
    told += json.dumps(engine.prepare(engine.started[0]).to_json())
    assert "hunter2" not in told
    assert "abcdef" not in told
    (lines,) = (event.lines for event in events if isinstance(event, LogLines))
    assert lines[:2] == ("token=******** 1", "********")
    assert "API_TOKEN" in json.dumps(engine.prepare(engine.started[0]).to_json())


def test_read_variable__not_set_or_with_a_value__is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE", "x=y")
    monkeypatch.delenv("NOT_HERE", raising=False)
    assert read_variable("HERE") == ("HERE", "x=y")
    with pytest.raises(errors.VariableMissing):
        read_variable("NOT_HERE")
    with pytest.raises(errors.VariableNotNamed) as caught:
        read_variable("TOKEN=hunter2")
    assert "hunter2" not in caught.value.sentence("why")
