"""Earlier images with labels of all sorts, strange ones among them: what is made of the label, and what is restored.

``previous.toml`` holds the labels, ``previous.json`` what the official phases left; ``MLPACK_RECORD=1`` records anew.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.lifecycle.toml import read_toml
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from phases import APP, PHASES, Official, Ours, make_run_image, placed, unfold  # noqa: E402

RECORD = os.environ.get("MLPACK_RECORD") == "1"
LABELS: dict[str, Any] = read_toml(HERE / "previous.toml")
GOLDEN = HERE / "previous.json"
SCENARIO: dict[str, Any] = {
    "order": [[{"id": "a/keeper", "version": "1"}]],
    "buildpacks": [{"id": "a/keeper", "version": "1"}],
}


def make_previous(store: Store, label: str | None) -> StoredImage:
    """The run image with a label that is not its own, as the earlier image."""
    run_image = make_run_image(store, {})
    labels = {} if label is None else {"io.buildpacks.lifecycle.metadata": label}
    config = dataclasses.replace(run_image.config, labels=tuple(labels.items()))
    store.tag(APP, store.add_image(config, list(run_image.layers)).descriptor)
    found = store.image(APP)
    assert found is not None
    return found


@pytest.mark.parametrize("name", LABELS)
def test_phases__label_of_the_previous_image__what_the_official_ones_left(
    name: str, tmp_path: Path, store: Store
) -> None:
    make_previous(store, LABELS[name].get("label"))
    unfold(SCENARIO, tmp_path / "x")
    ours = Ours(tmp_path / "x", store, make_run_image(store, {}))
    left = {phase: placed(ours.phase(phase), tmp_path / "x") for phase in PHASES[:3]}
    assert left == json.loads(GOLDEN.read_text(encoding="utf-8"))[name]


@pytest.mark.official
def test_official__labels_of_the_previous_image__leave_what_is_recorded(official: Official) -> None:
    left: dict[str, Any] = {}
    for name, row in LABELS.items():
        official.prepare(SCENARIO, make_run_image(official.store, {}))
        official.provide(APP, make_previous(official.store, row.get("label")))
        left[name] = {phase: official.phase(phase) for phase in PHASES[:3]}
    if RECORD:
        GOLDEN.write_text(json.dumps(left, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert left == json.loads(GOLDEN.read_text(encoding="utf-8"))
