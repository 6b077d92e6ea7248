"""What a command tells, as one output: events (JSON) -> text and HTML. Pure but for the clock that is given to it."""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

TAIL = 12
"""Lines of the log that are shown."""

NOTES = 8
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
DONE, GOES_ON, BROKEN = "✓", "…", "✗"
PRE = "margin:.3em 0;padding:.3em .6em;max-height:16em;overflow:auto;border-left:3px solid #8888"

Said = Mapping[str, Any]


class Row:
    """A phase: ``ended`` is set once it is over."""

    def __init__(self, name: str, began: float) -> None:
        self.name, self.began = name, began
        self.ended: float | None = None
        self.amount = ""
        self.share: float | None = None


class View:
    """Where a command is. ``words`` are what phases are called for people."""

    def __init__(self, title: str, words: Mapping[str, str]) -> None:
        self.title, self.words = title, words
        self.rows: list[Row] = []
        self.notes: deque[str] = deque(maxlen=NOTES)
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.cut = 0
        self.state = ""
        self.cell = ""
        self.failure: Said | None = None
        self.last: list[str] = []

    def hear(self, said: Said, now: float) -> None:
        """One line of the command."""
        match said.get("event"):
            case "PhaseStarted":
                self.rows.append(Row(str(said["phase"]), now))
            case "PhaseEnded" if self.rows:
                row = self.rows[-1]
                row.ended, row.amount, row.share = now, str(said["summary"]), None
            case "Progress" if self.rows:
                self.advance(said)
            case "Noticed":
                self.notes.append(clean(str(said["notice"]["text"])))
            case "LogLines" if said["phase"] == "run" or (self.rows and self.rows[-1].ended is None):
                self.log(said["lines"])
            case "CellStarted":
                self.cell = f"cell {said['index']} of {said['total']}"
            case "JobChanged":
                self.state = str(said["state"])
            case "Failed":
                self.failure = said
            case "BuildSucceeded":  # its log is of no interest any more
                self.tail.clear()
                self.cut = 0
            case None:
                self.answer(said)

    def advance(self, said: Said) -> None:
        """How far a phase is."""
        done, total = said["done"], said["total"]
        self.rows[-1].share = done / total if total else None
        if said["unit"] == "bytes":
            self.rows[-1].amount = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"
        else:
            self.rows[-1].amount = f"{done} of {total} {said['unit']}" if total else f"{done} {said['unit']}"

    def log(self, lines: list[str]) -> None:
        """Its newest lines."""
        self.cut = max(self.cut + len(self.tail) + len(lines) - TAIL, self.cut)
        self.tail.extend(clean(line) for line in lines)

    def answer(self, said: Said) -> None:
        """What a command says last."""
        if "image" in said and isinstance(said["image"], dict):
            image = said["image"]
            size = f"{image['size'] / 1e6:.1f} MB, {len(image['layers'])} layers"
            self.last = [f"{image['reference']}  {image['digest']}", size, *map(str, said.get("delivered", ()))]
        if "job" in said:
            job = said["job"]
            short = job["id"][-6:]
            self.state = job["state"]
            self.last = [f"job {short}: {job['image']} on {job['target']}"]
            if job["outputs"] or job["ended"]:
                self.last.append(f"{len(job['outputs'])} files in {job['output']}")
            else:
                self.last.append(f"next: %mlpack logs -f {short}   %mlpack cancel {short}   %mlpack fetch {short}")
        if "deployment" in said:
            made = said["deployment"]
            self.last = [f"{made['name']} is ready on {made['target']}: {made['ready']} of {made['wanted']}"]
            self.last += [f"in the cluster: {made['address']}"] if made["address"] else []
            self.last.append(f"from here: {made['forward']}")
            self.last.append(f"next: %mlpack undeploy {made['name']} --on {made['target']}")

    # --- as text, as HTML ---

    def head(self) -> str:
        """The first line."""
        return " · ".join(filter(None, (self.title, self.state, self.cell)))

    def lines(self, now: float) -> Iterator[str]:
        """A phase each."""
        for row in self.rows:
            seconds = (row.ended or now) - row.began
            sign = DONE if row.ended else BROKEN if self.failure else GOES_ON
            yield f"{sign} {self.words.get(row.name, row.name):<28}{seconds:6.1f} s  {row.amount}".rstrip()

    def text(self, now: float) -> str:
        """For whom shows no HTML."""
        parts = [self.head(), *self.lines(now), *(f"note: {note}" for note in self.notes), *self.above(), *self.tail]
        return "\n".join([*parts, *self.sentences(), *self.last])

    def html(self, now: float) -> str:
        """For a notebook."""
        parts = [f"<b>{html.escape(self.head())}</b>"]
        if self.rows:
            parts.append(f"<pre style='margin:.3em 0'>{html.escape(chr(10).join(self.lines(now)))}</pre>")
        row = self.rows[-1] if self.rows else None
        if row is not None and row.ended is None and row.share is not None and not self.failure:
            parts.append(f"<progress max='1' value='{min(row.share, 1):.3f}'></progress>")
        parts += [f"<div>note: {html.escape(note)}</div>" for note in self.notes]
        if self.tail:
            tail = "\n".join([*self.above(), *self.tail])
            parts.append(f"<pre style='{PRE}'>{html.escape(tail)}</pre>")
        if self.failure:
            first, *rest = self.sentences()
            parts.append(f"<pre style='{PRE}'><b>{html.escape(first)}</b>\n{html.escape(chr(10).join(rest))}</pre>")
        parts += [f"<div>{html.escape(line)}</div>" for line in self.last]
        return f"<div class='jupyter-mlpack'>{''.join(parts)}</div>"

    def above(self) -> list[str]:
        """How many lines are not shown."""
        return [f"({self.cut} lines above)"] if self.cut else []

    def sentences(self) -> list[str]:
        """Those of the failure."""
        return sentences(self.failure) if self.failure else []


def sentences(failure: Said) -> list[str]:
    """What happened, where, why and the next step."""
    named = (("error", "what"), ("where", "where"), ("why", "why"), ("next", "hint"))
    return [f"{word}: {clean(str(failure[part]))}" for word, part in named if failure.get(part)]


def clean(text: str) -> str:
    """Without escape sequences and control characters."""
    return ANSI.sub("", text.replace("\t", "    "))
