"""Outcomes of buildpacks that promise what they depend on: kept for the machine, and replayed without a process.

Below the store, ``outcomes/<buildpack>/<digest of all inputs>.json``: how its detect ended, and what its build left in
the layers folder, with the diffIDs of its layers. What comes out is the same as if it had run. Kept is only what can be
replayed whole: launch layers that the store has, files of the layers folder, a detect that had nothing to say.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.lifecycle.answers import FAIL, PASS, Answer
from jupyter_mlpack.lifecycle.context import Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.environment import Environment
from jupyter_mlpack.lifecycle.outputs import RESERVED_LAYERS
from jupyter_mlpack.lifecycle.promise import folder_digest, inputs_digest
from jupyter_mlpack.lifecycle.records import (
    Analyzed,
    BuildpackRecord,
    GroupElement,
    PlanEntry,
    PlanSections,
    Require,
    escape_id,
)
from jupyter_mlpack.lifecycle.requirements import requires_of, without_met
from jupyter_mlpack.lifecycle.reuse import held_layer
from jupyter_mlpack.lifecycle.toml import make_folders, write_text
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.scratch import remove_tree

NEVER = "store.toml"
"""A buildpack with a memory of its own in the image: its outcome depends on the image before."""


DETECT = "detect"


class Outcomes:
    """What one build of one store may replay, and what it has to remember. Not for several builds."""

    def __init__(self, store: Store) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        """DiffIDs of replayed layers, by buildpack and layer."""
        self._store = store
        self._own: dict[str, str] = {}
        self._settled: dict[str, dict[str, Any]] = {}
        self._environments: dict[str, Environment] = {}
        self._due: dict[str, Path] = {}

    # --- detect ---

    def answer(self, descriptor: Descriptor, session: Session) -> Answer | None:
        """How detect ended when it was last asked this; ``None`` when it has to be asked."""
        entry = _read(self._place(descriptor, session, session.inherited(), DETECT))
        if entry is None:
            return None
        try:
            return Answer(entry["status"], "", tuple(map(_sections, entry["plans"])))
        except (KeyError, TypeError):
            return None

    def remember_answer(self, descriptor: Descriptor, session: Session, answer: Answer) -> None:
        """Keep what detect said, if that can be replayed. What cannot be written costs time, later."""
        place = self._place(descriptor, session, session.inherited(), DETECT)
        if place is None or answer.output or answer.status not in (PASS, FAIL):
            return
        plans = [
            {"provides": plan.provides, "requires": [[require.name, require.metadata] for require in plan.requires]}
            for plan in answer.alternatives
        ]
        _write(place, {"status": answer.status, "plans": plans})

    # --- build ---

    def settle(
        self, group: tuple[GroupElement, ...], plan: tuple[PlanEntry, ...], session: Session, analyzed: Analyzed
    ) -> bool:
        """Whether all buildpacks of the group will be replayed: then nothing needs to be restored for them."""
        found = {}
        for element in group:
            descriptor = session.descriptors[element.reference]
            requires = requires_of(plan, element.id)
            entry = self._entry(self._build_place(descriptor, session, session.inherited(), requires))
            if (
                entry is None
                or "build.toml" in entry["files"]
                or analyzed.metadata.buildpack(element.id).store is not None
            ):
                return False
            found[element.id] = entry
            plan = without_met(plan, element.id, frozenset())
        self._settled = found
        return True

    def replay(self, descriptor: Descriptor, session: Session, env: Environment, plan: tuple[Require, ...]) -> bool:
        """Leave in the layers folder what the buildpack would leave there; false when it has to run.

        Layers come without folders; their diffIDs are in ``kept``. Raises ``OSError``.
        """
        entry = self._settled.get(descriptor.id)
        folder = session.folders.layers / escape_id(descriptor.id)
        if entry is None:
            place = self._build_place(descriptor, session, env, plan)
            if place is None:
                return False
            self._due[descriptor.id] = place
            entry = self._entry(place)
            if entry is None or (folder / NEVER).exists():
                return False
            del self._due[descriptor.id]
        if not folder.is_dir() or os.listdir(folder):
            remove_tree(folder)
            make_folders(folder)
        for name, text in entry["files"].items():
            write_text(folder / name, text)
        self.kept |= {(descriptor.id, name): diff_id for name, diff_id in entry["layers"].items()}
        return True

    def remember(self, records: Iterable[BuildpackRecord], layers: Path) -> None:
        """Keep what the buildpacks that ran left behind; ``records`` are those of the exported image."""
        for record in records:
            place = self._due.get(record.id)
            if place is not None and (entry := _outcome(record, layers / escape_id(record.id))):
                _write(place, entry)

    # --- inside ---

    def _build_place(
        self, descriptor: Descriptor, session: Session, env: Environment, plan: tuple[Require, ...]
    ) -> Path | None:
        return self._place(descriptor, session, env, ["build", [[entry.name, entry.metadata] for entry in plan]])

    def _entry(self, place: Path | None) -> dict[str, Any] | None:
        """What a build left behind, if the store still has all its layers."""
        entry = _read(place)
        try:
            found = {name: dict(entry[name]) for name in ("files", "layers")} if entry else None
        except (KeyError, TypeError, ValueError):
            return None
        if found is None or not all(held_layer(self._store, diff_id) for diff_id in found["layers"].values()):
            return None
        return found

    def _place(self, descriptor: Descriptor, session: Session, env: Environment, what: object) -> Path | None:
        """Where the outcome for exactly these inputs is kept; ``None`` if the buildpack does not promise so much."""
        promise = descriptor.promise
        if promise is None or not (promise.build or what == DETECT):
            return None
        promise = promise.detect or promise if what == DETECT else promise
        same = json.dumps([descriptor.reference, sorted(env.items())])
        full = self._environments[same] = self._environments.get(same) or session.environment(descriptor, env)
        told = sorted((name, value) for name, value in full.items() if name.startswith(("CNB_TARGET_", "CNB_EXEC_")))
        try:
            own = self._own.get(descriptor.reference) or folder_digest(descriptor.root)
            self._own[descriptor.reference] = own
            others = [descriptor.reference, descriptor.api, own, told, what]
            key = inputs_digest(promise, session.folders.app, full, others)
        except OSError:
            return None
        return self._store.root / "outcomes" / escape_id(descriptor.id) / f"{key}.json" if key else None


def _outcome(record: BuildpackRecord, folder: Path) -> Mapping[str, object] | None:
    """All that the buildpack left, if that is launch layers and plain files."""
    layers = record.layers
    if any(layer.build or layer.cache or not layer.launch or not layer.sha for layer in layers.values()):
        return None
    if (folder / NEVER).exists():
        return None
    belongs = (*layers, *RESERVED_LAYERS)
    texts = {
        entry.name: Path(entry.path).read_bytes().decode("utf-8", "surrogateescape")
        for entry in os.scandir(folder)
        if entry.is_file()
        and entry.name.endswith((".toml", ".json"))
        and any(entry.name.startswith(f"{name}.") for name in belongs)
    }
    return {"files": texts, "layers": {name: layer.sha for name, layer in layers.items()}}


def _sections(plan: dict[str, Any]) -> PlanSections:
    return PlanSections(tuple(plan["provides"]), tuple(Require(*require) for require in plan["requires"]))


def _read(place: Path | None) -> dict[str, Any] | None:
    """An entry; what cannot be read is as good as none."""
    try:
        entry = json.loads(place.read_bytes()) if place else None
    except (OSError, ValueError):
        return None
    return entry if isinstance(entry, dict) else None


def _write(place: Path, entry: Mapping[str, object]) -> None:
    try:
        write_atomically(place, json.dumps(entry, sort_keys=True))
    except (OSError, TypeError, ValueError):
        # a date has no JSON form, a full disk no room: next time it runs again
        return
