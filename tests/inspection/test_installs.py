"""Install lines in all their spellings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.folder import DiskFolder, NoFolder
from jupyter_mlpack.inspection.installs import Installs, find_installs
from jupyter_mlpack.inspection.shell import MAX_COMMANDS, split_commands
from jupyter_mlpack.inspection.surroundings import read_surroundings


@dataclass(frozen=True)
class Written(NoFolder):
    """A folder in memory."""

    files: Mapping[str, str] = field(default_factory=dict)

    def text(self, path: str) -> str | None:
        return self.files.get(path)


def installs(*sources: str, files: Mapping[str, str] | None = None) -> Installs:
    cells = [read_cell(number, source) for number, source in enumerate(sources, 1)]
    commands = tuple(notebook_commands("n.ipynb", cells))
    return find_installs(commands, read_surroundings(cells, commands, Written(files or {})))


def names(*sources: str, files: Mapping[str, str] | None = None) -> list[str]:
    found = installs(*sources, files=files).found
    return [f"{item.wanted.name}{item.wanted.specifier}" for item in found if item.tool != "apt"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%pip install a b==1", ["a", "b==1"]),
        ("!pip install 'a>=1,<2' \"b\"", ["a<2,>=1", "b"]),
        ("!pip install a>=1", ["a>=1"]),
        ("!pip3.11 install -Uq a", ["a"]),
        ("! pip install -q -U --upgrade-strategy eager a", ["a"]),
        ("!{sys.executable} -m pip install a", ["a"]),
        ("!python3 -m pip --quiet install a", ["a"]),
        ("!sudo PIP_NO_INPUT=1 pip install a", ["a"]),
        ("!uv pip install a && uv add b", ["a", "b"]),
        ("!which x || pip install a", ["a"]),
        ("!yes | pip install a", ["a"]),
        ("!pip install a -i https://example.org/simple --extra-index-url=https://example.org b", ["a", "b"]),
        ("!pip install {FLAGS} $MORE a", ["a"]),
        ("!pip install a=={version}", ["a"]),
        ("!pip install -f https://example.org/w.html a", ["a"]),
        ("!pip install pip setuptools -U wheel a", ["a"]),
        ("!pip install a # pip install b", ["a"]),
        ("!pip install a > /dev/null 2>&1; echo b", ["a"]),
        ("!pip install git+https://github.com/x/tool.git@v1#egg=tool-name", ["tool-name @ git+https://github.com/x/tool.git@v1"]),
        ("!pip install git+https://github.com/pytorch/vision", ["torchvision @ git+https://github.com/pytorch/vision"]),
        ("!pip install https://example.org/w/a_b-1.0-py3-none-any.whl", ["a_b @ https://example.org/w/a_b-1.0-py3-none-any.whl"]),
        ("!pip install 'a @ https://example.org/a.zip'", ["a @ https://example.org/a.zip"]),
        ("!pip uninstall -y a\n!pip download b\n!pip freeze", []),
        ("!conda install -y -c x a=1.2 b 'c>=1' x::d=1.2.3=py311_0", ["a==1.2.*", "b", "c>=1", "d==1.2.3"]),
        ("!apt-get install -y ffmpeg", []),
        ("%%bash\nset -e\npip install \\\n  a \\\n  b", ["a", "b"]),
        ("%%writefile x.sh\npip install a", []),
        ("get_ipython().system('pip install a')", ["a"]),
        ("get_ipython().run_line_magic('pip', 'install a')", ["a"]),
        ("import pip\npip.main(['install', 'a'])", ["a"]),
        ("import subprocess\nsubprocess.run('pip install a'.split())", ["a"]),
        ("import os\nos.system(f'pip install a=={version}')", ["a"]),
        ("print('pip install a')", []),
    ],
)  # fmt: skip
def test_find_installs__spelling__is_understood(source: str, expected: list[str]) -> None:
    assert names(source) == expected


def test_find_installs__extras__are_kept() -> None:
    (found,) = installs("%pip install 'uvicorn[standard,extra]>=1'").found
    assert (found.wanted.name, found.wanted.extras, found.wanted.specifier) == ("uvicorn", ("extra", "standard"), ">=1")


def test_find_installs__apt__is_kept_apart() -> None:
    found = installs("!apt-get -qq install -y ffmpeg libsndfile1").found
    assert [(item.tool, item.wanted.name) for item in found] == [("apt", "ffmpeg"), ("apt", "libsndfile1")]


@pytest.mark.parametrize(
    "wanted",
    [
        "-i https://me:hunter2@example.org/simple a",
        "git+https://hunter2@example.org/a.git",
        "'a @ git+https://me:hunter2@example.org/a'",
    ],
)
def test_find_installs__password_in_an_address__is_nowhere(wanted: str) -> None:
    found = installs(f"!pip install {wanted}")
    assert [item.wanted.name for item in found.found] == ["a"]
    assert "hunter2" not in str(found)


def test_find_installs__requirements_that_include_themselves__end() -> None:
    assert names("!pip install -r r.txt", files={"r.txt": "a\n-r r.txt\n"}).count("a") == 20


def test_find_installs__requirements_outside__are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("stolen\n")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link.txt").symlink_to(tmp_path / "secret.txt")
    folder = DiskFolder(tmp_path / "inside")
    assert folder.text("../secret.txt") is None
    assert folder.text("link.txt") is None
    assert folder.text(str(tmp_path / "secret.txt")) is None


WORDS = st.sampled_from(
    ["pip", "install", "-r", "-e", "--", "-qr", "x", "'", '"', "{", "}", "$", "\\", "\n", ";", "&&", "<<EOF", ">",
     "#", "==", "git+https://", "[", "]", "@", "://[", " ", "%cd", "..", "/", "uv", "-", "conda", "python", "-m", "\0"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join) | st.lists(WORDS, max_size=25).map("".join))
def test_find_installs__any_line__never_raises(text: str) -> None:
    assert installs(f"!{text}", f"%%bash\n{text}", f"%pip install {text}").found is not None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_split_commands__any_text__gives_words(text: str) -> None:
    assert all(command for command in split_commands(text))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{3,8}", fullmatch=True), min_size=1, max_size=5, unique=True))
def test_find_installs__names__come_out_as_they_went_in(wanted: list[str]) -> None:
    kept = [
        name
        for name in wanted
        if name not in ("pipenv", "poetry", "cmake", "ninja", "conda", "mamba", "cudnn", "python", "wheel")
    ]
    assert names("%pip install " + " ".join(kept)) == kept


def test_find_installs__many_lines__cost_in_proportion() -> None:
    def seconds(count: int) -> float:
        source = "%%bash\n" + "".join(f"pip install a{number % 7}\n" for number in range(count))
        begin = time.process_time()
        assert 0 < len(installs(source).found) <= count
        return time.process_time() - begin

    assert seconds(8_000) < 20 * max(seconds(1_000), 0.01)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("!sudo -H pip install a", ["a"], id="options of sudo"),
        pytest.param("!conda run -n env pip install a", ["a"], id="pip of an environment"),
        pytest.param("!poetry add a\n!pipenv install b\n!easy_install c\n!uv add d", [*"abcd"], id="other tools"),
        pytest.param("!pipx install a\n!uv tool install b", [], id="programs of their own"),
        pytest.param("!pip install a == 1.0 b", ["a", "b"], id="operator alone"),
        pytest.param("!pip install a, b", ["a", "b"], id="commas"),
        pytest.param("!pip install /data/numpy-1.26.4-cp311-cp311-any.whl", ["numpy==1.26.4"], id="known wheel"),
        pytest.param("!pip install /data/mine_own_thing-1.0-py3-none-any.whl", [], id="wheel that nobody knows"),
    ],
)  # fmt: skip
def test_find_installs__odd_spelling__is_understood(source: str, expected: list[str]) -> None:
    assert names(source) == expected


@pytest.mark.parametrize(("more", "said"), [(-1, []), (1, ["cell-cut"])])
def test_find_installs__more_commands_than_are_read__are_told(more: int, said: list[str]) -> None:
    lines = "\n".join(f"pip install a{number}" for number in range(MAX_COMMANDS + more))
    found = installs(f"%%bash\n{lines}")
    assert [notice.code for notice in found.notices] == said
    assert len(found.found) == MAX_COMMANDS + min(more, 0)
