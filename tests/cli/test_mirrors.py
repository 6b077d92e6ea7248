"""A site's mirrors, from its configuration to where packages are asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlpack.cli.building import make_machine
from jupyter_mlpack.cli.mirrors import ALIAS, Mirrors
from jupyter_mlpack.oci import Store
from jupyter_mlpack.resolution.conda.channels import read_channels
from jupyter_mlpack.stack.apt import TRUSTED, open_apt
from jupyter_mlpack.stack.sources import find_archive


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose pip and uv use other indexes; what is told by the environment is gone afterwards."""
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("UV_INDEX_URL", "https://old.example/simple")
    monkeypatch.setenv(ALIAS, "")


def machine(folder: Path, mirrors: Mirrors):
    return make_machine(Store(folder / "home"), mirrors=mirrors)


def test_mirrors__nothing_said__what_the_machine_is_set_up_for(tmp_path: Path) -> None:
    found = machine(tmp_path, Mirrors())
    assert found.index_settings["UV_INDEX_URL"] == "https://old.example/simple"
    assert (found.stack_settings.mirror, found.stack_settings.security_mirror) == (None, None)
    assert os.environ[ALIAS] == ""


def test_mirrors__all_of_them__asked_instead_of_the_machines(tmp_path: Path) -> None:
    keyring = tmp_path / "keys.gpg"
    keyring.touch()
    site = "https://mirror.example"
    mirrors = Mirrors(f"{site}/debian", f"{site}/debian-security", str(keyring), f"{site}/pypi", f"{site}/conda")
    found = machine(tmp_path, mirrors)
    assert found.index_settings["UV_DEFAULT_INDEX"] == f"{site}/pypi"
    assert "UV_INDEX_URL" not in found.index_settings
    archive = find_archive(found.catalog.stacks[0], found.stack_settings)
    assert (archive.mirror, archive.security) == (f"{site}/debian", f"{site}/debian-security")
    assert archive.keyring == keyring
    assert list(read_channels(os.environ).locate(["conda-forge"])) == [f"{site}/conda/conda-forge"]


def test_mirrors__index_with_a_login__is_not_shown(tmp_path: Path) -> None:
    found = machine(tmp_path, Mirrors(index="https://me:hunter2@mirror.example/pypi"))
    assert "hunter2" not in repr(found)
    assert "hunter2" not in repr(Mirrors(index="https://me:hunter2@mirror.example/pypi"))


def test_open_apt__authorities_were_given__apt_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = tmp_path / "keys.gpg"
    keyring.touch()
    found = machine(tmp_path, Mirrors("https://mirror.example/debian", keyring=str(keyring)))
    stack = found.catalog.stacks[0]
    archive = find_archive(stack, found.stack_settings)
    line = 'Acquire::https::CAInfo "/x/bundle.pem";'
    assert line not in (open_apt(stack, "amd64", archive, tmp_path / "apt").state / "apt.conf").read_text()
    monkeypatch.setenv(TRUSTED, "/x/bundle.pem")
    assert line in (open_apt(stack, "amd64", archive, tmp_path / "apt").state / "apt.conf").read_text()
