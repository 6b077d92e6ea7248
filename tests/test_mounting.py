"""``run --volume``: what it says, what the image needs, and the engines that show it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.declared import declared_mounts
from jupyter_mlpack.engines.roots import add_folder
from jupyter_mlpack.mounting import check_mounts, read_mounts
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Mount


def image(tmp_path: Path, label: str):
    config = ImageConfig(
        "amd64", "linux", (), (), labels=(("org.jupyter-mlpack.mounts", label),), working_dir="/workspace"
    )
    store = Store(tmp_path / "store")
    return store.add_image(config, ())


@pytest.mark.parametrize(
    ("end", "target", "writable"),
    [(":data", "data", False), (":/mnt/a", "/mnt/a", False), (":data:ro", "data", False), (":data:rw", "data", True)],
)
def test_read__folder_and_path(tmp_path: Path, end: str, target: str, writable: bool) -> None:
    assert read_mounts([f"{tmp_path}{end}"]) == (Mount(tmp_path, target, writable),)


@pytest.mark.parametrize("word", ["data", "/nowhere/at/all:data", ":data", "{}:", "{}:/", "{}/file:data"])
def test_read__wrong__refused(tmp_path: Path, word: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.RunVolumeWrong):
        read_mounts([word.format(tmp_path)])


def test_check__relative_path__is_below_the_application(tmp_path: Path) -> None:
    label = json.dumps([{"path": "/workspace/lake", "required": True}, {"path": "/mnt/x", "required": False}])
    assert check_mounts(image(tmp_path, label), [Mount(tmp_path, "lake")]) == (Mount(tmp_path, "/workspace/lake"),)
    assert check_mounts(image(tmp_path, label), [Mount(tmp_path, "/workspace")])


def test_check__required_and_not_given__refused(tmp_path: Path) -> None:
    label = json.dumps([{"path": "/workspace/lake", "required": True}])
    with pytest.raises(errors.MountMissing, match="/workspace/lake"):
        check_mounts(image(tmp_path, label), [Mount(tmp_path, "other")])


@pytest.mark.parametrize("label", ["", "[", "{}", "[1]", '[{"path": "lake", "required": true}]', "null"])
def test_declared__label_of_somebody_else__nothing(tmp_path: Path, label: str) -> None:
    assert declared_mounts(image(tmp_path, label)) == {}


def test_add_folder__link_or_file_in_the_way__nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "file").touch()
    for path in ("/link/a", "/file/a", "/../outside/b", "/deep/er"):
        add_folder(root, path)
    assert not list((tmp_path / "outside").iterdir())
    assert (root / "deep/er").is_dir()
