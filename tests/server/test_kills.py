"""Server, engine and network are killed at random while jobs run: none is lost, none runs twice, no line is missing.

The engine is a Docker engine of the test's own behind TLS and a cable (``other_engine.py``). Every job writes down
what became of it in a volume of that engine, so what the ledger tells is compared with what happened, not with what we
or the engine think of it. ``MLPACK_KILLS=212`` (``make kills``) draws until so many of the three have been survived;
workers are killed besides. Minutes of a whole machine: not part of the ordinary run.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from other_engine import TRACES, OtherEngine, other_engine
from training_image import IMAGE, add_images

from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.oci.store import Store

KILLS = int(os.environ.get("MLPACK_KILLS", "0"))
PART = 36
KINDS = ("server", "engine", "network")
AT_ONCE = {"target": 2, "local": 1, "build": 1}
LINES = 60
PATIENCE = 300.0
NEVER_RAN = {"job-not-started", "target-unavailable"}
"""Why a job may be told as failed that never began."""


class Storm:
    """One server over one engine; ``tags`` are what was asked for, with the ids that were answered."""

    def __init__(
        self, serve: Callable[[], Any], engine: OtherEngine, home: Path, *, write: Any, workers: Any, seed: int
    ) -> None:
        self.serve, self.engine, self.ledger, self.workers = serve, engine, Ledger(home), workers
        self.dice = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.tags: dict[str, str] = {}
        self.numbers = itertools.count()
        self.write = write
        self.server = serve()

    # --- asking ---

    def records(self) -> list[Record]:
        return list(self.ledger.records().values())

    def tag_of(self, record: Record) -> str:
        return Path(record.notebook).stem if record.kind == "build" else str(record.parameters["tag"])

    def ask_for_more(self) -> None:
        """As many of each kind as there shall be at once; asked for beside what the test does meanwhile."""
        going = Counter(self.tag_of(record).partition("-")[0] for record in self.records() if not record.has_ended)
        for kind, count in AT_ONCE.items():
            for _ in range(count - going[kind]):
                tag = f"{kind}-{os.getpid()}-{next(self.numbers)}"
                self.tags[tag] = ""
                threading.Thread(target=self.ask, args=(kind, tag, self.server), daemon=True).start()

    def ask(self, kind: str, tag: str, server: Any) -> None:
        if kind == "build":
            self.write(f"{tag}.ipynb", "1", kernel="held")
            path, body = "builds", {"path": f"{tag}.ipynb"}
        else:
            own = {"target": "other"} if kind == "target" else {"engine": "process"}
            parameters = {"mode": "count", "lines": LINES, "tag": tag}
            path, body = "jobs", {"image": IMAGE, "path": "a.ipynb", "parameters": parameters, **own}
        with suppress(OSError, ValueError):  # the server was killed before it could answer
            self.tags[tag] = server.ask("POST", path, body)["id"]

    def look(self) -> None:
        """As a browser does."""
        with suppress(HTTPError):
            self.server.ask("GET", "runs")

    # --- killing ---

    def kill(self, kind: str) -> None:
        self.kills[kind] += 1
        match kind:
            case "server":
                self.server.process.kill()
                self.server.process.wait(30)
                self.server = self.serve()
            case "engine":
                self.engine.kill()
                time.sleep(self.dice.uniform(0, 1))
                self.engine.start()
            case "network":
                self.engine.pull()
                if self.dice.random() < 0.2:  # then those who wait for it are not even told that it is gone
                    self.kill("engine")
                else:
                    time.sleep(self.dice.uniform(0.2, 3))
                self.engine.plug()
            case "worker":
                found = self.workers(self.server.process.pid)
                if found:
                    os.kill(self.dice.choice(found), signal.SIGKILL)

    def rage(self, kills: int) -> None:
        """Until so many have been survived."""
        for kind in itertools.cycle(KINDS):
            self.look()
            self.ask_for_more()
            time.sleep(self.dice.uniform(0, 1.5))
            if self.dice.random() < 0.25:
                self.kill("worker")
                time.sleep(self.dice.uniform(0, 0.5))
            if sum(self.kills[kind] for kind in KINDS) >= kills:
                return
            self.kill(kind)

    def calm(self) -> None:
        """Until all has ended, and nothing is left at the engine."""
        deadline = time.monotonic() + PATIENCE
        while going := [record for record in self.records() if not record.has_ended]:
            assert time.monotonic() < deadline, going
            for record in going:
                if record.kind == "build":
                    with suppress(HTTPError):
                        self.server.ask("DELETE", f"builds/{record.id}")
            self.look()
            time.sleep(0.5)
        self.server.process.terminate()
        self.server.process.wait(60)
        self.server = self.serve()
        while left := self.engine.containers():
            assert time.monotonic() < deadline, [(container.name, container.status) for container in left]
            time.sleep(0.5)

    # --- judging ---

    def told(self, record: Record) -> tuple[list[str], set[str]]:
        """Lines of the log, and codes of failures."""
        events: list[Any] = []
        more, last = True, 0
        while more:
            page, more = self.ledger.page(record.id, last)
            events += [json.loads(entry)["event"] for entry in page]
            last += len(page)
        lines = [line for event in events if event["event"] == "LogLines" for line in event["lines"]]
        return lines, {event["code"] for event in events if event["event"] == "Failed"}

    def judge(self, record: Record) -> str:
        """How a run ended, once that is found to be true."""
        lines, codes = self.told(record)
        numbers = [int(line.removeprefix("line ")) for line in lines if line.startswith("line ")]
        evidence = (record.state, codes, lines, self.engine.traces(self.tag_of(record)))
        assert numbers == list(range(1, len(numbers) + 1)), evidence
        if record.kind == "build":
            assert record.state == "cancelled" or (record.state == "failed" and record.failure), evidence
            return f"build {record.state}"
        if record.state == "succeeded":
            assert (len(numbers), lines[-1]) == (LINES, "[mlpack] done"), evidence
            assert (Path(record.output) / "models/w.bin").read_text() == "weights\n"
        if not record.lasts:
            assert record.state == "succeeded" or codes & {"interrupted-by-restart", "worker-died"}, evidence
            return f"local {record.state}"
        return f"job {self.judge_target(record, lines, codes, self.engine.traces(self.tag_of(record)))}"

    def judge_target(self, record: Record, lines: list[str], codes: set[str], happened: list[str]) -> str:
        evidence = (record.id, record.state, codes, lines, happened)
        assert happened.count("started") <= 1, evidence
        if record.state == "succeeded":
            assert happened == ["started", "done"], evidence
            return "succeeded"
        assert record.state == "failed", evidence
        if codes & NEVER_RAN:
            assert (happened, lines) == ([], []), evidence
            return f"never ran ({', '.join(codes)})"
        if codes == {"docker-unseen"}:
            assert (happened[:1], lines) == (["started"], []), evidence
            return "lost sight of by its engine"
        assert codes == {"docker-restarted"}, evidence
        assert not self.engine.live_restore, evidence
        assert "done" not in happened, evidence
        assert "terminated" not in happened or lines[-1] == "terminated", evidence
        return "ended with the engine"


def parts() -> list[tuple[int, int]]:
    """Number and kills of each part: many in a row would take longer than a test may."""
    each = -(-max(KILLS, 1) // 2)
    count = -(-each // PART)
    return [(number, each // count + (number < each % count)) for number in range(count)]


@pytest.mark.docker
@pytest.mark.skipif(not KILLS, reason="NOT TESTED: kills of server, engine and network (make kills)")
@pytest.mark.parametrize(("part", "kills"), parts(), ids=[str(number) for number, _ in parts()])
@pytest.mark.parametrize("live_restore", [True, False], ids=["live-restore", "containers die with the engine"])
def test_server_engine_and_network__killed_at_random__no_job_lost_or_doubled(
    *, serve: Any, write: Any, home: Path, held: Any, processes: Any, jp_config_dir: Path, tmp_path: Path,
    live_restore: bool, part: int, kills: int,
) -> None:  # fmt: skip
    write("a.ipynb", "1")
    add_images(Store(home))
    with other_engine(tmp_path, live_restore=live_restore) as engine:
        options = {
            "engine": "docker",
            "host": engine.host,
            "certificates": str(engine.certificates),
            "volumes": {TRACES: "/traces"},
        }
        (jp_config_dir / "jupyter_mlpack_config.py").write_text(f"c.TargetsMixin.targets = {{'other': {options!r}}}\n")
        storm = Storm(serve, engine, home, write=write, workers=processes.workers, seed=part)
        storm.rage(kills)
        storm.calm()
        records = storm.records()
        ends = Counter(storm.judge(record) for record in records)
        known = {record.id for record in records}
        lost = [tag for tag, id in storm.tags.items() if id and id not in known]
    assert not lost
    print(f"\nkills: {', '.join(f'{count} {kind}' for kind, count in sorted(storm.kills.items()))}")
    print(f"{len(records)} runs, lost 0, doubled 0: {', '.join(f'{n} {end}' for end, n in sorted(ends.items()))}")
