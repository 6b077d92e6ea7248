"""The trees that the official exporter was given, and its digests: stored ones everywhere, live ones where it is."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from jupyter_mlpack.oci.slices import slice_entries
from jupyter_mlpack.oci.tar import TarEntry, tree_entries, write_tar

HERE = Path(__file__).parent


def load_recorder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("record_golden", HERE / "record_golden.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recorder = load_recorder()
GOLDEN = json.loads(recorder.GOLDEN.read_text())


class Digest:
    """A stream that keeps nothing but its SHA-256."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.hash.update(data)
        return len(data)


def diff_id(entries: Sequence[TarEntry]) -> str:
    digest = Digest()
    write_tar(digest, entries)
    return f"sha256:{digest.hash.hexdigest()}"


def above(rows: Sequence[Sequence[object]]) -> list[TarEntry]:
    return [
        TarEntry(str(name), "directory", int(str(mode), 8), int(str(uid)), int(str(gid)))
        for name, mode, uid, gid in rows
    ]


def ours(case: dict, root: Path) -> tuple[list[str], list[str]]:
    """The digests of the case's application layers and of its one buildpack layer, made from the tree at ``root``."""
    uid, gid = case["ids"]
    app, layer = case["app"], case["layer"]
    cut = slice_entries(root, app["at"], case["slices"], uid, gid)
    applications = [diff_id([*above(app["parents"]), *entries] if entries else []) for entries in cut]
    return applications, [diff_id([*above(layer["parents"]), *tree_entries(root, layer["at"], uid, gid)])]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "tree"


@pytest.mark.parametrize("umask", [0o022, 0o077], ids=["umask-022", "umask-077"])
@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["id"])
def test_layers__recorded_tree__has_the_official_digests(case: dict, umask: int, root: Path) -> None:
    before = os.umask(umask)
    try:
        recorder.TREES[case["tree"]](recorder.Builder(root, os.geteuid(), os.getegid()))
        found = ours(case, root)
    finally:
        os.umask(before)
    assert found == (case["app"]["diff_ids"], case["layer"]["diff_ids"])


def test_recorded_cases__are_all_that_the_recorder_makes() -> None:
    assert [case["id"] for case in GOLDEN] == [case["id"] for case in recorder.cases()]


@pytest.mark.official
@pytest.mark.parametrize("case", recorder.cases(), ids=lambda case: case["id"])
def test_layers__live_export__has_the_official_digests(case: dict, root: Path) -> None:
    lifecycle = recorder.official()
    if lifecycle is None:
        pytest.skip(
            "NOT COMPARED: no official lifecycle; build it with tests/official/install, name it in MLPACK_OFFICIAL"
        )
    if os.geteuid() != 0:
        case = {**case, "ids": (os.geteuid(), os.getegid())}
    live = recorder.record(case, lifecycle)
    recorder.TREES[live["tree"]](recorder.Builder(root, os.geteuid(), os.getegid()))
    assert ours(live, root) == (live["app"]["diff_ids"], live["layer"]["diff_ids"])
