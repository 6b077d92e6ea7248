"""Random orders of random buildpacks: ours and the official detector choose the same group and make the same plan.

``random/orders.json`` holds what the official one said of each; ``MLPACK_RECORD=1`` records anew.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from jupyter_mlpack import errors
from jupyter_mlpack.oci.store import Store

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from phases import Official, OfficialFailed, Ours, make_run_image, placed, unfold  # noqa: E402

RECORD = os.environ.get("MLPACK_RECORD") == "1"
GOLDEN = HERE / "random" / "orders.json"
CHUNKS, SIZE = 10, 30
NAMES = ("gold", "iron", "tin", "wood")
Element = dict[str, Any]


def random_case(seed: int) -> dict[str, Any]:
    """Leaves with random plans, buildpacks made of them, and an order of both."""
    rng = random.Random(seed)
    leaves = [random_leaf(rng, f"leaf-{number}") for number in range(rng.randrange(2, 7))]
    known = [leaf["id"] for leaf in leaves]
    composites: list[Element] = []
    for number in range(rng.choice((0, 0, 1, 1, 2))):
        composites.append({"id": f"made-{number}", "version": "1", "order": random_order(rng, known, 2, 3)})
        known.append(f"made-{number}")
    return {"order": random_order(rng, known, 3, 6), "buildpacks": [*leaves, *composites]}


def random_order(rng: random.Random, known: list[str], groups: int, elements: int) -> list[list[Element]]:
    def element() -> Element:
        return {"id": rng.choice(known), "version": "1", **({"optional": True} if rng.random() < 0.45 else {})}

    return [[element() for _ in range(rng.randrange(1, elements + 1))] for _ in range(rng.randrange(1, groups + 1))]


def random_leaf(rng: random.Random, name: str) -> Element:
    """A buildpack whose ``bin/detect`` writes a plan with up to three alternatives, and says yes as a rule."""
    first, *others = [random_sections(rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    plan = tomli_w.dumps({**first, **({"or": others} if others else {})})
    status = rng.choice((0,) * 10 + (100, 3))
    return {"id": name, "version": "1", "detect": f"#!/bin/sh\nprintf %s '{plan}' > \"$2\"\nexit {status}\n"}


def random_sections(rng: random.Random) -> dict[str, Any]:
    provides = rng.sample(NAMES, rng.choice((0, 1, 1, 2)))
    requires = [rng.choice(NAMES) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    if rng.random() < 0.5:
        requires = sorted({*requires, *provides})
    sections: dict[str, Any] = {"provides": [{"name": name} for name in provides]}
    sections["requires"] = [
        {"name": name, **({"metadata": {"n": rng.randrange(9)}} if rng.random() < 0.3 else {})} for name in requires
    ]
    return sections


def golden() -> list[Any]:
    return list(json.loads(GOLDEN.read_text(encoding="utf-8")))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_detect__random_order__what_the_official_one_says(chunk: int, tmp_path: Path, store: Store) -> None:
    run_image = make_run_image(store, {})
    for seed in range(chunk * SIZE, (chunk + 1) * SIZE):
        root = tmp_path / str(seed)
        unfold(random_case(seed), root)
        ours = Ours(root, store, run_image)
        ours.analyze()
        try:
            said: Any = placed(ours.phase("detect"), root)
        except errors.LifecycleError as error:
            said = error.exit_code
        assert said == golden()[seed], f"seed {seed}"


@pytest.mark.official
def test_official__random_orders__say_what_is_recorded(official: Official) -> None:
    said: list[Any] = []
    for seed in range(CHUNKS * SIZE):
        official.prepare(random_case(seed))
        if not seed:
            official.phase("analyze")
            analyzed = (official.layers / "analyzed.toml").read_bytes()
        (official.layers / "analyzed.toml").write_bytes(analyzed)
        try:
            said.append(official.phase("detect"))
        except OfficialFailed as failure:
            said.append(failure.exit_code)
    if RECORD:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text("[\n" + ",\n".join(json.dumps(line) for line in said) + "\n]\n", encoding="utf-8")
    assert said == golden()
