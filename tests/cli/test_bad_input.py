"""Bad input costs one clear sentence and a non-zero exit; no image name moves.

Each row is a command as a user would type it, run as a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

IMPORTS_NOTHING = "print('hello')\n"
UNREACHABLE = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}


def notebook(path: Path, *cells: str, **metadata: object) -> Path:
    """A notebook file with code cells."""
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": metadata,
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": cell,
                "outputs": [],
                "execution_count": None,
            }
            for number, cell in enumerate(cells)
        ],
    }
    path.write_text(json.dumps(document))
    return path


def text(content: str) -> Callable[[Path], Path]:
    """A file with just this in it."""

    def make(folder: Path) -> Path:
        path = folder / "n.ipynb"
        path.write_text(content)
        return path

    return make


def code(*cells: str, **metadata: object) -> Callable[[Path], Path]:
    """A notebook with these cells."""
    return lambda folder: notebook(folder / "n.ipynb", *cells, **metadata)


def kernel(name: str, language: str) -> dict[str, object]:
    """A kernelspec entry."""
    return {
        "kernelspec": {"name": name, "display_name": name, "language": language},
        "language_info": {"name": language},
    }


@dataclass(frozen=True)
class Case:
    """What is built, with which options and environment; the exit code and words that are expected."""

    make: Callable[[Path], Path]
    exit_code: int
    words: tuple[str, ...]
    options: tuple[str, ...] = ("--dry-run",)
    environment: dict[str, str] = field(default_factory=dict)


CASES = {
    "no such file": Case(lambda folder: folder / "nope.ipynb", 2, ("There is no notebook at", "nope.ipynb")),
    "a folder": Case(lambda folder: folder, 2, ("is a folder",)),
    "broken JSON": Case(text('{"cells": [}'), 2, ("error:",)),
    "not a notebook": Case(text("[1, 2]"), 2, ("error:",)),
    "empty file": Case(text(""), 2, ("error:",)),
    "no code": Case(code(), 2, ("error:",)),
    "R": Case(code("x <- 1", **kernel("ir", "R")), 2, ("R",)),
    "Julia": Case(code("x = 1", **kernel("julia-1.10", "julia")), 2, ("Julia",)),
    "two notebooks": Case(code(IMPORTS_NOTHING), 2, ("One notebook is wanted; 2",), ("another.ipynb",)),
    "Python that no stack has": Case(
        code(IMPORTS_NOTHING), 4, ("No stack has Python 3.7", "--python 3.13"), ("--python", "3.7")
    ),
    "unknown stack": Case(code(IMPORTS_NOTHING), 4, ("no stack called", "bookworm"), ("--stack", "buster")),
    "unresolved import": Case(code("import zzz_nobody_has_this"), 4, ("zzz_nobody_has_this", "cell 1", "--require")),
    "no network": Case(code("import yaml"), 4, ("cannot be reached", "127.0.0.1"), environment=UNREACHABLE),
    "bad reference": Case(code(IMPORTS_NOTHING), 2, ("error:",), ("--push", "UPPER CASE")),
    "bad name": Case(code(IMPORTS_NOTHING), 2, ("error:",), ("--name", "UPPER CASE")),
    "output below a file": Case(code(IMPORTS_NOTHING), 7, ("cannot be written",), ("--layout", "n.ipynb/layout")),
    "variable that is not set": Case(
        code(IMPORTS_NOTHING), 2, ("NOT_SET_HERE is not set", "--env NOT_SET_HERE=VALUE"), ("--env", "NOT_SET_HERE")
    ),
    "variable of the platform": Case(code(IMPORTS_NOTHING), 2, ("BP_UV cannot be set",), ("--env", "BP_UV=/bin/sh")),
    "no file of variables": Case(code(IMPORTS_NOTHING), 2, ("file of variables",), ("--env-file", "absent.env")),
    "binding without a folder": Case(code(IMPORTS_NOTHING), 2, ("NAME=DIR",), ("--binding", "index")),
    "volume to write": Case(code(IMPORTS_NOTHING), 2, ("only be read",), ("--volume", ".:/x:rw")),
    "volume over the layers": Case(code(IMPORTS_NOTHING), 2, ("belongs to",), ("--volume", ".:/layers")),
    "no builder": Case(code(IMPORTS_NOTHING), 2, ("absent.toml cannot be used",), ("--builder", "absent.toml")),
    "no order": Case(code(IMPORTS_NOTHING), 2, ("absent.toml cannot be used",), ("--order", "absent.toml")),
    "unknown buildpack": Case(
        code(IMPORTS_NOTHING), 2, ("no buildpack no/such", "At hand"), ("--buildpack", "no/such")
    ),
    "no descriptor": Case(code(IMPORTS_NOTHING), 2, ("absent.toml cannot be used",), ("--descriptor", "absent.toml")),
    "mirror of nothing": Case(code(IMPORTS_NOTHING), 2, ("mirror of no run image",), ("--run-image-mirror", "a.b/c")),
    "bad tag": Case(code(IMPORTS_NOTHING), 2, ("error:",), ("--tag", "UPPER CASE")),
    "bad cache image": Case(code(IMPORTS_NOTHING), 2, ("error:",), ("--cache-image", "UPPER CASE")),
    "no time": Case(code(IMPORTS_NOTHING), 2, ("not a time",), ("--creation-time", "yesterday")),
    "no epoch": Case(code(IMPORTS_NOTHING), 2, ("SOURCE_DATE_EPOCH",), environment={"SOURCE_DATE_EPOCH": "yesterday"}),
    "no purpose": Case(code(IMPORTS_NOTHING), 2, ("no images for fun",), ("--purpose", "fun")),
    "nothing to serve": Case(code(IMPORTS_NOTHING), 2, ("no function that could",), ("--purpose", "inference")),
    "trains at each start": Case(
        code("m = M()\nm.fit(1)\ndef predict(x):\n    return m"), 2, ("cell", "m.fit(1)"), ("--purpose", "inference")
    ),
    "a model for a training image": Case(code(IMPORTS_NOTHING), 2, ("inference images only",), ("--model", ".")),
}

NETWORK = {
    "unknown package": Case(
        code("%pip install no-such-package-xyz-123"), 4, ("no package called no-such-package-xyz-123",)
    ),
    "no wheel": Case(code("%pip install docopt==0.6.2"), 4, ("docopt", "has no wheel for Linux")),
    "conflict": Case(
        code("%pip install pandas==2.2.0\n%pip install numpy==2.3"), 4, ("cannot be installed together", "numpy")
    ),
}


def build(path: Path, folder: Path, case: Case) -> subprocess.CompletedProcess[str]:
    """Run ``jupyter mlpack build`` with a store of its own."""
    return subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", "build", str(path), *case.options, "--home", str(folder / "home")],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **case.environment},
        check=False,
        timeout=120,
    )


def check(folder: Path, case: Case) -> None:
    """The exit code, the words, no traceback, and nothing named in the store."""
    answer = build(case.make(folder), folder, case)
    assert answer.returncode == case.exit_code, answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("error:") == 1
    for word in case.words:
        assert word in answer.stderr
    assert not list((folder / "home" / "names").glob("*"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_build__bad_input__one_sentence(tmp_path: Path, case: Case) -> None:
    check(tmp_path, case)


@pytest.mark.network
@pytest.mark.parametrize("case", NETWORK.values(), ids=NETWORK)
def test_build__packages_that_cannot_be__one_sentence(tmp_path: Path, case: Case) -> None:
    check(tmp_path, case)


def test_build__json_format__the_failure_is_one_event(tmp_path: Path) -> None:
    case = Case(lambda folder: folder / "nope.ipynb", 2, (), ("--format", "json"))
    answer = build(case.make(tmp_path), tmp_path, case)
    last = json.loads(answer.stdout.splitlines()[-1])
    assert last["event"] == "Failed"
    assert last["code"] == "notebook-missing"
    assert last["hint"]


def test_build__cell_that_is_no_python__a_note_with_its_number(tmp_path: Path) -> None:
    case = Case(code(IMPORTS_NOTHING, "this is no Python"), 0, ())
    answer = build(case.make(tmp_path), tmp_path, case)
    assert answer.returncode == 0, answer.stderr
    assert "cell 2" in answer.stderr


@pytest.mark.parametrize(
    "command", [[], ["build"], ["run"], ["images"], ["inspect"]], ids=lambda words: " ".join(words) or "alone"
)
def test_help__teaches_with_examples(command: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", *command, "--help"], capture_output=True, text=True, check=True
    )
    assert "usage: jupyter mlpack" in answer.stdout
    assert "examples:" in answer.stdout
