"""Raw figures of a session, one JSON file per part, beside each other in ``bench/results``.

A file holds all samples of its part and the command that made them; ``table.py`` prints one table from whatever files
are there, so that parts may be run alone, in any order, at different times.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("MLPACK_BENCH_RESULTS") or Path(__file__).parent / "results")


@dataclass(frozen=True)
class Sample:
    """One run of something: seconds of wall time, CPU seconds, peak PSS in bytes (0: not watched), bytes moved."""

    seconds: float
    cpu: float = 0.0
    memory: int = 0
    bytes: int = 0
    timeline: tuple[tuple[float, float, int], ...] = field(default=(), repr=False)


class Part:
    """The samples of one part, written to its file after each of them.

    With ``more`` the file's other states and sides stay as they were measured before.
    """

    def __init__(self, name: str, words: Mapping[str, object], more: bool = False) -> None:
        self.name = name
        self.began = time.monotonic()
        self.data: dict[str, Any] = {
            "part": name,
            "command": command_line(words),
            "started": time.strftime("%Y-%m-%d %H:%M:%S"),
            "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
            "samples": {},
            "facts": {},
        }
        path = FOLDER / f"{name}.json"
        if more and path.exists():
            before = json.loads(path.read_text())
            self.data |= {"samples": before["samples"], "facts": before["facts"]}
        self.fresh: set[tuple[str, str]] = set()

    def add(self, state: str, side: str, sample: Sample) -> None:
        """Keep a sample, and say so."""
        if (state, side) not in self.fresh:
            self.fresh.add((state, side))
            self.data["samples"].get(state, {}).pop(side, None)
        self.data["samples"].setdefault(state, {}).setdefault(side, []).append(
            {**asdict(sample), "load": round(os.getloadavg()[0], 2), "at": time.strftime("%Y-%m-%d %H:%M:%S")}
        )
        memory = f", {sample.memory / 1e6:.0f} MB" if sample.memory else ""
        moved = f", {sample.bytes:,} bytes" if sample.bytes else ""
        say(f"{self.name}: {state:<10} {side:<14} {sample.seconds:8.2f} s, {sample.cpu:7.2f} CPU s{memory}{moved}")
        self.save()

    def fact(self, name: str, side: str, value: float) -> None:
        """Keep a figure that is not a duration: a size in bytes, a count."""
        self.data["facts"].setdefault(name, {})[side] = value
        say(f"{self.name}: {name:<10} {side:<14} {value:,.0f}")
        self.save()

    def save(self) -> None:
        """Write the file."""
        self.data["seconds"] = round(time.monotonic() - self.began, 1)
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{self.name}.json"
        path.with_suffix(".new").write_text(json.dumps(self.data, indent=1))
        path.with_suffix(".new").replace(path)


def command_line(words: Mapping[str, object]) -> str:
    """How this script was called, with its own name as it stands in the repository."""
    asked = {f"--{name.replace('_', '-')}": value for name, value in words.items() if value not in (None, False, "")}
    shown = [name if value is True else f"{name} {value}" for name, value in asked.items()]
    return " ".join(["python", f"bench/{Path(sys.argv[0]).name}", *shown])


def say(line: str) -> None:
    """Progress, with the clock."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def read_all(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """All parts that have been run, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def medians(part: Mapping[str, Any] | None, state: str, key: str = "seconds") -> dict[str, float]:
    """The median of a state by side; empty if it has not been run."""
    sides = (part or {}).get("samples", {}).get(state, {})
    return {side: statistics.median(sample[key] for sample in samples) for side, samples in sides.items()}


def each(parts: Mapping[str, Mapping[str, Any]], key: str) -> Iterator[tuple[str, str, str, float]]:
    """(part, state, side, value) of every sample."""
    for name, part in parts.items():
        for state, sides in part["samples"].items():
            for side, samples in sides.items():
                yield from ((name, state, side, sample[key]) for sample in samples)
