"""What assets a notebook and the options declare, and which of them an image gets."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.assets.address import shown
from jupyter_mlpack.assets.declared import read_words, wanted_assets, with_given
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.choices import check_choices
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Asset, Inspection, Json, Notebook

HEX = "0" * 64
WEB = {"path": "data/train.csv", "from": "https://example.com/train.csv", "sha256": HEX}


def read(folder: Path, assets: Json, *cells: str) -> Notebook:
    made = [nbformat.v4.new_code_cell(cell, id=f"c{number}") for number, cell in enumerate(cells or ("1",))]
    path = folder / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"mlpack": {"assets": assets}}), path)
    return read_notebook(path)


def found(notebook: Notebook) -> Inspection:
    return inspect_notebook(notebook)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        pytest.param("x", "each is an object", id="no-object"),
        pytest.param({"from": "a.csv"}, "each is an object with a path", id="no-path"),
        pytest.param({"path": "a"}, "has one of from and mount", id="neither"),
        pytest.param({"path": "a", "from": "b", "mount": True}, "has one of from and mount", id="both"),
        pytest.param({**WEB, "url": "x"}, "there is no 'url'", id="unknown-key"),
        pytest.param({**WEB, "sha256": "abc"}, "64 digits", id="no-hash"),
        pytest.param({**WEB, "path": "../a"}, "no path below", id="above"),
        pytest.param({**WEB, "path": "/etc/passwd"}, "no path below", id="absolute"),
        pytest.param({**WEB, "path": ".mlpack/lock.txt"}, "no path below", id="ours"),
        pytest.param({"path": "a", "from": "/etc/passwd"}, "no path below", id="from-an-absolute-path"),
        pytest.param({"path": "a", "from": "../../.ssh/id_rsa"}, "no path below", id="from-above"),
        pytest.param({**WEB, "from": "https://me:word@host/a"}, "holds a credential", id="with-a-login"),
        pytest.param({**WEB, "from": "https://host/a?X-Amz-Signature=1"}, "holds a credential", id="signed"),
        pytest.param({"path": "a", "mount": "yes"}, "true or false", id="mount-is-a-text"),
        pytest.param({"path": "/", "mount": True}, "no path below", id="mount-of-all"),
    ],
)
def test_choice__cannot_be_used__says_why(entry: Json, problem: str) -> None:
    good, wrong = check_choices({"assets": [entry]})
    assert good == {}
    assert problem in wrong["assets"]


def test_choice__one_inside_another__refused() -> None:
    _, wrong = check_choices({"assets": [WEB, {"path": "data", "mount": True}]})
    assert "inside another one" in wrong["assets"]


def test_choice__mount_anywhere__is_fine() -> None:
    good, wrong = check_choices({"assets": [{"path": "/mnt/images", "mount": True, "required": False}]})
    assert good
    assert not wrong


@pytest.mark.parametrize(
    ("words", "mounts", "reason"),
    [
        pytest.param(["data"], [], "form PATH=SOURCE", id="no-source"),
        pytest.param(["data="], [], "form PATH=SOURCE", id="empty-source"),
        pytest.param(["../data=x"], [], "no path below", id="above"),
        pytest.param(["a=b#sha256=12"], [], "64 digits", id="short-hash"),
        pytest.param(["a/b=x"], ["a"], "inside another one", id="inside-a-mount"),
        pytest.param([], ["../a"], "no path below", id="mount-above"),
    ],
)
def test_words__wrong__refused_without_the_address(words: list[str], mounts: list[str], reason: str) -> None:
    with pytest.raises(errors.AssetWrong) as raised:
        read_words(words, mounts)
    assert reason in raised.value.sentence("why")


def test_words__right__as_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = [f"a.csv=https://h/a?b=c#sha256={HEX}", "./b/=files/b", "c=dvc"]
    assert read_words(words, ["/mnt/d", "e/"]) == (
        Asset("a.csv", "https://h/a?b=c", HEX, given=True),
        Asset("b", str(tmp_path / "files/b"), given=True),
        Asset("c", "dvc", given=True),
        Asset("/mnt/d", mount=True, given=True),
        Asset("e", mount=True, given=True),
    )


def test_wrong_word__credentials__not_told() -> None:
    with pytest.raises(errors.AssetWrong) as raised:
        read_words(["../a=https://me:canary@host/x"], [])
    assert "canary" not in "".join(raised.value.sentence(part) for part in ("what", "why", "hint"))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("https://me:word@host:8443/a/b.csv?token=x#y", "https://host:8443/a/b.csv?..."),
        ("s3://bucket/key", "s3://bucket/key"),
        ("/home/me/a.csv", "/home/me/a.csv"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
    ],
)
def test_shown__address__without_what_opens_it(source: str, told: str) -> None:
    assert shown(source) == told


def test_inspect__file_that_will_be_there__is_no_missing_file(tmp_path: Path) -> None:
    code = "import pandas\npandas.read_csv('data/train.csv')\nopen('other.csv')"
    inspection = found(read(tmp_path, [WEB], code))
    assert [(file.path, file.kind) for file in inspection.files] == [("data/train.csv", "asset")]
    assert ["other.csv" in notice.text for notice in inspection.notices if notice.code == "file-missing"] == [True]


def test_inspect__folder_that_will_be_there__what_lies_there_now_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/old.png").write_text("old")
    code = "import os\nfor name in os.listdir('images'):\n    open('images/' + name)"
    inspection = found(read(tmp_path, [{"path": "images", "from": "s3://data/images/", "sha256": HEX}], code))
    assert [file.path for file in inspection.files] == ["images"]


def test_inspect__mounted_elsewhere__no_word_about_it(tmp_path: Path) -> None:
    inspection = found(read(tmp_path, [{"path": "/data/big", "mount": True}], "open('/data/big/x.csv').read()"))
    assert not [notice for notice in inspection.notices if notice.code == "file-outside"]


def test_wanted__training__all_that_is_declared(tmp_path: Path) -> None:
    notebook = read(tmp_path, [WEB, {"path": "m", "mount": True}])
    assert [asset.path for asset in wanted_assets(notebook, (), found(notebook), sliced=False)] == [
        "data/train.csv",
        "m",
    ]


def test_wanted__inference__what_its_code_reads(tmp_path: Path) -> None:
    notebook = read(tmp_path, [WEB, {"path": "models", "from": "m"}], "open('models/a.bin').read()")
    assert [asset.path for asset in wanted_assets(notebook, (), found(notebook), sliced=True)] == ["models"]


def test_wanted__address_without_hash_of_a_notebook__refused(tmp_path: Path) -> None:
    bare = {"path": "a.csv", "from": "http://169.254.169.254/latest"}
    notebook = read(tmp_path, [bare])
    with pytest.raises(errors.AssetUnpinned):
        wanted_assets(notebook, (), found(notebook), sliced=False)


def test_given__same_path__beats_the_notebook_and_is_not_in_the_document(tmp_path: Path) -> None:
    given = Asset("data/train.csv", "https://me:canary@host/x", given=True)
    before = read(tmp_path, [{**WEB, "sha256": ""}])
    notebook = with_given(before, [given])
    assert wanted_assets(notebook, [given], found(notebook), sliced=False) == (given,)
    assert notebook.document == before.document
    assert "canary" not in str(notebook.metadata)
