"""What a command tells, as the text and the HTML of one output."""

from __future__ import annotations

from typing import Any

from jupyter_mlpack.magic.view import TAIL, View

JOB = {"id": "01a205a2e028fdc360", "image": "n:training", "target": "here", "outputs": [], "ended": None}


def view(*said: dict[str, Any]) -> View:
    made = View("build n.ipynb", {"build": "Installing"})
    for number, line in enumerate(said):
        made.hear(line, float(number))
    return made


def progress(done: int, total: int | None) -> dict[str, Any]:
    return {"event": "Progress", "phase": "build", "what": "x", "done": done, "total": total, "unit": "packages"}


BEGAN = {"event": "PhaseStarted", "phase": "build"}
ENDED = {"event": "PhaseEnded", "phase": "build", "summary": "12 packages"}


def test_view__phase_goes_on__its_time_amount_and_bar() -> None:
    made = view(BEGAN, progress(3, 12))
    assert made.text(5.0).splitlines()[1].split() == ["…", "Installing", "5.0", "s", "3", "of", "12", "packages"]
    assert "<progress max='1' value='0.250'>" in made.html(5.0)
    made.hear(ENDED, 2.0)
    assert made.text(9.0).splitlines()[1].split() == ["✓", "Installing", "2.0", "s", "12", "packages"]
    assert "<progress" not in made.html(9.0)


def test_view__log__newest_lines_without_escapes_and_never_as_html() -> None:
    lines = [f"\x1b[31m<b>{number}</b>\x1b[0m" for number in range(TAIL + 5)]
    made = view(BEGAN, {"event": "LogLines", "phase": "build", "lines": lines})
    assert made.text(1.0).splitlines()[-TAIL - 1 :] == ["(5 lines above)", *(f"<b>{n}</b>" for n in range(5, TAIL + 5))]
    assert "&lt;b&gt;5&lt;/b&gt;" in made.html(1.0)
    assert "<b>5</b>" not in made.html(1.0)
    made.hear({"event": "BuildSucceeded"}, 2.0)
    assert "above" not in made.text(2.0), "the log of a build that went well is of no interest"


def test_view__failure__sentences_and_the_phase_is_marked() -> None:
    made = view(BEGAN, {"event": "Failed", "what": "No.", "where": "", "why": "So.", "hint": "Try <x>."})
    assert made.text(1.0).splitlines()[1].startswith("✗ Installing")
    assert made.text(1.0).splitlines()[2:] == ["error: No.", "why: So.", "next: Try <x>."]
    assert "next: Try &lt;x&gt;." in made.html(1.0)


def test_view__job_handed_over__how_to_look_after_it() -> None:
    made = view({"job": {**JOB, "state": "queued"}})
    assert made.text(0.0).splitlines() == [
        "build n.ipynb · queued",
        "job fdc360: n:training on here",
        "next: %mlpack logs -f fdc360   %mlpack cancel fdc360   %mlpack fetch fdc360",
    ]


def test_view__deployed__where_it_answers_and_how_to_remove_it() -> None:
    made = view({"deployment": {
        "name": "digits", "target": "prod", "ready": 2, "wanted": 2, "address": "http://digits",
        "forward": "kubectl x",
    }})  # fmt: skip
    assert made.text(0.0).splitlines()[1:] == [
        "digits is ready on prod: 2 of 2",
        "in the cluster: http://digits",
        "from here: kubectl x",
        "next: %mlpack undeploy digits --on prod",
    ]
