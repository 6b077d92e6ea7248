"""A private index opens by an address with a password, a binding or a keyring, and the password stays nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlpack.oci import Store, StoredImage

from .conftest import Index

pytestmark = pytest.mark.network
SECRET = "canary-secret"
LOCK = '[[package]]\nname = "privatething"\nversion = "1.0"\nfiles = [\n    {{hash = "sha256:{0}"}},\n]\n'
KEYRING = '#!/bin/sh\n[ "$1" = get ] && [ "$3" = me ] && echo {secret} && exit 0\nexit 1\n'


def by_address(url: str, folder: Path) -> tuple[dict[str, str], list[str]]:
    return {"UV_INDEX": url.replace("://", f"://me:{SECRET}@")}, []


def by_binding(url: str, folder: Path) -> tuple[dict[str, str], list[str]]:
    (folder / "bound").mkdir()
    for name, text in {"type": "pypi", "url": url, "username": "me", "password": SECRET}.items():
        (folder / "bound" / name).write_text(text)
    return {}, ["--binding", f"private={folder / 'bound'}"]


def by_keyring(url: str, folder: Path) -> tuple[dict[str, str], list[str]]:
    (folder / "bin").mkdir()
    (folder / "bin" / "keyring").write_text(KEYRING.format(secret=SECRET))
    (folder / "bin" / "keyring").chmod(0o755)
    found = {"UV_INDEX": url.replace("://", "://me@"), "UV_KEYRING_PROVIDER": "subprocess"}
    return {**found, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}, []


def refused(url: str, folder: Path) -> tuple[dict[str, str], list[str]]:
    return {"UV_INDEX": url.replace("://", "://me:wrong-canary@")}, []


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """uv's, for these builds alone."""
    return tmp_path_factory.mktemp("uv")


def mlpack(cache: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_mlpack", *words]
    full = {**os.environ, "UV_CACHE_DIR": str(cache), "NO_PROXY": "127.0.0.1", **environment}
    return subprocess.run(command, capture_output=True, text=True, env=full, check=False)


@pytest.fixture
def notebook(index: Index, tmp_path: Path, run_image: Callable[..., StoredImage]) -> Path:
    """It needs a package that only the private index has; nobody has built it before."""
    run_image("bookworm")
    index.login = f"me:{SECRET}"
    sha256 = index.add("privatething", "1.0", body=f"place = {str(tmp_path)!r}\n")
    index.add("privatething", "2.0")
    (tmp_path / "poetry.lock").write_text(LOCK.format(sha256))
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cell["source"] = "%pip install privatething\nimport privatething"
    metadata = {"language_info": {"name": "python", "version": "3.11.2"}}
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": [cell]}
    (tmp_path / "private.ipynb").write_text(json.dumps(document))
    return tmp_path / "private.ipynb"


def written(began: float, *roots: Path) -> Iterator[Path]:
    """What stands there since then (files that were only linked to keep their old time of writing)."""
    for root in roots:
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_ctime >= began:
                yield path


@pytest.mark.parametrize("way", [by_address, by_binding, by_keyring], ids=["address", "binding", "keyring"])
def test_build__private_index__its_secret_is_in_no_layer_label_log_or_cache(
    way: Callable[[str, Path], tuple[dict[str, str], list[str]]],
    index: Index,
    notebook: Path,
    machine_store: Store,
    cache: Path,
) -> None:
    home, began = machine_store.root, time.time()
    environment, words = way(f"{index.url}/simple", notebook.parent)
    done = mlpack(cache, "build", str(notebook), "--home", str(home), "-v", *words, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    image = machine_store.image("private:training")
    assert image is not None
    named = []
    for layer in image.layers:
        with tarfile.open(machine_store.path(layer.descriptor.digest)) as archive:
            for member in archive:
                named.append(member.name)
                file = archive.extractfile(member) if member.isfile() else None
                assert file is None or SECRET.encode() not in file.read(), member.name
    assert any(name.endswith("privatething-1.0.dist-info/METADATA") for name in named), "the version of the lock"
    found = list(written(began, home, cache))
    assert found
    assert [path for path in found if SECRET.encode() in path.read_bytes()] == []


def test_build__wrong_password__is_refused_and_not_told(
    index: Index, notebook: Path, machine_store: Store, cache: Path
) -> None:
    environment, _ = refused(f"{index.url}/simple", notebook.parent)
    words = ("build", str(notebook), "--home", str(machine_store.root), "-v")
    done = mlpack(cache, *words, **environment)
    assert done.returncode == 4
    assert "wrong-canary" not in done.stdout + done.stderr


def test_build__file_that_the_lock_does_not_know__is_refused(
    index: Index, notebook: Path, machine_store: Store, cache: Path
) -> None:
    (notebook.parent / "poetry.lock").write_text(LOCK.format("0" * 64))
    environment, _ = by_address(f"{index.url}/simple", notebook.parent)
    done = mlpack(cache, "build", str(notebook), "--home", str(machine_store.root), **environment)
    assert done.returncode == 4
    assert "no file of privatething 1.0 for the image whose hash is in poetry.lock" in " ".join(done.stderr.split())
