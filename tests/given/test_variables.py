"""``--env`` and ``--env-file``."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.given.variables import read_variables

ENVIRON = {"TOKEN": "from outside", "EMPTY": ""}

FILE = """# a comment
PLAIN=one
  INDENTED=two words  \n
QUOTED="as it is"
EQUALS=a=b
TOKEN
NOT_SET
NOTHING=
"""


def read(*words: str, files: tuple[Path, ...] = ()) -> dict[str, str]:
    return {variable.name: variable.value for variable in read_variables(words, files, ENVIRON)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("A=1",), {"A": "1"}, id="value"),
        pytest.param(("A=",), {"A": ""}, id="empty"),
        pytest.param(("A=b=c",), {"A": "b=c"}, id="equals sign"),
        pytest.param(("TOKEN",), {"TOKEN": "from outside"}, id="from the environment"),
        pytest.param(("EMPTY",), {"EMPTY": ""}, id="set and empty"),
        pytest.param(("A=1", "A=2"), {"A": "2"}, id="the last counts"),
    ],
)
def test_read_variables__words__values(words: tuple[str, ...], expected: dict[str, str]) -> None:
    assert read(*words) == expected


def test_read_variables__file__as_docker_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "build.env"
    path.write_text(FILE)
    assert read(files=(path,)) == {
        "PLAIN": "one",
        "INDENTED": "two words  ",
        "QUOTED": '"as it is"',
        "EQUALS": "a=b",
        "TOKEN": "from outside",
        "NOTHING": "",
    }


def test_read_variables__file_and_option__the_option_counts(tmp_path: Path) -> None:
    path = tmp_path / "build.env"
    path.write_text("A=file\nB=file\n")
    assert read("A=option", files=(path,)) == {"A": "option", "B": "file"}


@pytest.mark.parametrize(
    ("word", "error"),
    [
        pytest.param("ABSENT", errors.BuildVariableMissing, id="not set"),
        pytest.param("=1", errors.BuildVariableWrong, id="no name"),
        pytest.param("../up=1", errors.BuildVariableWrong, id="a path"),
        pytest.param("..=1", errors.BuildVariableWrong, id="the folder above"),
        pytest.param("A B=1", errors.BuildVariableWrong, id="a space"),
        pytest.param("BP_UV=/tmp/evil", errors.BuildVariableReserved, id="the platform's own"),
    ],
)
def test_read_variables__cannot_be__error(word: str, error: type[errors.InputError]) -> None:
    with pytest.raises(error):
        read(word)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        pytest.param(b"A=1\nB C=2\n", errors.BuildVariableWrong, "line 2", id="bad name"),
        pytest.param(b"A=\xff\n", errors.EnvFileUnreadable, "UTF-8", id="no text"),
        pytest.param(b"A=1\n" * 300_000, errors.EnvFileUnreadable, "larger", id="too large"),
        pytest.param(None, errors.EnvFileUnreadable, "No such file", id="absent"),
    ],
)
def test_read_variables__file_that_cannot_be__error(
    content: bytes | None, error: type[errors.InputError], words: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "x.env").write_bytes(content)
    with pytest.raises(error) as failure:
        read(files=(tmp_path / "x.env",))
    assert words in failure.value.sentence("where") + failure.value.sentence("why")


def test_variable__shown__without_its_value() -> None:
    assert "s3cret" not in repr(list(read_variables(["A=s3cret"], (), {})))
