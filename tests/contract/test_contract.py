"""The samples are what Python says today, and complete; the front end's tests read the same files."""

from __future__ import annotations

import json
import re
import sys
from functools import reduce
from pathlib import Path
from typing import get_args

import pytest

from jupyter_mlpack.events import Event, LogLines
from jupyter_mlpack.fold import LOG_LIMIT, Entry, RunFold, fold, fold_json

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from samples import EVENTS, VALUES, contents  # noqa: E402
from sequences import entries, sequences  # noqa: E402

TOKENS = HERE.parents[1] / "labextension" / "src" / "tokens.ts"
AGAIN = "run: python tests/contract/samples.py"


@pytest.mark.parametrize(("path", "text"), contents().items(), ids=contents())
def test_sample__file__is_current(path: str, text: str) -> None:
    assert (HERE / path).is_file(), AGAIN
    assert (HERE / path).read_text(encoding="utf-8") == text, AGAIN


def test_samples__folder__holds_no_others() -> None:
    found = {path.relative_to(HERE).as_posix() for name in ("events", "sequences") for path in (HERE / name).iterdir()}
    assert found == {path for path in contents() if not path.startswith("values/")}


def test_samples__every_event__has_one() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))


def fields(name: str) -> set[str]:
    """The fields of an interface of the front end."""
    found = re.search(rf"^export interface {name} \{{\n(.*?)^\}}", TOKENS.read_text(), re.S | re.M)
    assert found, name
    return {field.rstrip("?") for field in re.findall(r"^  (\w+\??):", found.group(1), re.M)}


@pytest.mark.parametrize("path", [path for path in contents() if not path.startswith("sequences/")])
def test_sample__fields__are_those_that_the_front_end_reads(path: str) -> None:
    data = json.loads((HERE / path).read_text())
    missing = fields(Path(path).stem) - data.keys()
    assert not missing
    further = data.keys() - fields(Path(path).stem)
    assert further <= ({"declarations", "constraints", "indexes"} if path.endswith("Inspection.json") else set())


@pytest.mark.parametrize("name", sequences())
def test_fold__pages_of_any_size__same_state(name: str) -> None:
    made = entries(sequences()[name])
    whole = reduce(fold, made, RunFold())
    for cut in range(len(made)):
        again = reduce(fold, made[: cut + 1], RunFold())
        assert reduce(fold, made, again) == whole
    assert fold_json(whole).keys() == fields("RunFold")


def test_fold__long_log__keeps_its_tail() -> None:
    lines = tuple(str(number) for number in range(LOG_LIMIT + 5))
    state = reduce(
        fold, [Entry(1, 0.0, LogLines("run", lines[:9])), Entry(2, 0.0, LogLines("run", lines[9:]))], RunFold()
    )
    assert (len(state.log), state.cut, state.log[0].text, state.log[-1].text) == (LOG_LIMIT, 5, "5", lines[-1])


def test_values__of_the_front_end__have_a_sample() -> None:
    names = set(re.findall(r"^export interface (\w+) \{", TOKENS.read_text(), re.M))
    without = names - set(VALUES) - {type(event).__name__ for event in EVENTS}
    assert without <= OURS_ALONE | SERVERS, without


OURS_ALONE = {"Draft", "Phase", "RunFold", "IMlpack", "JobRequest", "ServiceRequest", "Entry", "Inspected"}
"""What never travels, or what travels the other way, or stands in the sequences."""

SERVERS = {
    "Entries", "Run", "Drift", "Engine", "Status", "Problem", "Changed", "Accelerator", "StackOffer", "ServiceApi",
    "ServiceAnswer", "TargetOffer",
}  # fmt: skip
"""What the server extension alone makes; its tests hold those."""
