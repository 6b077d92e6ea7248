"""A job from its order to its end, on an engine whose jobs outlive us: exact logs, however often it is broken off."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import StateChange
from jupyter_mlpack.events import Event, JobChanged, LogLines, ignore
from jupyter_mlpack.ledger import Record
from jupyter_mlpack.submission import following
from jupyter_mlpack.submission.following import cancel, collect, sweep
from jupyter_mlpack.submission.submitting import Order, dry_run, submit_image, task_name, wish_of
from jupyter_mlpack.values import JobState, Resources


def order(scene: Any, **more: Any) -> Order:
    return Order(scene.output, "here", (("lr", 0.5),), **more)


def follow(record: Record, scene: Any, emit: Any = ignore) -> Record:
    writing = scene.ledger.resume(record)
    assert writing is not None, "somebody holds its file"
    try:
        collect(writing, scene.store, scene.ledger, emit)
    finally:
        writing.close()
    return writing.record


def told(scene: Any, record: Record) -> list[str]:
    entries = scene.ledger.page(record.id, 0)[0]
    events = [json.loads(entry)["event"] for entry in entries]
    return [line for event in events if event["event"] == "LogLines" for line in event["lines"]]


def test_submit__then_collect__log_outputs_and_state_are_in_the_ledger(scene: Any) -> None:
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    assert (record.state, record.target, record.engine) == ("queued", "here", "memory")
    assert list(scene.place.jobs) == [record.task]
    events: list[Event] = []
    ended = follow(record, scene, events.append)
    assert told(scene, record) == list(scene.place.log)
    assert [event.state for event in events if isinstance(event, JobChanged)] == [JobState.RUNNING, JobState.SUCCEEDED]
    assert (ended.state, ended.outputs) == ("succeeded", ("model.bin",))
    assert scene.place.jobs[record.task].released
    assert scene.ledger.records()[record.id] == ended


@pytest.mark.parametrize("seed", range(30))
def test_collect__broken_off_at_any_place__every_line_once(
    scene: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(following, "MARKED", 0.0)
    dice = random.Random(seed)
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    left = 0

    def breaking(event: Event) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    for _ in range(40):
        left = dice.randrange(1, 6)
        try:
            record = follow(record, scene, breaking)
            break
        except KeyboardInterrupt:
            # A kill may also tear the last line that was written.
            if dice.random() < 0.3:
                path = scene.ledger.folder / f"{record.id}.jsonl"
                path.write_bytes(path.read_bytes() + b'{"seq": 99, "at": 1.0, "ev')
    assert record.state == "succeeded"
    assert told(scene, record) == list(scene.place.log)


def test_collect__connection_lost__error_is_raised_and_nothing_is_lost(scene: Any) -> None:
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    scene.place.broken = 1
    with pytest.raises(errors.DockerUnreachable):
        follow(record, scene)
    assert not scene.ledger.records()[record.id].has_ended
    assert follow(record, scene).state == "succeeded"
    assert told(scene, record) == list(scene.place.log)


def test_cancel__twice__job_is_cancelled_not_failed(scene: Any) -> None:
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    cancel(record, scene.store, scene.ledger)
    cancel(record, scene.store, scene.ledger)
    assert follow(record, scene).state == "cancelled"


def test_collect__job_fails__failed_with_its_status(scene: Any) -> None:
    scene.place.end = StateChange(JobState.FAILED, 3)
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    assert follow(record, scene).state == "failed"


def test_collect__engine_never_heard_of_it__failed_with_the_reason(scene: Any) -> None:
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    scene.place.jobs.clear()
    with pytest.raises(errors.JobNotStarted):
        follow(record, scene)
    assert scene.ledger.records()[record.id].state == "failed"


def test_submit__answer_is_lost__job_that_is_there_goes_on(scene: Any) -> None:
    scene.place.answers = [True]
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    assert (record.state, record.taken) == ("queued", True)
    assert follow(record, scene).state == "succeeded"


def test_submit__lost_before_it_was_asked__told_as_failed(scene: Any) -> None:
    scene.place.answers = [False]
    with pytest.raises(errors.DockerUnreachable):
        submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    (record,) = scene.ledger.records().values()
    assert (record.state, scene.place.jobs) == ("failed", {})


@pytest.mark.parametrize("there", [True, False])
def test_submit__engine_is_gone_for_longer__nothing_is_told_until_it_can_be_asked(scene: Any, there: bool) -> None:
    scene.place.answers = [there]

    def pull(event: Event) -> None:
        scene.place.reachable = False

    with pytest.raises(errors.DockerUnreachable):
        submit_image("churn:training", scene.targets, order(scene), scene.store, pull)
    (record,) = scene.ledger.records().values()
    assert record.state == "queued"
    scene.place.reachable = True
    if there:
        assert follow(record, scene).state == "succeeded"
    else:
        with pytest.raises(errors.JobNotStarted):
            follow(record, scene)


def cut_off(scene: Any) -> Record:
    """A job that was told, and that the place still keeps."""
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    follow(record, scene)
    path = scene.ledger.folder / f"{record.id}.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    scene.place.jobs[record.task].released = False
    return record


def test_sweep__release_was_cut_off__released_and_noted_once(scene: Any) -> None:
    record = cut_off(scene)
    other = submit_image(
        "churn:training", scene.targets, Order(scene.output.with_name("other"), "here"), scene.store, ignore
    )
    assert [kept.id for kept in scene.ledger.kept()] == [record.id]
    assert sweep(scene.store, scene.ledger) == 1
    assert scene.place.jobs[record.task].released
    assert not scene.place.jobs[other.task].released
    assert scene.ledger.kept() == []
    assert scene.ledger.records()[record.id].state == "succeeded"


def test_sweep__engine_does_not_answer__is_left_for_the_next_time(scene: Any) -> None:
    record = cut_off(scene)
    scene.place.reachable = False
    assert sweep(scene.store, scene.ledger) == 0
    assert [kept.id for kept in scene.ledger.kept()] == [record.id]


def test_submit__secrets__reach_the_engine_and_nothing_else(scene: Any) -> None:
    scene.place.log = ("my token is hunter2hunter2",)
    record = submit_image(
        "churn:training", scene.targets, order(scene, secrets=(("TOKEN", "hunter2hunter2"),)), scene.store, ignore
    )
    assert dict(scene.place.jobs[record.task].task.secrets) == {"TOKEN": "hunter2hunter2"}
    follow(record, scene)
    assert told(scene, record) == ["my token is ********"]
    assert b"hunter2" not in (scene.ledger.folder / f"{record.id}.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("name", "more", "error"),
    [
        ("nothing:training", {}, errors.ImageUnknown),
        ("churn:training", {"resources": Resources(gpus=1)}, errors.TargetUnfit),
        ("gpu:training", {}, errors.TargetUnfit),
    ],
    ids=["image", "wish", "hardware"],
)
def test_submit__impossible__refused_before_anything_is_written_or_started(
    scene: Any, name: str, more: Any, error: Any
) -> None:
    with pytest.raises(error):
        submit_image(name, scene.targets, order(scene, **more), scene.store, ignore)
    assert (scene.place.jobs, scene.ledger.records()) == ({}, {})


def test_submit__target_does_not_answer__says_why(scene: Any) -> None:
    scene.place.reachable = False
    with pytest.raises(errors.TargetUnavailable) as caught:
        submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    assert caught.value.sentence("why") == "It is switched off."
    assert scene.ledger.records() == {}


def test_submit__unknown_parameter__is_refused(scene: Any) -> None:
    with pytest.raises(errors.ParameterUnknown):
        submit_image("churn:training", scene.targets, Order(scene.output, "here", (("rate", 1),)), scene.store, ignore)


def test_dry_run__shows_the_request__and_starts_nothing(scene: Any) -> None:
    wish = wish_of("churn:training", scene.targets, order(scene, secrets=(("TOKEN", "hunter2"),)), scene.store)
    printed = json.dumps(dry_run(wish, scene.store).to_json())
    assert '"queue": "short"' in printed
    assert "hunter2" not in printed
    assert scene.place.jobs == {}


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("root", "mlpack-root-0a"),
        ("Jörg Müller@example.com", "mlpack-j-rg-m-ller-example-0a"),
        ("", "mlpack-0a"),
        ("_", "mlpack-0a"),
    ],
    ids=["plain", "people", "nobody", "nothing-left"],
)
def test_task_name__is_a_label_that_clusters_accept(user: str, name: str) -> None:
    assert task_name(user, "0a") == name


def test_log__holds_whole_lines_only(scene: Any) -> None:
    events: list[Event] = []
    record = submit_image("churn:training", scene.targets, order(scene), scene.store, ignore)
    follow(record, scene, events.append)
    lines = [line for event in events if isinstance(event, LogLines) for line in event.lines]
    assert lines == list(scene.place.log)
