"""Why a run failed, where people and platforms look for it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
FRAME = re.compile(r"^Cell In ?\[\d+\], line (\d{1,6})", re.MULTILINE)
LAST_LINES = 12
MOST = 4096  # bytes; SageMaker shows 1024 of them, Kubernetes keeps 4096


@dataclass(frozen=True)
class Failure:
    """Why the run ended early: the code cell, counted from 1 in the notebook of the image, and the error.

    ``place`` is the same cell, counted from 1 among all of the notebook's; ``source`` its text.
    """

    cell: int
    place: int
    name: str
    value: str
    traceback: str
    source: str = ""

    @property
    def line(self) -> int:
        """Of the cell, where the error came from; 0 when nobody knows. The first frame is the cell's own."""
        found = FRAME.search(COLOUR.sub("", self.traceback))
        return int(found[1]) if found else 0

    def statement(self) -> str:
        """``line 3: model.fit(x)``; empty when nobody knows."""
        lines = self.source.splitlines()
        return f"line {self.line}: {lines[self.line - 1].strip()}" if 0 < self.line <= len(lines) else ""

    def headline(self) -> str:
        """One line. Its form is read by those who follow the job."""
        place = f" (cell {self.place} of the notebook)" if self.place else ""
        summary = self.value.strip().splitlines()[:1]
        return f"cell {self.cell} failed{place}: {': '.join([self.name, *summary])}"

    def report(self) -> str:
        """What has to fit into a few lines: headline, statement, the end of the traceback."""
        last = COLOUR.sub("", self.traceback).strip().splitlines()[-LAST_LINES:]
        return "\n".join(filter(None, (self.headline(), self.statement(), "", *last))) + "\n"


def write_report(paths: Iterable[Path], text: str) -> None:
    """For the platform; the first of several processes that fail is heard. Whoever cannot write it has said it."""
    data = text.encode(errors="replace")
    if len(data) > MOST:
        data = data[: MOST // 4] + b"\n...\n" + data[5 - MOST + MOST // 4 :]
    for path in paths:
        with contextlib.suppress(OSError):
            if not path.exists() or not path.stat().st_size:
                path.write_bytes(data)
