"""``--binding`` and ``--volume``."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.given.bindings import read_bindings
from jupyter_mlpack.given.volumes import read_volumes
from jupyter_mlpack.lifecycle.inputs import Binding, Volume


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A binding's folder, as a cluster mounts a secret: files are links into a hidden folder."""
    real = tmp_path / "pypi" / "..2026"
    real.mkdir(parents=True)
    for name, text in (("type", "pypi"), ("username", "me"), ("password", "s3cret-word")):
        (real / name).write_text(text)
        (tmp_path / "pypi" / name).symlink_to(Path("..2026", name))
    return tmp_path / "pypi"


def test_read_bindings__folder_with_a_type__binding(folder: Path) -> None:
    assert list(read_bindings([f"my-index={folder}"])) == [Binding("my-index", folder)]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        pytest.param("pypi", "NAME=DIR", id="no folder"),
        pytest.param("=x", "small letters", id="no name"),
        pytest.param("../up={folder}", "small letters", id="a path for a name"),
        pytest.param("Upper={folder}", "small letters", id="capital letters"),
        pytest.param("a={empty}", "no file called type", id="no type"),
    ],
)
def test_read_bindings__cannot_be__error(word: str, words: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(errors.BindingWrong) as failure:
        list(read_bindings([word.format(folder=folder, empty=tmp_path / "empty")]))
    assert words in failure.value.sentence("why")


def test_read_bindings__one_name_twice__error(folder: Path) -> None:
    with pytest.raises(errors.BindingWrong):
        list(read_bindings([f"a={folder}", f"a={folder}"]))


def test_read_bindings__no_folder__says_which(tmp_path: Path) -> None:
    with pytest.raises(errors.BindingUnreadable) as failure:
        list(read_bindings([f"a={tmp_path / 'absent'}"]))
    assert "absent" in failure.value.sentence("where")


def test_read_volumes__folder_and_file__where_they_are_seen(folder: Path) -> None:
    words = [f"{folder}:/wheels", f"{folder / 'type'}:/etc/one/type:ro"]
    assert list(read_volumes(words)) == [Volume(folder, "/wheels"), Volume(folder / "type", "/etc/one/type")]


def test_read_volumes__where_other_platforms_put_bindings__binding(folder: Path) -> None:
    assert list(read_volumes([f"{folder}:/platform/bindings/pypi"])) == [Binding("pypi", folder)]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        pytest.param("{folder}", "HOST:PATH", id="no path"),
        pytest.param("{folder}:", "HOST:PATH", id="empty path"),
        pytest.param("{folder}/absent:/x", "There is no", id="nothing there"),
        pytest.param("{folder}:x", "absolute", id="relative"),
        pytest.param("{folder}:/", "absolute", id="everything"),
        pytest.param("{folder}:/x/../layers/y", "belongs to", id="into the layers"),
        pytest.param("{folder}:/workspace", "belongs to", id="over the application"),
        pytest.param("{folder}:/cnb/lifecycle", "belongs to", id="over the lifecycle"),
        pytest.param("{folder}:/x:rw", "only be read", id="to write"),
    ],
)
def test_read_volumes__cannot_be__error(word: str, words: str, folder: Path) -> None:
    with pytest.raises(errors.VolumeWrong) as failure:
        list(read_volumes([word.format(folder=folder)]))
    assert words in failure.value.sentence("why")
