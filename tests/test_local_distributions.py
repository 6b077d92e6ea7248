"""A project that is being edited, and that no index has, travels into the image: the whole path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.resolution import find_uv

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.network
TOOL = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
PROJECT = (
    f"{TOOL}[project]\nname = 'acme-billing'\nversion = '1.2+mine'\ndependencies = ['six', 'acme-base']\n"
    "[tool.hatch.build.targets.wheel]\npackages = ['src/acme']\n"
)
BASE = f"{TOOL}[project]\nname = 'acme-base'\nversion = '0.1'\n"
CELL = "import acme.invoices\nprint('total', acme.invoices.total())\n"


def run(*words: str | Path, expected: int = 0, **environment: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A notebook, two projects that are installed editable in its kernel, one of which needs the other."""
    files = {
        "billing/pyproject.toml": PROJECT,
        "billing/src/acme/__init__.py": "",
        "billing/src/acme/invoices.py": "import acme_base, six\ndef total():\n    return acme_base.one() + 41\n",
        "billing/src/acme/.env": "TOKEN=canary-secret\n",
        "base/pyproject.toml": BASE,
        "base/acme_base/__init__.py": "def one():\n    return 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    python = tmp_path / "environment" / "bin" / "python"
    run(find_uv(), "venv", "--python", sys.executable, tmp_path / "environment")
    editable = [word for name in ("base", "billing") for word in ("--editable", str(tmp_path / name))]
    run(find_uv(), "pip", "install", "--python", python, "six==1.16", *editable)
    kernel = tmp_path / "kernels" / "mine"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({"argv": [str(python)], "language": "python"}))
    (tmp_path / "work").mkdir()
    cell = {"cell_type": "code", "metadata": {}, "source": CELL, "outputs": [], "execution_count": None}
    spec = {"kernelspec": {"name": "mine", "display_name": "Mine", "language": "python"}}
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": spec, "cells": [cell]}
    (tmp_path / "work" / "bill.ipynb").write_text(json.dumps(document))
    return tmp_path


def test_build__editable_project__is_in_the_image_and_runs(folder: Path, machine_store: Store) -> None:
    mlpack = (sys.executable, "-m", "jupyter_mlpack")
    home, notebook = ("--home", str(machine_store.root)), str(folder / "work" / "bill.ipynb")
    run(*mlpack, "build", notebook, *home, JUPYTER_PATH=str(folder))
    image = machine_store.image("bill:training")
    assert image is not None
    lock = application_file(machine_store, "/workspace/.mlpack/lock.txt")
    assert "acme-billing==1.2+mine --hash=sha256:" in lock
    assert "acme-base==0.1 --hash=sha256:" in lock
    assert "six==1.16.0 --hash=sha256:" in lock
    assert "file:" not in lock
    assert str(folder) not in lock
    for layer in image.layers:
        with tarfile.open(machine_store.path(layer.descriptor.digest)) as archive:
            members = [archive.extractfile(member) for member in archive if member.isfile()]
            assert not any(b"canary-secret" in member.read() for member in members if member)
    said = run(*mlpack, "run", "bill:training", *home, "--engine", "process", "--output", str(folder / "out"))
    assert "total 42" in said
    assert image.descriptor.digest == built_again(folder, machine_store).descriptor.digest


def application_file(store: Store, path: str) -> str:
    image = store.image("bill:training")
    assert image is not None
    for layer in image.layers:
        with tarfile.open(store.path(layer.descriptor.digest)) as archive:
            for member in archive:
                if "/" + member.name.lstrip("/") == path:
                    file = archive.extractfile(member)
                    assert file is not None
                    return file.read().decode()
    raise AssertionError(f"{path} is in no layer")


def built_again(folder: Path, store: Store) -> StoredImage:
    """The image, once the projects were touched, but not changed."""
    for path in (folder / "billing").rglob("*.py"):
        os.utime(path)
    words = ("build", str(folder / "work" / "bill.ipynb"), "--home", str(store.root))
    run(sys.executable, "-m", "jupyter_mlpack", *words, JUPYTER_PATH=str(folder))
    image = store.image("bill:training")
    assert image is not None
    return image


def test_inspect__pylock_of_a_notebook_with_an_editable_project__names_the_wheel_without_a_path(
    folder: Path, tmp_path: Path
) -> None:
    words = ("inspect", str(folder / "work" / "bill.ipynb"), "--format", "pylock", "--home", str(tmp_path / "home"))
    text = run(sys.executable, "-m", "jupyter_mlpack", *words, JUPYTER_PATH=str(folder))
    packages = {package["name"]: package for package in tomllib.loads(text)["packages"]}
    assert packages.keys() == {"acme-base", "acme-billing", "six"}
    (wheel,) = packages["acme-billing"]["wheels"]
    assert wheel["path"] == "wheels/acme_billing-1.2+mine-py3-none-any.whl"
    assert packages["six"]["wheels"][0]["url"].startswith("https://")
    assert "file:" not in text
    assert str(folder) not in text


def test_build__editable_project_with_compiled_files__is_refused_with_the_reason(
    folder: Path, machine_store: Store
) -> None:
    (folder / "billing" / "src" / "acme" / "fast.cpython-311-x86_64-linux-gnu.so").write_bytes(b"\x7fELF")
    words = ("build", str(folder / "work" / "bill.ipynb"), "--home", str(machine_store.root), "--dry-run")
    command = [sys.executable, "-m", "jupyter_mlpack", *words]
    environment = {**os.environ, "JUPYTER_PATH": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode in (3, 4), done.stdout + done.stderr
    told = " ".join((done.stdout + done.stderr).split())
    assert "acme-billing" in told
    assert "fast.cpython-311" in told
