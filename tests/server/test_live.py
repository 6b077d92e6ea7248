"""What a worker says becomes entries: batched, cut, without secrets, and whatever it says breaks nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from jupyter_events import EventLogger

from jupyter_mlpack.errors import DockerRestarted
from jupyter_mlpack.events import event_json, failed
from jupyter_mlpack.ledger import Ledger, Record, new_id
from jupyter_mlpack.server.bus import Bus
from jupyter_mlpack.server.live import Live
from jupyter_mlpack.server.workers import Request


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def make(ledger: Ledger, kind: str = "build", limit: int = 1_000_000, **secrets: str) -> Live:
    writing = ledger.begin(Record(kind=kind, id=new_id(time.time()), created=time.time()))
    log = logging.getLogger("test")
    return Live(writing, Request((), "/", secrets), Bus(EventLogger(), log), limit, log)


def entries(ledger: Ledger, live: Live) -> list[dict[str, Any]]:
    return [json.loads(line)["event"] for line in ledger.page(live.record.id, 0)[0]]


def say(live: Live, *events: object) -> None:
    live.hear([json.dumps(event).encode() for event in events])


def log_lines(*texts: str) -> dict[str, Any]:
    return {"event": "LogLines", "phase": "build", "lines": list(texts)}


def progress(done: int, what: str = "layers") -> dict[str, Any]:
    return {"event": "Progress", "phase": "export", "what": what, "done": done, "total": 9, "unit": "layers"}


async def test_like_events_that_follow_each_other__become_one(ledger: Ledger) -> None:
    live = make(ledger)
    say(live, log_lines("a"), log_lines("b", "c"), progress(1), progress(1, "x"), progress(2), log_lines("d"))
    live.flush()
    assert entries(ledger, live) == [log_lines("a", "b", "c"), progress(2), progress(1, "x"), log_lines("d")]


async def test_lines_with_marks_between__become_one_entry_behind_which_the_last_mark_stands(ledger: Ledger) -> None:
    live = make(ledger, kind="job")
    run = [{**log_lines(text), "phase": "run"} for text in ("a", "b", "c")]
    say(live, run[0], {"mark": "1:1"}, run[1], {"mark": "1:2"}, run[2])
    live.flush()
    assert entries(ledger, live) == [{**log_lines("a", "b", "c"), "phase": "run"}]
    told = ledger.told(live.record.id)
    assert (told.mark, told.behind, told.lines) == ("", 3, ("a", "b", "c"))
    say(live, run[0], {"mark": "1:4"})
    live.flush()
    assert (ledger.told(live.record.id).mark, ledger.told(live.record.id).behind) == ("1:4", 0)


async def test_job_that_its_engine_ended__has_failed__whatever_signal_that_was(ledger: Ledger) -> None:
    live = make(ledger, kind="job")
    taken = event_json(failed(DockerRestarted(status=143)))
    say(live, taken, {"event": "JobChanged", "state": "failed", "exit_status": 143})
    live.end(143)
    assert (live.record.state, live.record.failure) == ("failed", taken["what"])


async def test_many_lines__entries_stay_small(ledger: Ledger) -> None:
    live = make(ledger)
    for number in range(3000):
        say(live, log_lines(str(number)))
    live.flush()
    found = entries(ledger, live)
    assert max(len(entry["lines"]) for entry in found) <= 500
    assert [line for entry in found for line in entry["lines"]] == [str(number) for number in range(3000)]


async def test_first_event__is_written_at_once__the_next_ones_after_the_interval(ledger: Ledger) -> None:
    live = make(ledger)
    say(live, log_lines("a"))
    await asyncio.sleep(0.02)
    assert len(entries(ledger, live)) == 1
    say(live, log_lines("b"))
    await asyncio.sleep(0.02)
    assert len(entries(ledger, live)) == 1
    await asyncio.sleep(0.25)
    assert len(entries(ledger, live)) == 2


async def test_secret__in_any_form_of_a_log__is_hidden(ledger: Ledger) -> None:
    secret = 'pä"ss\\wörd'
    live = make(ledger, "job", API_KEY=secret, SHORT="ab")
    say(live, log_lines(f"key={secret}!", "ab"))
    live.hear([json.dumps(log_lines(secret), ensure_ascii=False).encode()])
    live.flush()
    (entry,) = entries(ledger, live)
    assert entry["lines"] == ["key=********!", "ab", "********"]
    assert b"ss" not in (ledger.folder / f"{live.record.id}.jsonl").read_bytes().partition(b"LogLines")[2][:100]


async def test_endless_log__is_cut_and_told(ledger: Ledger) -> None:
    live = make(ledger, limit=100)
    for number in range(1000):
        say(live, log_lines(f"line {number}"))
    live.flush()
    found = entries(ledger, live)
    assert [entry["notice"]["code"] for entry in found if entry["event"] == "Noticed"] == ["log-cut"]
    assert sum(len(line) for entry in found if entry["event"] == "LogLines" for line in entry["lines"]) < 120


NONSENSE = (
    b"",
    b"Traceback (most recent call last):",
    b"\xff\xfe",
    b"[1, 2]",
    b"null",
    b"{" * 100_000,
    b'{"event": "Unheard"}',
    b'{"event": 5}',
    b'{"event": "LogLines"}',
    b'{"event": "BuildSucceeded", "image": null}',
    b'{"event": "JobChanged"}',
    b'{"event": "LogLines", "phase": "build", "lines": [1]}',
    b'{"notebook": 5}',
    b'{"outputs": 5}',
)


@pytest.mark.parametrize("line", NONSENSE)
async def test_nonsense__is_passed_over(ledger: Ledger, line: bytes) -> None:
    live = make(ledger)
    live.hear([line])
    say(live, log_lines("after"))
    live.end(1)
    assert [entry for entry in entries(ledger, live) if entry["event"] == "LogLines"][-1]["lines"][-1:] == ["after"]
    assert ledger.records()[live.record.id].state == "failed"


async def test_end__states_of_a_job_are_told_once_by_the_server(ledger: Ledger) -> None:
    live = make(ledger, "job")
    live.begin()
    changes = [{"event": "JobChanged", "state": state, "exit_status": None} for state in ("queued", "running")]
    say(live, *changes, {"event": "JobChanged", "state": "succeeded", "exit_status": 0})
    say(live, {"id": "x", "outputs": ["a.ipynb", "b/c.txt"]})
    live.end(0)
    states = [entry for entry in entries(ledger, live) if entry["event"] == "JobChanged"]
    assert [(entry["state"], entry["exit_status"]) for entry in states] == [("running", None), ("succeeded", 0)]
    record = ledger.records()[live.record.id]
    assert (record.state, record.outputs) == ("succeeded", ("a.ipynb", "b/c.txt"))


async def test_end__without_a_word__is_told_as_died(ledger: Ledger) -> None:
    live = make(ledger)
    live.begin()
    live.end(0)
    failed = next(entry for entry in entries(ledger, live) if entry["event"] == "Failed")
    assert failed["code"] == "worker-died"
