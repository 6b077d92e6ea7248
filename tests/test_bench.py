"""The bench's own tools: what they say of results that are known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

BENCH = Path(__file__).parents[1] / "bench"


def sample(seconds: float, **more: Any) -> dict[str, Any]:
    timeline = [[0.1, 0.05, 1_000_000], [0.2, 0.15, 20_000_000]]
    return {"seconds": seconds, "cpu": seconds, "memory": 0, "bytes": 0, "load": 0.1, "timeline": timeline, **more}


def part(name: str, samples: dict[str, dict[str, list[Any]]], **facts: Any) -> dict[str, Any]:
    return {
        "part": name, "command": f"python bench/{name.partition('-')[0]}.py --runs 3", "started": "2026-11-22 12:00:00",
        "machine": "2 cores", "seconds": 1.0, "samples": samples, "facts": facts,
    }  # fmt: skip


def bench(script: str, results: Path, *parts: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    results.mkdir(exist_ok=True)
    for one in parts:
        (results / f"{one['part']}.json").write_text(json.dumps(one))
    environment = {**os.environ, "MLPACK_BENCH_RESULTS": str(results)}
    return subprocess.run([sys.executable, BENCH / script], env=environment, capture_output=True, text=True, check=True)


FRESH = {"ours": [sample(2), sample(9), sample(3)], "pip": [sample(60)], "expert": [sample(6)]}
SKLEARN = part("lifecycle-sklearn", {"fresh": FRESH})
EDITED = part("lifecycle-opencv", {"edited": {"ours": [sample(0.1)], "pip": [sample(0.1)]}})
EXPORT = part("export", {"export": {"ours": [sample(3)], "official": [sample(19)]}})
FIFTY = part("fifty", {"build": {"ours": [sample(1)] * 2}}, stored={"ours": 12, "least": 10, "not shared": 99})
ROWS = (
    pytest.param(SKLEARN, "fresh, wheels seen before, against pip", "1/20.0", "yes", id="median-of-three"),
    pytest.param(SKLEARN, "fresh, wheels seen before, against expert", "1/2.0", "NO", id="aim-missed"),
    pytest.param(EDITED, "warm server", "1.00", "yes", id="as-fast-is-enough"),
    pytest.param(EXPORT, "export of a new", "1/6.3", "yes", id="official"),
    pytest.param(FIFTY, "stored bytes of 2 notebooks", "1.200", "NO", id="stored"),
)


@pytest.mark.parametrize(("one", "figure", "ratio", "met"), ROWS)
def test_table__known_results__ratio_and_verdict(
    one: dict[str, Any], figure: str, ratio: str, met: str, tmp_path: Path
) -> None:
    lines = bench("table.py", tmp_path, one).stdout.splitlines()
    (row,) = [line for line in lines if figure in line and f"| {ratio} " in line]
    cells = [cell.strip() for cell in row.split("|")]
    assert (cells[5], cells[6]) == (ratio, met)


def test_table__part_not_run__told(tmp_path: Path) -> None:
    assert "NOT MEASURED: lifecycle-sklearn" in bench("table.py", tmp_path).stderr


def test_picture__results__svg(tmp_path: Path) -> None:
    found = bench("picture.py", tmp_path, part("lifecycle-opencv", {"fresh": FRESH, "edited": {"ours": [sample(0.1)]}}))
    assert ElementTree.parse(found.stdout.strip()).getroot().tag.endswith("svg")


def test_watch__child_of_a_child__its_memory_and_time_count(tmp_path: Path) -> None:
    child = "import time; x = bytearray(80_000_000); t = time.process_time()\nwhile time.process_time() < t + 0.4: pass"
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    script = f"""
import sys; sys.path.insert(0, {str(BENCH)!r})
import watch
one = watch.run([sys.executable, "-c", {inner!r}])
print(one.memory, one.cpu)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    memory, cpu = map(float, done.stdout.split())
    assert 80e6 < memory < 200e6
    assert 0.4 <= cpu < 5
