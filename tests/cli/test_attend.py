"""What the server's follower says: lines gathered, marks only behind what was told."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from jupyter_mlpack.cli import attend
from jupyter_mlpack.cli.attend import Gathering
from jupyter_mlpack.events import CellStarted, Failed, LogLines


class Said:
    """All that was passed on, in its order."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.some = threading.Event()

    def __call__(self, event: Any) -> None:
        self.items.append(event)
        self.some.set()

    def result(self, text: str, data: object) -> None:
        self.items.append(data)

    def interrupted(self, failure: Failed) -> None:
        self.items.append(failure)


def lines(*texts: str) -> LogLines:
    return LogLines("run", texts)


def test_gathering__lines_and_marks__one_event_and_the_last_mark_before_what_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attend, "GATHERED", 3600.0)
    said = Said()
    gathering = Gathering(said)
    for number in range(3):
        gathering(lines(f"line {number}"))
        gathering.mark(f"1:{number}")
    assert said.items == []
    gathering(CellStarted(1, 2))
    gathering(lines("last"))
    gathering.result("", {"outputs": []})
    assert said.items == [
        lines("line 0", "line 1", "line 2"),
        {"mark": "1:2"},
        CellStarted(1, 2),
        lines("last"),
        {"outputs": []},
    ]


def test_gathering__nothing_follows__lines_are_passed_on_by_themselves() -> None:
    said = Said()
    Gathering(said)(lines("only"))
    assert said.some.wait(60)
    assert said.items == [lines("only")]
