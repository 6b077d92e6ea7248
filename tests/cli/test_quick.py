"""The quick ways of ``inspect`` and ``build`` do what the usual one does, and is taken only where that is sure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mlpack.cli.quick import quick_words

TAKEN = [
    pytest.param(["n.ipynb", "--no-kernel", "--format", "json"], id="path first"),
    pytest.param(["--no-kernel", "--format", "json", "n.ipynb"], id="path last"),
    pytest.param(["--format=json", "n.ipynb", "--no-kernel"], id="path between"),
    pytest.param(["--no-kernel", "--format", "requirements", "n.ipynb"], id="requirements"),
    pytest.param(["--no-kernel", "--format", "json", "."], id="folder"),
    pytest.param(["--no-kernel", "--format", "json", "a=b c.ipynb"], id="odd name"),
    pytest.param(["--no-kernel", "--format", "json", "Command.format=text"], id="name like a setting"),
    pytest.param(["--no-kernel", "--format", "json", ""], id="empty name"),
    pytest.param(["--no-kernel", "--format", "json", "none.ipynb"], id="no file"),
    pytest.param(["--no-kernel", "--format", "json", "broken.ipynb"], id="broken"),
    pytest.param(["--no-kernel", "--format", "json", "inspect"], id="name of a command"),
]
LEFT = [
    pytest.param([], id="nothing"),
    pytest.param(["n.ipynb"], id="text"),
    pytest.param(["n.ipynb", "--format", "json"], id="asks the kernel"),
    pytest.param(["n.ipynb", "--no-kernel", "--format"], id="no format"),
    pytest.param(["n.ipynb", "--no-kernel", "--format", "pylock"], id="lock"),
    pytest.param(["n.ipynb", "--no-kernel", "--format", "json", "--format", "text"], id="two formats"),
    pytest.param(["n.ipynb", "m.ipynb", "--no-kernel", "--format", "json"], id="two notebooks"),
    pytest.param(["n.ipynb", "--no-kernel", "--format", "json", "-v"], id="another option"),
    pytest.param(["n.ipynb", "--no-kernel", "--format", "json", "--"], id="end of options"),
    pytest.param(["n.ipynb", "--no-kernel", "--format", "json", "--help"], id="help"),
    pytest.param(["n.ipynb", "--no-kernel", "--format", "json", "--Command.verbose=True"], id="setting"),
]
BUILT = [
    pytest.param(["none.ipynb"], id="no file"),
    pytest.param(["none.ipynb", "--format=json"], id="no file, for machines"),
    pytest.param(["n.ipynb"], id="unknown import"),
    pytest.param(["--format", "json", "n.ipynb"], id="unknown import, for machines"),
    pytest.param(["n.ipynb", "--name", "No Name"], id="no name"),
    pytest.param(["n.ipynb", "--choices", "{"], id="choices that are none"),
    pytest.param(["n.ipynb", '--choices={"purpose": "inference"}'], id="another purpose"),
    pytest.param(["a=b c.ipynb", "--home", "here"], id="another store"),
]
LEFT_BUILDS = [
    pytest.param(["n.ipynb", "-v"], id="another option"),
    pytest.param(["n.ipynb", "--push", "localhost:1/x"], id="a place to go"),
    pytest.param(["n.ipynb", "--format", "yaml"], id="unknown format"),
    pytest.param(["n.ipynb", "--name"], id="no value"),
    pytest.param(["n.ipynb", "--name="], id="empty value"),
    pytest.param(["n.ipynb", "--home", "~/x"], id="home of a user"),
    pytest.param(["n.ipynb", "--name", "'x'"], id="quoted"),
    pytest.param(["n.ipynb", "--name", "--x"], id="value like an option"),
    pytest.param(["n.ipynb", "--name", "x", "--name", "y"], id="two names"),
    pytest.param(["n.ipynb", "m.ipynb"], id="two notebooks"),
    pytest.param(["--name", "x"], id="no notebook"),
    pytest.param(["n.ipynb", "--"], id="end of options"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two notebooks, a broken one, and a folder with an empty configuration file."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "import numpy\nimport nobody_knows"}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    for name in ("n.ipynb", "a=b c.ipynb"):
        (tmp_path / name).write_text(text)
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "configured").mkdir()
    (tmp_path / "configured" / "jupyter_mlpack_config.py").write_text("")
    (tmp_path / "empty").mkdir()
    return tmp_path


def said(words: list[str], folder: Path, configuration: str, command: str = "inspect") -> tuple[int, str, str]:
    """Status, output and errors of the command, with this folder of configuration."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", command, *words], cwd=folder, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, check=False, timeout=60, env=environment(folder, configuration),
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def environment(folder: Path, configuration: str) -> dict[str, str]:
    return {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / configuration), "HOME": str(folder / "empty")}


@pytest.mark.parametrize("words", TAKEN)
def test_quick_status__taken__says_what_the_usual_way_says(words: list[str], folder: Path) -> None:
    assert quick_words(["inspect", *words]) is not None
    assert said(words, folder, "empty") == said(words, folder, "configured")


@pytest.mark.parametrize("words", LEFT)
def test_quick_words__anything_else__is_left_to_the_usual_way(words: list[str]) -> None:
    assert quick_words(["inspect", *words]) is None


@pytest.mark.parametrize("words", BUILT)
def test_quick_status__build__says_what_the_usual_way_says(words: list[str], folder: Path) -> None:
    assert quick_words(["build", *words]) is not None
    quick = said(words, folder, "empty", "build")
    assert quick[0] != 0
    assert quick == said(words, folder, "configured", "build")


@pytest.mark.parametrize("words", LEFT_BUILDS)
def test_quick_words__other_builds__are_left_to_the_usual_way(words: list[str]) -> None:
    assert quick_words(["build", *words]) is None


@pytest.mark.parametrize(("configuration", "imported"), [("empty", False), ("configured", True)])
def test_main__configuration_file__decides_whether_the_framework_is_imported(
    folder: Path, configuration: str, imported: bool
) -> None:
    code = (
        "import atexit, sys; from jupyter_mlpack.cli.app import main\n"
        "atexit.register(lambda: print('traitlets' in sys.modules, 'rich' in sys.modules, file=sys.stderr))\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "inspect", "--no-kernel", "--format", "json", "n.ipynb"], cwd=folder, check=True,
        capture_output=True, text=True, timeout=60, env=environment(folder, configuration),
    )  # fmt: skip
    assert done.stderr.split() == [str(imported), "False"]
