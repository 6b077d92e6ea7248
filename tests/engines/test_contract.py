"""The numbered contract of ``engine.py``, held by each engine that can run here."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import Engine, Handle, LogChunk, StateChange, Update
from jupyter_mlpack.values import JobState, Task

IMAGE = "test/train:1"


def task(output: Path, mode: str = "plain", **environment: str) -> Task:
    output.mkdir(exist_ok=True)
    return Task("train", IMAGE, ("-p", f"mode={json.dumps(mode)}"), tuple(environment.items()), output)


def run(engine: Engine, task: Task) -> list[Update]:
    return list(engine.follow(engine.start(engine.prepare(task))))


def text(updates: list[Update]) -> str:
    return "".join(update.text for update in updates if isinstance(update, LogChunk))


def states(updates: list[Update]) -> list[tuple[JobState, int | None]]:
    return [(update.state, update.exit_status) for update in updates if isinstance(update, StateChange)]


def test_probe__engine_works__says_so_in_a_sentence(engine: Engine) -> None:
    availability = engine.probe()
    assert availability.available
    assert availability.reason.endswith(".")


def test_prepare__same_task__equal_requests(engine: Engine, tmp_path: Path) -> None:
    assert engine.prepare(task(tmp_path)) == engine.prepare(task(tmp_path))


def test_prepare__secrets__are_hidden_when_printed(engine: Engine, tmp_path: Path) -> None:
    secret = replace(
        task(tmp_path, HF_TOKEN="hunter2", LEVEL="info"), arguments=("-p", "api_key=hunter2", "-p", "lr=0.1")
    )
    printed = json.dumps(engine.prepare(secret).to_json())
    assert "hunter2" not in printed
    assert "info" in printed
    assert "lr=0.1" in printed


@pytest.mark.parametrize(
    ("mode", "state", "status"),
    [("plain", JobState.SUCCEEDED, 0), ("fail", JobState.FAILED, 1)],
    ids=["success", "failure"],
)
def test_follow__job_ends__running_then_one_terminal_state(
    engine: Engine, tmp_path: Path, mode: str, state: JobState, status: int
) -> None:
    updates = run(engine, task(tmp_path, mode))
    assert states(updates) == [(JobState.RUNNING, None), (state, status)]
    assert isinstance(updates[0], StateChange)
    assert isinstance(updates[-1], StateChange)


def test_follow__two_streams__keep_their_order(engine: Engine, tmp_path: Path) -> None:
    lines = text(run(engine, task(tmp_path))).splitlines()
    standard = [line for line in lines if not line.startswith("error")]
    assert standard[:3] == ["argument -p", 'argument mode="plain"', "[mlpack] cell 1 of 2"]
    assert [line for line in lines if line.startswith("out")] == [f"out {number}" for number in range(1, 6)]
    assert [line for line in lines if line.startswith("error")] == [f"error {number}" for number in range(1, 6)]
    assert standard[-1] == "[mlpack] done"


def test_follow__job_ends__outputs_are_the_callers(engine: Engine, tmp_path: Path) -> None:
    run(engine, task(tmp_path))
    assert (tmp_path / "models/w.bin").read_text() == "weights\n"
    for path in (tmp_path, *tmp_path.rglob("*")):
        assert path.lstat().st_uid == os.geteuid()


def test_follow__image_user__sees_only_what_it_should(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "hunter2")
    asked = replace(task(tmp_path, "look", LEVEL="info"), secrets=(("TOKEN", "given"),))
    assert "given" not in repr(asked) + json.dumps(engine.prepare(asked).to_json())
    output = text(run(engine, asked))
    lines = output.splitlines()
    assert "uid 1000" in lines
    assert "directory /workspace" in lines
    assert {line for line in lines if line.startswith("writable")} == {
        f"writable {p}" for p in ("/output", "/tmp", "/dev/shm")
    }
    assert {line for line in lines if line.startswith("closed")} == {"closed /", "closed /etc", "closed /cnb/process"}
    assert {"env GREETING=hello", "env LEVEL=info", "env PATH=/bin", "env TOKEN=given"} <= set(lines)
    assert "HOST_SECRET" not in output
    assert "status CapEff:\t0000000000000000" in lines
    assert "status CapBnd:\t0000000000000000" in lines
    assert "status NoNewPrivs:\t1" in lines


def test_follow__file_of_the_host__is_invisible(engine: Engine, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    secret.chmod(0o644)
    assert "invisible" in text(run(engine, task(tmp_path / "output", "path", FIND=str(secret))))


def test_follow__broken_off__goes_on_where_it_was(engine: Engine, tmp_path: Path) -> None:
    handle = engine.start(engine.prepare(task(tmp_path)))
    first = engine.follow(handle)
    updates = [next(first), next(first)]
    first.close()
    updates += engine.follow(handle)
    assert text(updates).splitlines().count("out 1") == 1
    assert states(updates) == [(JobState.RUNNING, None), (JobState.SUCCEEDED, 0)]


def test_follow__killed_from_outside__gives_the_plain_reason(engine: Engine, tmp_path: Path) -> None:
    end = run(engine, task(tmp_path, "killed"))[-1]
    assert isinstance(end, StateChange)
    assert (end.state, end.exit_status) == (JobState.FAILED, 137)
    assert isinstance(end.failure, errors.JobKilled)


@pytest.mark.parametrize(("mode", "status"), [("wait", 143), ("stubborn", 137)], ids=["obeys", "ignores SIGTERM"])
def test_cancel__twice_and_after_the_end__job_is_cancelled(
    engine: Engine, tmp_path: Path, mode: str, status: int
) -> None:
    handle = engine.start(engine.prepare(task(tmp_path, mode)))
    updates = []
    for update in engine.follow(handle):
        updates.append(update)
        if "waiting" in text(updates) and states(updates)[-1][0] is JobState.RUNNING:
            both = [threading.Thread(target=engine.cancel, args=(handle,)) for _ in range(2)]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
    engine.cancel(handle)
    assert states(updates)[-1] == (JobState.CANCELLED, status)
    assert ("terminated" in text(updates)) == (mode == "wait")
    assert (tmp_path / "half").exists() == (mode == "wait")


def test_cancel__after_success__changes_nothing(engine: Engine, tmp_path: Path) -> None:
    handle = engine.start(engine.prepare(task(tmp_path)))
    list(engine.follow(handle))
    engine.cancel(handle)
    assert states(list(engine.follow(handle))) == [(JobState.SUCCEEDED, 0)]


def test_follow__orphan_of_the_job__does_not_hold_it_up(engine: Engine, tmp_path: Path) -> None:
    assert states(run(engine, task(tmp_path, "orphan")))[-1] == (JobState.SUCCEEDED, 0)


def test_start__image_unknown__says_which_are_known(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(errors.ImageUnknown) as caught:
        engine.start(engine.prepare(replace(task(tmp_path), image="test/trian:1")))
    assert IMAGE in caught.value.sentence("why")


@pytest.mark.parametrize("method", ["follow", "cancel"])
def test_handle__of_another__is_lost(engine: Engine, method: str) -> None:
    with pytest.raises(errors.JobLost):
        list(getattr(engine, method)(Handle(engine.name, "0123456789ab")) or ())
