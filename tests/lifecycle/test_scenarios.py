"""Whole scenarios, phase by phase, against what the official lifecycle made of them.

``scenarios/<name>.toml`` describes buildpacks and an application, ``scenarios/<name>.json`` what each official phase
left behind. Our phases are compared with it everywhere. Where the official ones are at hand (and we are root, so that
a folder of the same path can be made on any machine), the record is compared with theirs as well, and phases of both
are mixed in one build. ``MLPACK_RECORD=1`` records anew.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.lifecycle.cache import LayerCache
from jupyter_mlpack.lifecycle.toml import read_toml
from jupyter_mlpack.oci.store import Store

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from phases import APP, PHASES, ROOT, Official, OfficialFailed, Ours, make_run_image, own, placed, unfold  # noqa: E402

SCENARIOS = sorted(path.stem for path in (HERE / "scenarios").glob("*.toml"))
FAILURES: dict[str, Any] = read_toml(HERE / "failures.toml")
RECORD = os.environ.get("MLPACK_RECORD") == "1"
Turn = dict[str, Any]


def scenario(name: str) -> dict[str, Any]:
    return read_toml(HERE / "scenarios" / f"{name}.toml")


def golden(name: str) -> list[Turn]:
    return list(json.loads((HERE / "scenarios" / f"{name}.json").read_text(encoding="utf-8")))


def failing(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ``failures.toml`` as a scenario of one buildpack."""
    of_scenario = {key: row[key] for key in ("order", "run") if key in row}
    only = {
        "id": "only",
        "version": "1",
        **{key: row[key] for key in row if key not in ("exit", "order", "run", "again")},
    }
    only |= {"order": row["composite"]} if "composite" in row else {}
    default: dict[str, Any] = {"order": [[{"id": "only", "version": "1"}]], "app": {"notebook.ipynb": "{}\n"}}
    return {**default, "buildpacks": [only], **of_scenario}


@pytest.mark.parametrize("name", SCENARIOS)
def test_phases__scenario__leave_what_the_official_ones_left(name: str, tmp_path: Path, store: Store) -> None:
    case = scenario(name)
    run_image, cache = make_run_image(store, case.get("run", {})), LayerCache(store.root, APP)
    for number, turn in enumerate(golden(name)):
        root = tmp_path / f"turn {number}"
        unfold(case, root)
        ours = Ours(root, store, run_image, turn["export"]["config"], cache)
        for phase in PHASES:
            assert placed(ours.phase(phase), root) == turn[phase], phase


@pytest.mark.parametrize("name", FAILURES)
def test_phases__buildpack_goes_wrong__exit_code(name: str, tmp_path: Path, store: Store) -> None:
    case, cache = failing(FAILURES[name]), LayerCache(store.root, APP)
    run_image = make_run_image(store, case.get("run", {}))

    def turn(number: int) -> None:
        unfold(case, tmp_path / str(number))
        ours = Ours(tmp_path / str(number), store, run_image, cache=cache)
        list(map(ours.phase, PHASES))

    if FAILURES[name].get("again"):
        turn(0)
    with pytest.raises(errors.LifecycleError) as failure:
        turn(1)
    assert failure.value.exit_code == FAILURES[name]["exit"]
    assert all(failure.value.sentence(part) is not None for part in ("what", "where", "why", "hint"))


def test_detect__buildpack_made_of_itself__refused(tmp_path: Path, store: Store) -> None:
    """The official detector goes on for ever."""
    unfold(failing({"composite": [[{"id": "only", "version": "1"}]]}), tmp_path / "x")
    ours = Ours(tmp_path / "x", store, make_run_image(store, {}))
    ours.analyze()
    with pytest.raises(errors.DetectBroken) as failure:
        ours.detect()
    assert "made of itself" in failure.value.sentence("why")


# --- the official ones ----------------------------------------------------------------------------------------


@pytest.mark.official
@pytest.mark.parametrize("name", SCENARIOS)
def test_official__scenario__leaves_what_is_recorded(name: str, official: Official) -> None:
    case = scenario(name)
    run_image = make_run_image(official.store, case.get("run", {}))
    turns: list[Turn] = []
    for _ in range(2 if case.get("again") else 1):
        official.prepare(case, run_image)
        turns.append({phase: official.phase(phase) for phase in PHASES})
    if RECORD:
        text = json.dumps(turns, ensure_ascii=False, indent=1, sort_keys=True)
        (HERE / "scenarios" / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    assert turns == golden(name)


@pytest.mark.official
@pytest.mark.parametrize("name", FAILURES)
def test_official__buildpack_goes_wrong__exit_code(name: str, official: Official) -> None:
    case = failing(FAILURES[name])
    run_image = make_run_image(official.store, case.get("run", {}))

    def turn() -> None:
        official.prepare(case, run_image)
        list(map(official.phase, PHASES))

    if FAILURES[name].get("again"):
        turn()
    with pytest.raises(OfficialFailed) as failure:
        turn()
    assert failure.value.exit_code == FAILURES[name]["exit"], failure.value


@pytest.mark.official
@pytest.mark.parametrize("first", ["ours", "official"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_official__phases_by_turns__same_as_all_official(name: str, first: str, official: Official) -> None:
    """Ours, theirs, ours, ...: over both runs, each phase reads once what the other side wrote."""
    case, turn = scenario(name), golden(name)[0]
    official.prepare(case, make_run_image(official.store, case.get("run", {})))
    ours = Ours(ROOT, official.store, official.run_image, turn["export"]["config"])
    for number, phase in enumerate(PHASES):
        side = ours if (number % 2 == 0) == (first == "ours") else official
        assert side.phase(phase) == turn[phase], phase
        own(ROOT)


@pytest.mark.official
@pytest.mark.parametrize("name", [name for name in SCENARIOS if scenario(name).get("again")])
def test_official__our_image_is_the_previous_one__analyzed_like_their_own(name: str, official: Official) -> None:
    case, turns = scenario(name), golden(name)
    official.prepare(case, make_run_image(official.store, case.get("run", {})))
    ours = Ours(ROOT, official.store, official.run_image, turns[0]["export"]["config"])
    for phase in PHASES:
        ours.phase(phase)
    image = official.store.image(APP)
    assert image is not None
    official.prepare(case)
    official.provide(APP, image)
    assert official.phase("analyze") == turns[1]["analyze"]
