"""The ledger: append-only files that survive crashes, other servers and full disks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlpack.ledger import PAGE_BYTES, PAGE_ENTRIES, Ledger, Record, Writing, new_id

PACKAGE_ROOT = Path(__file__).parents[1]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def begin(ledger: Ledger, created: float = 1000.0, **more: object) -> Writing:
    return ledger.begin(Record(kind="build", id=new_id(created), created=created, **more))  # type: ignore[arg-type]


def lines(number: int, text: str = "line") -> list[tuple[float, dict[str, object]]]:
    return [(1.0, {"event": "LogLines", "phase": "build", "lines": [f"{text} {index}"]}) for index in range(number)]


def finish(writing: Writing, **more: object) -> Record:
    record = writing.change(**{"state": "succeeded", "ended": time.time(), **more})
    writing.close()
    return record


def numbers(page: list[bytes]) -> list[int]:
    return [json.loads(entry)["seq"] for entry in page]


def test_records__after_a_restart__are_the_same(ledger: Ledger) -> None:
    writing = begin(ledger, choices={"packages": ["ünïcode\ud800"]}, needs=(("numpy", "==2.2.3"),))
    writing.append(lines(3))
    record = finish(writing, outputs=("a/b.txt",), parameters={"x": [1, None, {"y": 0.5}]})
    again = Ledger(ledger.folder.parent).records()[record.id]
    assert again == replace(record, choices={"packages": ["ünïcode?"]})
    assert again.seq == 3


def test_id__sorts_by_time() -> None:
    assert new_id(1000.001) < new_id(1000.002) < new_id(2_000_000_000.0)


@pytest.mark.parametrize("after", [0, 1, 99, 100, 101, 499, 1203, 1204, 5000])
def test_page__any_place__continues_there_without_gap_or_repetition(ledger: Ledger, after: int) -> None:
    writing = begin(ledger)
    for _ in range(4):
        writing.append(lines(301))
        writing.change(phase="build")
    page, more = ledger.page(writing.record.id, after)
    expected = list(range(after + 1, min(after + PAGE_ENTRIES, 1204) + 1))
    assert numbers(page) == expected
    assert more == (after + PAGE_ENTRIES < 1204)
    writing.append(lines(1))
    assert numbers(ledger.page(writing.record.id, 1204)[0]) == [1205]


def test_page__large_entries__are_bounded_by_bytes_but_at_least_one(ledger: Ledger) -> None:
    writing = begin(ledger)
    writing.append(lines(3, "x" * (PAGE_BYTES // 2)))
    writing.append(lines(1, "x" * (PAGE_BYTES * 2)))
    assert numbers(ledger.page(writing.record.id, 0)[0]) == [1]
    assert ledger.page(writing.record.id, 2)[1]
    assert numbers(ledger.page(writing.record.id, 3)[0]) == [4]


@pytest.mark.parametrize(
    "torn", [b'{"seq": 4, "at": 1.0, "event": {"event": "LogL', b'{"run": {"kind": "bu', b"\0" * 50_000]
)
def test_torn_last_line__is_dropped__and_the_file_goes_on(ledger: Ledger, torn: bytes) -> None:
    writing = begin(ledger)
    writing.append(lines(3))
    writing.close()
    path = ledger.folder / f"{writing.record.id}.jsonl"
    with path.open("ab") as file:
        file.write(torn)
    assert numbers(ledger.page(writing.record.id, 0)[0]) == [1, 2, 3]
    assert "line 2" in "".join(ledger.log(writing.record.id))
    (found,) = ledger.abandoned()
    assert found.record.seq == 3
    found.append(lines(1))
    finish(found, state="failed")
    assert numbers(ledger.page(writing.record.id, 0)[0]) == [1, 2, 3, 4]
    assert ledger.records()[writing.record.id].has_ended
    assert all(json.loads(line) for line in path.read_bytes().splitlines()), "no half line is left"


def test_abandoned__run_of_a_living_writer__is_left_alone(ledger: Ledger) -> None:
    writing = begin(ledger)
    assert Ledger(ledger.folder.parent).abandoned() == []
    writing.close()
    assert [found.record.id for found in ledger.abandoned()] == [writing.record.id]


def test_abandoned__writer_killed__is_found_once(ledger: Ledger) -> None:
    program = f"""
