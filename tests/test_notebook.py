"""A path becomes a notebook or a plain reason; no bytes make anything else happen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlpack import errors
from jupyter_mlpack.notebook import check_runnable, read_notebook
from jupyter_mlpack.notebook_text import MAX_BYTES

CASES = Path(__file__).parent / "notebooks"


def write(folder: Path, content: object, name: str = "n.ipynb") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def code(source: object = "a = 1", **cell: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 7, "source": source, **cell}


def document(*cells: object, **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 2}


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        pytest.param("", errors.NotebookBlank, "empty file", id="empty file"),
        pytest.param('{"cells": [\n}', errors.NotebookBrokenJson, "damaged", id="broken JSON"),
        pytest.param("[" * 200_000, errors.NotebookStrangeJson, "nested", id="deep JSON"),
        pytest.param('{"cells": ' + "1" * 5000 + "}", errors.NotebookStrangeJson, "number", id="long number"),
        pytest.param([1, 2], errors.NotANotebook, "list of cells", id="a list"),
        pytest.param({"a": 1}, errors.NotANotebook, "list of cells", id="another object"),
        pytest.param(
            {"worksheets": 3, "nbformat": 3}, errors.NotANotebook, "list of cells", id="nonsense of version 3"
        ),
        pytest.param({"cells": {}, "nbformat": "x"}, errors.NotANotebook, "list of cells", id="cells are no list"),
    ],
)
def test_read_notebook__wrong_content__says_what(
    tmp_path: Path, content: object, error: type[errors.InputError], says: str
) -> None:
    with pytest.raises(error) as caught:
        read_notebook(write(tmp_path, content))
    assert says in caught.value.sentence("what")


UNRUNNABLE = {
    "no cells": (document(), errors.NotebookEmpty, "python"),
    "blank code": (document(code("  ")), errors.NotebookEmpty, "python"),
    "R by language": (document(code(), language_info={"name": "R"}), errors.NotebookLanguage, "R"),
    "R by kernel": (document(code(), kernelspec={"name": "ir"}), errors.NotebookLanguage, "R"),
}


@pytest.mark.parametrize(("content", "error", "language"), UNRUNNABLE.values(), ids=UNRUNNABLE)
def test_check_runnable__nothing_to_run__is_refused_after_reading(
    tmp_path: Path, content: object, error: type[errors.InputError], language: str
) -> None:
    notebook = read_notebook(write(tmp_path, content))
    assert notebook.language == language
    with pytest.raises(error):
        check_runnable(notebook)


def test_read_notebook__broken_json__names_the_line() -> None:
    with pytest.raises(errors.NotebookBrokenJson) as caught:
        read_notebook(CASES / "merge_conflict" / "notebook.ipynb")
    assert caught.value.sentence("where") == "line 3, column 1"


def test_read_notebook__no_file__is_missing(tmp_path: Path) -> None:
    with pytest.raises(errors.NotebookMissing):
        read_notebook(tmp_path / "none.ipynb")
    with pytest.raises(errors.NotebookMissing):
        read_notebook(Path("nul\0byte"))


def test_read_notebook__folder__names_an_example(tmp_path: Path) -> None:
    write(tmp_path, document(code()), "inside.ipynb")
    with pytest.raises(errors.NotebookIsFolder) as caught:
        read_notebook(tmp_path)
    assert "inside.ipynb" in caught.value.sentence("hint")


def test_read_notebook__huge__is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.ipynb"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(errors.NotebookTooLarge):
        read_notebook(path)


def test_read_notebook__pipe__does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(errors.NotebookUnreadable):
        read_notebook(tmp_path / "pipe.ipynb")


def test_read_notebook__binary__is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(errors.NotebookNotText):
        read_notebook(path)


def test_read_notebook__document__is_valid_and_canonical(tmp_path: Path) -> None:
    cells = (
        code(["a = 1\n", "b = 2"], outputs=[{"output_type": "stream", "name": "stdout", "text": "secret"}], id="x y"),
        code("c", metadata={"tags": ["parameters", 3], "execution": {"iopub": "2024"}, "jupyter": [1]}),
        {"cell_type": "markdown", "source": "# é \ud800", "attachments": {"a": 1}},
        {"cell_type": "odd"}, "no cell",
    )  # fmt: skip
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    first = read_notebook(write(tmp_path, document(*cells, widgets=widgets, interpreter={"hash": "me"})))
    nbformat.validate(nbformat.reads(first.document, as_version=4))
    again = read_notebook(write(tmp_path, first.document, "again.ipynb"))
    assert again.document == first.document
    assert not any(
        word in first.document for word in ("secret", "widget", "interpreter", "2024", '"execution_count": 7')
    )
    assert first.cells[1].tags == {"parameters"}
    assert [cell.number for cell in first.cells] == [1, 2]


def test_read_notebook__metadata__is_told(tmp_path: Path) -> None:
    about = {"kernelspec": {"name": "conda-env"}, "language_info": {"name": "python", "version": "3.10.4 (main) [GCC]"}}
    notebook = read_notebook(write(tmp_path, document(code(), **about)))
    assert (notebook.kernel, notebook.python_version, notebook.language) == ("conda-env", "3.10.4", "python")


@pytest.mark.parametrize("version", [3, None, "x", {}, [], "3"])
def test_read_notebook__odd_version__is_unknown(tmp_path: Path, version: object) -> None:
    notebook = read_notebook(write(tmp_path, document(code(), language_info={"version": version}, kernelspec="text")))
    assert notebook.python_version is None


SOME = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
CELLS = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", 3])},
    optional={"source": VALUES, "metadata": VALUES, "id": VALUES},
)
NOTEBOOKS = st.fixed_dictionaries(
    {"cells": st.lists(CELLS | VALUES, max_size=4) | VALUES},
    optional={"metadata": VALUES, "nbformat": st.sampled_from([2, 3, 4, 5, "4", None]), "worksheets": VALUES},
)


def reads_or_refuses(path: Path) -> None:
    """Only leaves of ``InputError`` are caught; what is read must be a valid notebook."""
    try:
        text = read_notebook(path).document
    except errors.InputError:
        return
    nbformat.validate(nbformat.reads(text, as_version=4))


@SOME
@given(st.binary(max_size=200))
def test_read_notebook__any_bytes__reads_or_refuses(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "n.ipynb").write_bytes(data)
    reads_or_refuses(tmp_path / "n.ipynb")


@SOME
@given(NOTEBOOKS)
def test_read_notebook__any_json__reads_or_refuses(tmp_path: Path, content: dict[str, Any]) -> None:
    reads_or_refuses(write(tmp_path, content))


def test_read_notebook__too_many_magics__says_from_which_cell_on(tmp_path: Path) -> None:
    notebook = read_notebook(write(tmp_path, document(code("1"), code("%time 1\n" * 3000))))
    assert [(notice.code, notice.location.cell) for notice in notebook.notices if notice.location] == [("cell-cut", 2)]


def test_read_notebook__format_3__has_the_cells_that_nbformat_makes(tmp_path: Path) -> None:
    v3 = nbformat.v3
    cells = [
        v3.new_heading_cell("Title", level=2),
        v3.new_text_cell("markdown", "some\ntext"),
        v3.new_code_cell("import yaml\nx = 1"),
    ]
    old = v3.new_notebook(worksheets=[v3.new_worksheet(cells=cells)])
    mine = read_notebook(write(tmp_path, json.dumps(old))).content["cells"]
    assert isinstance(mine, list)
    told = [(cell["cell_type"], cell["source"]) for cell in mine if isinstance(cell, dict)]
    assert told == [(cell.cell_type, cell.source) for cell in nbformat.convert(old, 4).cells]
