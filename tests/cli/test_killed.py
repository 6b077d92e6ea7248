"""A build whose processes are all killed (SIGKILL) at any moment: the store is whole, the next build is the same."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.oci.store import Store

CELL = "print('hello again')"
FRESH, EDITED = (1.0, 15.0), (0.1, 1.5)
"""Seconds within which a build is killed that makes all layers, and one that makes the notebook's alone."""


def killed(process: subprocess.Popen[str], seconds: float) -> None:
    """End all processes of a build, and see that it is nothing else that ended it."""
    try:
        out, err = process.communicate(timeout=seconds)
        assert process.returncode == 0, (out[-2000:], err[-2000:])
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def check(home: Path) -> None:
    """Every blob is what its name says, every name has all of its image."""
    store = Store(home)
    for path in (home / "blobs" / "sha256").iterdir():
        with path.open("rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == path.name
    for image in store.all_images():
        assert all(store.has(blob.digest) for blob in (*image.manifest.layers, image.manifest.config))


@pytest.fixture(scope="module")
def expected(built: Any) -> str:
    """The digest of the edited notebook, built in peace."""
    before = built.digest()
    built.write(CELL)
    built.build()
    assert built.digest() != before
    return str(built.digest())


@pytest.mark.parametrize("seed", range(3))
def test_build__edited_and_killed__whole_and_the_same_at_last(seed: int, machine: Any, expected: str) -> None:
    clock = random.Random(seed)
    for turn in range(4):
        machine.write(f"print('turn {turn}')")
        killed(machine.start(), clock.uniform(*EDITED))
        check(machine.home)
    machine.write(CELL)
    machine.build()
    assert machine.digest() == expected
    assert not list((machine.home / "tmp").iterdir())


def test_build__all_layers_and_killed__whole_and_the_same_at_last(
    machine: Any, machine_store: Store, base_and_locks: Callable[[Path, Path], None], expected: str
) -> None:
    clock = random.Random(7)
    machine.folder /= "fresh"
    machine.scratch.mkdir(parents=True)
    base_and_locks(machine_store.root, machine.home)
    machine.write(CELL)

    for _ in range(4):
        killed(machine.start(), clock.uniform(*FRESH))
        check(machine.home)
    machine.build()
    check(machine.home)
    assert machine.digest() == expected