import os, sys
from pathlib import Path
from jupyter_mlpack.ledger import Ledger, Record, new_id
writing = Ledger(Path({str(ledger.folder.parent)!r})).begin(Record(kind="job", id=new_id(1.0), state="running"))
print(writing.record.id, flush=True)
sys.stdin.read()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, cwd=PACKAGE_ROOT) as child:
        assert child.stdout is not None
        id = child.stdout.readline().decode().strip()
        assert ledger.records()[id].state == "running"
        assert ledger.abandoned() == []
        child.kill()
        child.wait(30)
    (found,) = ledger.abandoned()
    assert found.record.id == id
    assert Ledger(ledger.folder.parent).abandoned() == [], "the first who finds it locks it"


def test_records__garbage_among_the_files__is_passed_over(ledger: Ledger) -> None:
    record = finish(begin(ledger))
    other = new_id(5.0)
    contents = {
        f"{new_id(1.0)}.jsonl": b"",
        f"{new_id(2.0)}.jsonl": b"\xff\xfe not json\n" * 1000,
        f"{new_id(3.0)}.jsonl": b'{"run": {"kind": "build", "id": "another"}}\n',
        f"{new_id(4.0)}.jsonl": b'{"run": ' + b"[" * 100_000 + b"\n",
        f"{other}.jsonl": json.dumps({"run": {"kind": "build", "id": other, "needs": 5}}).encode() + b"\n",
        "notes.txt": b"hello",
        "../x.jsonl": b"",
    }
    for name, content in contents.items():
        (ledger.folder / name).write_bytes(content)
    (ledger.folder / f"{new_id(6.0)}.jsonl").mkdir()
    assert set(ledger.records()) == {record.id}


def test_records__field_of_a_later_version__is_left_out(ledger: Ledger) -> None:
    id = new_id(1.0)
    ledger.folder.mkdir()
    data = {"run": {"kind": "job", "id": id, "state": "failed", "colour": "blue"}}
    (ledger.folder / f"{id}.jsonl").write_text(json.dumps(data) + "\n")
    assert ledger.records()[id].state == "failed"


def test_records__long_log_before_the_end__reads_the_tail_only(ledger: Ledger) -> None:
    writing = begin(ledger)
    writing.append(lines(2000, "x" * 1000))
    record = finish(writing)
    started = time.perf_counter()
    assert ledger.records()[record.id] == record
    assert time.perf_counter() - started < 0.05


def test_prune__keeps_the_newest_and_what_goes_on(ledger: Ledger) -> None:
    now = time.time()
    old = finish(begin(ledger, created=now - 100 * 86_400))
    running = begin(ledger, created=now - 200 * 86_400)
    several = [finish(begin(ledger, created=now - age)) for age in (50, 40, 30, 20)]
    ledger.prune(keep=2, days=90)
    assert set(ledger.records()) == {running.record.id, several[2].id, several[3].id}
    assert old.id not in ledger.records()


def test_prune__ended_long_ago__is_forgotten(ledger: Ledger) -> None:
    writing = begin(ledger, created=1.0)
    writing.change(state="failed", ended=2.0)
    writing.close()
    ledger.prune(keep=10, days=90)
    assert ledger.records() == {}


def test_forget__twice__is_harmless(ledger: Ledger) -> None:
    record = finish(begin(ledger))
    ledger.forget(record.id)
    ledger.forget(record.id)
    with pytest.raises(FileNotFoundError):
        ledger.page(record.id, 0)


def test_log__has_lines_headings_notes_and_failures(ledger: Ledger) -> None:
    writing = begin(ledger)
    failure = {"event": "Failed", "what": "It broke.", "where": "", "why": "Because.", "hint": "Mend it."}
    writing.append(
        [
            (1.0, {"event": "PhaseStarted", "phase": "build"}),
            *lines(2),
            (1.0, {"event": "Noticed", "notice": {"text": "Mind this."}}),
            (1.0, {"event": "CellStarted", "index": 1, "total": 2}),
            (1.0, failure),
        ]
    )
    log = "".join(ledger.log(writing.record.id))
    assert log == "--- build\nline 0\nline 1\nnote: Mind this.\nerror: It broke.\n       Because.\n       Mend it.\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_append__disk_full__raises_and_numbers_go_on(ledger: Ledger) -> None:
    writing = begin(ledger)
    record = writing.record
    writing.close()
    stuck = Writing(open("/dev/full", "r+b"), record)  # noqa: SIM115 (closing it fails, too)
    with pytest.raises(OSError, match="No space"):
        stuck.append(lines(2))
    assert stuck.record.seq == 2
    with pytest.raises(OSError, match="No space"):
        stuck.close()
