"""``jupyter mlpack rebase`` as a user types it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar

pytestmark = pytest.mark.network


def grow_old(home: Path) -> tuple[StoredImage, str]:
    """Let the run image be one of other packages, with one more layer: what it was, and that layer's diffID.

    The store may hold run images of other stacks, too: those of tests that ran before.
    """
    store = Store(home)
    base = store.image(f"mlpack/run:bookworm-{host_architecture()}")
    assert base is not None
    entry = TarEntry("/flaw", "file", 0o644, 0, 0, size=3, data=b"old")
    flaw = store.add_layer(lambda out: write_tar(out, [entry]))
    diff_ids = (*base.config.diff_ids, flaw.diff_id)
    config = replace(base.config, diff_ids=diff_ids, history=(*base.config.history, base.config.history[-1]))
    old = store.add_image(config, [*base.layers, flaw])
    store.tag(base.name, old.descriptor)
    records = {path: json.loads(path.read_text()) for path in (home / "stacks").glob("*/image.json")}
    [(record, told)] = [found for found in records.items() if found[1]["image"] == base.descriptor.digest]
    record.write_text(json.dumps({**told, "packages_sha256": "0" * 64, "image": old.descriptor.digest}))
    return base, flaw.diff_id


def test_rebase__upgrade__stands_on_the_run_image_of_today(machine: Any) -> None:
    base, flaw = grow_old(machine.home)
    machine.write("print('on the old one')")
    machine.build()
    store = Store(machine.home)
    before = store.image(machine.name)
    assert before is not None
    assert flaw in before.config.diff_ids

    events = machine.end(machine.start(words=("rebase", machine.name, "--upgrade")), 0)
    after = store.image(machine.name)
    assert after is not None
    assert flaw not in after.config.diff_ids
    assert after.config.diff_ids[: len(base.layers)] == base.config.diff_ids
    own = [diff_id for diff_id in before.config.diff_ids if diff_id not in (*base.config.diff_ids, flaw)]
    assert list(after.config.diff_ids[len(base.layers) :]) == own
    assert events[-1]["rebased"]["kept"] == len(own)
    assert machine.left_behind() == []

    [again] = [event for event in machine.end(machine.start(words=("rebase", machine.name)), 0) if "rebased" in event]
    assert again["rebased"]["already"]
