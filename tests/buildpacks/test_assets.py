"""mlpack/assets: slices and labels out of ``assets.json``; the processes that find assets linked and mounts checked."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ASSETS = [
    {"path": "data/big.csv", "sha256": "0" * 64, "size": 4},
    {"path": "images", "files": 2, "sha256": "1" * 64, "size": 8},
]
MOUNTS = [{"path": "lake", "required": True}, {"path": "/mnt/more", "required": False}]


def say(bench, assets=ASSETS, layers=(("data/big.csv",), ("images",)), mounts=MOUNTS) -> None:
    told = {"assets": assets, "layers": layers, "mounts": mounts}
    (bench.app / ".mlpack/assets.json").write_text(json.dumps(told))


def test_detect__assets_json__passes(bench) -> None:
    say(bench)
    assert bench.detect("assets") == (0, '[[provides]]\nname = "assets"\n\n[[requires]]\nname = "assets"\n')


def test_detect__nothing_said__fails(bench) -> None:
    assert bench.detect("assets") == (100, "")


def test_build__slices_and_labels__of_what_is_said(bench) -> None:
    say(bench, layers=[["data/[a]*.csv", "a\\b"], ["images"]])
    ran = bench.build("assets", BP_IMAGE_APP_DIR="/workspace")
    assert (ran.status, ran.log) == (0, "---> 2 assets in layers of their own, 2 to be mounted\n")
    launch = tomllib.loads(ran.metadata("launch"))
    assert launch["slices"] == [{"paths": ["data/\\[a]\\*.csv", "a\\\\b"]}, {"paths": ["images"]}]
    labels = {entry["key"]: json.loads(entry["value"]) for entry in launch["labels"]}
    assert labels == {
        "org.jupyter-mlpack.assets": ASSETS,
        "org.jupyter-mlpack.mounts": [
            {"path": "/workspace/lake", "required": True}, {"path": "/mnt/more", "required": False},
        ],
    }  # fmt: skip


def test_build__only_mounts__no_slice(bench) -> None:
    say(bench, [], [])
    ran = bench.build("assets")
    launch = tomllib.loads(ran.metadata("launch"))
    assert "slices" not in launch
    assert [entry["key"] for entry in launch["labels"]] == ["org.jupyter-mlpack.mounts"]


@pytest.mark.parametrize(
    "text", ["[", "{}", '{"assets": [1], "layers": [], "mounts": []}'], ids=["no-json", "empty", "odd"]
)
def test_build__file_that_cannot_be_used__refused(bench, text: str) -> None:
    (bench.app / ".mlpack/assets.json").write_text(text)
    ran = bench.build("assets")
    assert ran.status == 1
    assert "cannot be read" in ran.log


# --- the processes ----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(bench, runner, tmp_path: Path):
    """The output folder of a notebook with assets; what it says is in ``said``."""
    nbformat.write(nbformat.v4.new_notebook(), bench.app / "train.ipynb")
    for name in ("data/big.csv", "data/small.csv", "images/a.png", "images/in/b.png"):
        (bench.app / name).parent.mkdir(parents=True, exist_ok=True)
        (bench.app / name).write_text(name)
    say(bench, mounts=[{"path": "lake", "required": True}])
    (bench.app / "lake").mkdir()
    (bench.app / "lake/deep.parquet").write_text("lake")
    return runner("folder").OutputFolder(tmp_path / "output", bench.app, "train.ipynb")


def links(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_symlink()}


def test_train__assets_and_mounts__are_linked_and_go_again(folder) -> None:
    folder.open(print)
    assert links(folder.path) == {"data/big.csv", "images/a.png", "images/in/b.png", "lake"}
    assert (folder.path / "images/in/b.png").read_text() == "images/in/b.png"
    assert (folder.path / "lake/deep.parquet").read_text() == "lake"
    (folder.path / "images/made.png").write_text("new")
    assert folder.made() == ["images/made.png"]
    folder.close()
    assert {path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*")} == {
        "images",
        "images/made.png",
    }


def test_train__left_over_of_a_killed_run__linked_again(folder) -> None:
    folder.open(print)
    folder.open(print)
    assert "lake" in links(folder.path)
    folder.close()
    assert not links(folder.path)


def test_train__result_of_that_name__stays(folder, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.path / "data").mkdir(parents=True)
    (folder.path / "data/big.csv").write_text("mine")
    folder.open(print)
    assert (folder.path / "data/big.csv").read_text() == "mine"
    assert "stays as it is" in capsys.readouterr().out


@pytest.mark.parametrize("empty", [True, False], ids=["empty", "not-there"])
def test_train__required_mount_is_missing__one_sentence(folder, runner, empty: bool) -> None:
    (folder.application / "lake/deep.parquet").unlink()
    if not empty:
        (folder.application / "lake").rmdir()
    with pytest.raises(runner("assets").MountError) as raised:
        folder.open(print)
    assert str(raised.value).endswith(f"mount it, for example docker run -v FOLDER:{folder.application}/lake:ro")


def test_serve__required_mount_is_missing__ends_with_the_sentence(start_service) -> None:
    told = {"assets": [], "layers": [], "mounts": [{"path": "lake", "required": True}]}
    served = start_service("def predict(): return 1", files={".mlpack/assets.json": json.dumps(told)})
    assert served.process.wait(60) == 1
    assert "lake is not there: mount it" in served.log.read_text()


def test_serve__mount_is_there__answers(start_service) -> None:
    told = {"assets": [], "layers": [], "mounts": [{"path": "lake", "required": True}]}
    files = {".mlpack/assets.json": json.dumps(told), "lake/a.txt": "5"}
    served = start_service("def predict():\n    return int(open('lake/a.txt').read())", files=files)
    served.wait()
    assert served.end() == 0
