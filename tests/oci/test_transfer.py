"""Progress never falls, and one failure ends all transfers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_mlpack.errors import UploadLost
from jupyter_mlpack.events import Event, Progress
from jupyter_mlpack.oci.diagnosis import PUSH
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.transfer import Meter, run_together
from jupyter_mlpack.oci.transport import Access


def test_meter__blob_starts_over__sum_does_not_fall() -> None:
    events: list[Event] = []
    meter = Meter(events.append, "publish", "iris", 30)
    for blob, done in [("a", 10), ("b", 5), ("a", 0), ("a", 8), ("b", 20), ("a", 10)]:
        meter.report(blob, done)
    assert [event.done for event in events if isinstance(event, Progress)] == [0, 10, 15, 30]


def test_meter__many_reports__about_two_hundred_events() -> None:
    events: list[Event] = []
    meter = Meter(events.append, "publish", "iris", 100_000)
    for done in range(100_001):
        meter.report("a", done)
    assert 150 <= len(events) <= 202
    assert isinstance(events[-1], Progress)
    assert events[-1].done == 100_000


def test_run_together__one_fails__others_are_stopped_and_it_is_raised() -> None:
    stop, began = threading.Event(), threading.Event()
    late: list[int] = []

    def fails() -> None:
        began.wait(5)
        raise ConnectionError("first")

    def waits() -> None:
        began.set()
        assert stop.wait(10), "the failure stops the others"

    tasks: list[Callable[[], None]] = [fails, waits, *[lambda: late.append(1) or time.sleep(0.2)] * 20]
    with pytest.raises(ConnectionError, match="first"):
        run_together(tasks, 2, stop.set)
    assert len(late) < 20, "what had not begun does not begin"


def test_run_together__all_well__runs_each_once() -> None:
    done: list[int] = []
    tasks = [lambda number=number: done.append(number) for number in range(50)]
    run_together(tasks, 4, threading.Event().set)
    assert sorted(done) == list(range(50))


def test_run_together__nothing_to_do__returns() -> None:
    run_together([], 4, threading.Event().set)


def test_abort__silent_registry__every_transfer_ends_at_once(stalling_server: Any) -> None:
    with Session(stalling_server.host, "team/iris", Access(insecure=True), PUSH, ()) as session:
        tasks = [session.ping, *[lambda: session.has_blob("sha256:" + "0" * 64)] * 8]
        began: list[float] = []

        def abort() -> None:
            assert stalling_server.stalled.wait(10)
            time.sleep(0.3)
            began.append(time.monotonic())
            session.abort()

        threading.Thread(target=abort).start()
        with pytest.raises(UploadLost):
            run_together(tasks, 4, session.abort)
        assert time.monotonic() - began[0] < 2


def test_abort__later_connection__ends_too(stalling_server: Any) -> None:
    with Session(stalling_server.host, "team/iris", Access(insecure=True), PUSH, ()) as session:
        session.abort()
        began = time.monotonic()
        with pytest.raises(UploadLost):
            session.has_blob("sha256:" + "0" * 64)
        assert time.monotonic() - began < 2
