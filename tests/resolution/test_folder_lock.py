"""Locks beside a notebook reach the lock of its image: versions for its target, and only files that they know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mlpack.errors import HashNotInLock
from jupyter_mlpack.events import Event, Noticed
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.locking import lock_packages
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.oci import Store
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Catalog, Inspection, KernelDistribution, KernelEnvironment, Target
from jupyter_mlpack.wishes import Machine, Wishes

from .conftest import Index

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
Entries = dict[str, tuple[str, str]]
"""Name -> version and hash."""


def tables(entries: Entries, head: str, hashes: str) -> str:
    return "".join(
        f'{head}\nname = "{name}"\nversion = "{version}"\n{hashes.format(digest)}\n\n'
        for name, (version, digest) in entries.items()
    )


def write_lock(folder: Path, name: str, entries: Entries) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if name == "Pipfile.lock":
        rows = {key: {"version": f"=={one}", "hashes": [f"sha256:{digest}"]} for key, (one, digest) in entries.items()}
        text = json.dumps({"default": rows})
    elif name == "requirements.txt":
        text = "".join(f"{key}=={one} \\\n    --hash=sha256:{digest}\n" for key, (one, digest) in entries.items())
    elif name == "pylock.toml":
        text = tables(entries, "[[packages]]", 'wheels = [{{name = "x.whl", hashes = {{sha256 = "{0}"}}}}]')
    elif name == "uv.lock":
        text = tables(entries, "[[package]]", 'wheels = [\n    {{ url = "x.whl", hash = "sha256:{0}", size = 1 }},\n]')
    else:
        text = tables(entries, "[[package]]", 'files = [\n    {{file = "x.whl", hash = "sha256:{0}"}},\n]')
    (folder / name).write_text(text)


NAMES = ["uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt"]


@pytest.fixture
def hashes(index: Index) -> Entries:
    """``plain`` needs ``deep``; of both there is a newer release than the one that is locked."""
    for version in ("1.0", "2.0"):
        index.add("deep", version)
    return {"plain": ("1.0", index.add("plain", "1.0", "deep")), "deep": ("1.0", index.add("deep", "1.0"))} | {
        "unused": ("9.0", "c" * 64)
    }


def look(folder: Path, kernel: KernelEnvironment | None = None) -> Inspection:
    cell = {"cell_type": "code", "metadata": {}, "source": "%pip install plain", "outputs": [], "execution_count": None}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "n.ipynb").write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}))
    return inspect_notebook(read_notebook(folder / "n.ipynb"), kernel)


def lock(index: Index, work: Path, found: Inspection, target: Target = TARGET) -> tuple[dict[str, str], list[str]]:
    store = Store(work.parent / "store")
    machine = Machine(store, Catalog((), (), ()), StackSettings(), index.settings(work.parent / "cache"))
    events: list[Event] = []
    wishes = Wishes(folder=work, runner=())
    made = lock_packages(found, target, wishes, machine, events.append)
    return {one.name: one.version for one in made.packages}, [
        event.notice.text for event in events if isinstance(event, Noticed)
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [".", "binder", ".binder"])
def test_lock_packages__lock_of_the_folder__is_followed_to_what_no_import_names(
    index: Index, tmp_path: Path, hashes: Entries, name: str, place: str
) -> None:
    write_lock(tmp_path / "work" / place, name, hashes)
    index.add("plain", "2.0", "deep")
    assert lock(index, tmp_path / "work", look(tmp_path / "work")) == ({"plain": "1.0", "deep": "1.0"}, [])


@pytest.mark.parametrize("name", NAMES)
def test_lock_packages__file_that_the_lock_does_not_know__is_refused(
    index: Index, tmp_path: Path, hashes: Entries, name: str
) -> None:
    write_lock(tmp_path / "work", name, hashes)
    index.add("deep", "1.0", body="stolen = True")
    with pytest.raises(HashNotInLock, match=f"no file of deep 1.0 .* is in {name}") as caught:
        lock(index, tmp_path / "work", look(tmp_path / "work"))
    assert caught.value.location is not None
    assert caught.value.location.path == name


def test_lock_packages__one_known_file_among_others__is_the_one(index: Index, tmp_path: Path, hashes: Entries) -> None:
    write_lock(tmp_path / "work", "uv.lock", hashes)
    index.add("deep", "1.0", tag="py2.py3-none-manylinux_2_36_x86_64", body="better, and unknown")
    assert lock(index, tmp_path / "work", look(tmp_path / "work"))[0]["deep"] == "1.0"


def test_lock_packages__file_was_known_and_is_replaced_later__is_refused(
    index: Index, tmp_path: Path, hashes: Entries
) -> None:
    """What was locked without the folder's hashes is no answer with them."""
    work = tmp_path / "work"
    lock(index, work, look(work))
    write_lock(work, "poetry.lock", {**hashes, "plain": ("1.0", "d" * 64)})
    with pytest.raises(HashNotInLock, match=r"plain 1\.0"):
        lock(index, work, look(work))


def test_lock_packages__other_version_for_another_python__is_the_targets(index: Index, tmp_path: Path) -> None:
    text = '[[package]]\nname = "plain"\nversion = "{0}"\nmarkers = "python_version {1} \'3.12\'"\n'
    for version in ("1.0", "2.0", "3.0"):
        index.add("plain", version)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "poetry.lock").write_text(text.format("1.0", "<") + text.format("2.0", ">="))
    found = look(tmp_path / "work")
    assert lock(index, tmp_path / "work", found)[0] == {"plain": "1.0"}
    assert lock(index, tmp_path / "work", found, replace(TARGET, python="3.13"))[0] == {"plain": "2.0"}


def test_lock_packages__kernel_and_lock__the_lock_speaks_for_what_the_kernel_lacks(
    index: Index, tmp_path: Path, hashes: Entries
) -> None:
    write_lock(tmp_path / "work", "uv.lock", hashes)
    index.add("plain", "2.0", "deep")
    kernel = KernelEnvironment("k", "3.11.7", (KernelDistribution("plain", "2.0", "index", ("plain",)),))
    found = look(tmp_path / "work", kernel)
    versions, _ = lock(index, tmp_path / "work", found)
    assert versions == {"plain": "2.0", "deep": "1.0"}


def test_lock_packages__locked_release_is_gone__is_told_and_chosen_anew(
    index: Index, tmp_path: Path, hashes: Entries
) -> None:
    write_lock(tmp_path / "work", "uv.lock", {**hashes, "deep": ("0.5", "e" * 64)})
    versions, told = lock(index, tmp_path / "work", look(tmp_path / "work"))
    assert versions["deep"] == "2.0"
    assert "folder's lock" in told[0]
