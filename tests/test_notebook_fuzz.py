"""Whatever bytes a notebook file holds: an answer in bounded time, or a leaf of ``InputError``. Nothing else leaves.

``bench/fuzz.py`` does the same for as long as one likes.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from notebook_bytes import PIECES, changed, seeds

from jupyter_mlpack.errors import InputError
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.shell import join_words, split_commands
from jupyter_mlpack.inspection.syntax import parse_python
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Inspection, to_json

SEEDS = seeds(Path(__file__).parent / "notebooks")
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CODE = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
SECONDS = 20
"""Far above what a changed notebook takes (milliseconds), also on a busy machine."""


def answer(path: Path, content: bytes) -> Inspection | None:
    """The inspection, or ``None`` for a refusal in plain words."""
    path.write_bytes(content)
    started = time.monotonic()
    try:
        inspection = inspect_notebook(read_notebook(path))
        json.dumps(to_json(inspection))
    except InputError:
        return None
    finally:
        assert time.monotonic() - started < SECONDS
    return inspection


@MANY
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_inspect_notebook__changed_notebook__answers_or_refuses(tmp_path: Path, seed: bytes, number: int) -> None:
    answer(tmp_path / "n.ipynb", changed(seed, random.Random(number)))


@MANY
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_read_notebook__noise__is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    assert answer(tmp_path / "n.ipynb", content) is None


@MANY
@given(CODE)
def test_read_cell__pieces_of_code__keep_their_lines(source: str) -> None:
    cell = read_cell(1, source)
    count = len(source.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert len(cell.python.split("\n")) == count
    assert all(1 <= magic.line <= count for magic in cell.magics)
    assert not cell.parses or parse_python(cell.python) is not None
    assert read_cell(1, source) == cell


@MANY
@given(
    st.lists(
        st.sampled_from(
            ["x = 1", "import a", "if x:\n    y = 2", "f(\n  1,\n)", "'''\n%no magic\n!none\n'''", "z = (4\n% 3)"]
        )
    )
)
def test_read_cell__python_without_magics__is_itself(statements: list[str]) -> None:
    source = "\n".join(statements)
    cell = read_cell(1, source)
    assert (cell.python, cell.magics, cell.parses) == (source, (), True)


@MANY
@given(
    st.lists(
        st.sampled_from(
            ["x = 1", "%pip install a", "!ls -l \\\n  -a", "y = !pwd", "if x:\n    !a", "s = '''\n%no\n'''", "print(1)"]
        )
    )
)
def test_read_cell__magics_between_statements__are_found_at_their_lines(statements: list[str]) -> None:
    expected, line = [], 1
    for statement in statements:
        if "%pip" in statement or "!" in statement:
            expected.append(line + statement.startswith("if"))
        line += statement.count("\n") + 1
    cell = read_cell(1, "\n".join(statements))
    assert [magic.line for magic in cell.magics] == expected
    assert cell.parses


@MANY
@given(st.text(alphabet=st.sampled_from("ab-= '\"\\$(){}`<>|&;#\n\t!é\0"), max_size=60))
def test_split_commands__any_text__gives_words(text: str) -> None:
    commands = split_commands(text)
    assert all(command and all(isinstance(word, str) for word in command) for command in commands)


@MANY
@given(st.lists(st.text(alphabet=st.sampled_from("ab-=.[]>;&|# _"), min_size=1, max_size=8), min_size=1, max_size=5))
def test_split_commands__joined_words__come_back(words: list[str]) -> None:
    command = ["pip", "install", *(word for word in words if word.strip("<>&|; #") and word[0] not in "<>&0123456789")]
    assert split_commands(join_words(command)) == [command]
