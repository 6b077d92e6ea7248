"""Commands of the phases, and what logs of containers become."""

from __future__ import annotations

import pytest

from jupyter_mlpack.elsewhere.phases import LONGEST, Names, Story, settings, steps
from jupyter_mlpack.events import Event, LogLines, PhaseEnded, PhaseStarted, Progress
from jupyter_mlpack.masking import Mask

NAMES = Names("train:1", "mlpack/run:1", "previous.invalid/image:last")


def heard(*pieces: str, mask: Mask | None = None) -> list[Event]:
    events: list[Event] = []
    story = Story(events.append, mask or Mask(()))
    for piece in pieces:
        story.hear(piece)
    story.over()
    story.end()
    return events


def test_steps__trusted__one_container_and_else_five() -> None:
    assert [step.command[0].rpartition("/")[2] for step in steps(NAMES, trusted=True)] == ["creator"]
    apart = steps(NAMES, trusted=False)
    assert [step.phase for step in apart] == ["analyze", "detect", "restore", "build", "export"]
    assert [step.phase for step in apart if step.builders] == ["detect", "build"]


def test_settings__proxy_with_a_login__stays_here() -> None:
    environment = {
        "HTTPS_PROXY": "http://proxy.example",
        "http_proxy": "http://me:word@proxy.example",
        "HOME": "/",
    }
    told = settings(1000, 1000, None, environment)
    assert told["HTTPS_PROXY"] == "http://proxy.example"
    assert not {"http_proxy", "HOME", "SOURCE_DATE_EPOCH"} & set(told)


def test_story__banners_in_pieces__phases_with_their_lines() -> None:
    events = heard("\x1b[36m===> ANALYZ", "ING\x1b[0m\none\ntwo\n===> DETECTING\nthr", "ee\r\n")
    assert events == [
        PhaseStarted("analyze"),
        LogLines("analyze", ("one", "two")),
        PhaseEnded("analyze"),
        PhaseStarted("detect"),
        LogLines("detect", ("three",)),
        PhaseEnded("detect"),
    ]


def test_story__progress__never_falls_and_is_no_line() -> None:
    events = heard("===> BUILDING\n[mlpack] packages 2 of 3\n[mlpack] packages 1 of 3\nwords\n")
    assert events[1:3] == [Progress("build", "packages", 2, 3, "packages"), LogLines("build", ("words",))]


def test_story__secret__hidden() -> None:
    assert LogLines("build", ("a ******** b",)) in heard("===> BUILDING\na geheim b\n", mask=Mask(["geheim"]))


def test_story__a_line_without_end__told_in_parts() -> None:
    lines = [event for event in heard(*["x" * LONGEST] * 3) if isinstance(event, LogLines)]
    assert sum(len(line) for event in lines for line in event.lines) == 3 * LONGEST
    assert len(lines) > 1


@pytest.mark.parametrize("last", ["", "no newline at its end"], ids=["whole", "cut"])
def test_story__end_of_a_container__nothing_is_kept_back(last: str) -> None:
    told = [line for event in heard(f"first\n{last}") if isinstance(event, LogLines) for line in event.lines]
    assert told == ["first", *filter(None, [last])]


def test_story__a_warning_before_the_first_banner__no_phase_twice() -> None:
    assert [event for event in heard("old API\n===> ANALYZING\nx\n") if isinstance(event, PhaseStarted)] == [
        PhaseStarted("analyze")
    ]
