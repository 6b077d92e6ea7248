"""Notebooks with commands on a stack without a shell: what is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.inspection.serving import find_serving
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.shellless import check_shell
from jupyter_mlpack.values import Location, Notebook

CATALOG = read_catalog()
STACKS = {stack.name: stack for stack in CATALOG.stacks}


def notebook(folder: Path, *cells: str) -> Notebook:
    """A notebook of these code cells."""
    code = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for at, cell in enumerate(cells)
    ]
    path = folder / "n.ipynb"
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return read_notebook(path)


@pytest.mark.parametrize(
    ("cells", "place", "told"),
    [
        (["x = 1", "!ls data"], (2, 1), "`ls data` will fail"),
        (["x = 1\n!git clone https://example.com/a.git\n!ls"], (1, 2), "a.git` and 1 more will fail"),
        (["%%bash\nset -e\nmake"], (1, 2), "`set -e` and 1 more will fail"),
        (["import os\nos.system('nvidia-smi')"], (1, 2), "`nvidia-smi` will fail"),
        (["import subprocess\nsubprocess.run(['ls'])"], (1, 2), "`ls` will fail"),
        ([f"!echo {'a' * 90}"], (1, 1), f"`echo {'a' * 55} ...` will fail"),
    ],
    ids=["line", "two", "bash", "system", "subprocess", "long"],
)
def test_check_shell__commands__told_with_place_and_the_stack_that_has_them(tmp_path, cells, place, told):
    (notice,) = check_shell(notebook(tmp_path, *cells), None, STACKS["trixie-minimal"], CATALOG)
    assert (notice.code, notice.location) == ("no-shell", Location("n.ipynb", *place))
    assert told in notice.text
    assert notice.text.endswith("--stack trixie has them.")


@pytest.mark.parametrize(
    ("stack", "cell"),
    [("bookworm", "!ls"), ("bookworm-minimal", "import os\nx = 1"), ("bookworm-minimal", "if IN_COLAB:\n    !ls")],
    ids=["shell", "none", "elsewhere"],
)
def test_check_shell__nothing_fails__nothing_is_told(tmp_path, stack, cell):
    assert not list(check_shell(notebook(tmp_path, cell), None, STACKS[stack], CATALOG))


def test_check_shell__no_other_stack__no_hint(tmp_path):
    alone = replace(CATALOG, stacks=(STACKS["bookworm-minimal"],))
    (notice,) = check_shell(notebook(tmp_path, "!ls"), None, STACKS["bookworm-minimal"], alone)
    assert notice.text.endswith("will fail in the image.")


PREDICT = "import os\ndef predict(x: int) -> int:\n    {}\n    return x"


@pytest.mark.parametrize(("body", "count"), [("y = 1", 0), ("os.system('ls')", 1)], ids=["cut", "kept"])
def test_check_shell__inference__only_what_is_kept_counts(tmp_path, body, count):
    served = notebook(tmp_path, "!wget https://example.com/data.csv", PREDICT.format(body))
    serving = find_serving(served)
    assert len(list(check_shell(served, serving, STACKS["bookworm-minimal"], CATALOG))) == count
