"""Places for packages that install lines name: told with their cell, without credentials, never guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.index_options import ROLES, plain_index
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import PackageIndex

MIRROR = "https://mirror.example/simple"


def indexes(folder: Path, source: str) -> tuple[PackageIndex, ...]:
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    path = folder / "n.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}))
    return inspect_notebook(read_notebook(path)).indexes


CASES = {
    "the index": (f"%pip install acme --index-url {MIRROR}", [(MIRROR, "default")]),
    "short": (f"!pip install acme -i {MIRROR}", [(MIRROR, "default")]),
    "one more": (f"!pip install acme --extra-index-url={MIRROR}", [(MIRROR, "extra")]),
    "a page of wheels": (f"!pip install acme -f {MIRROR}/all.html", [(f"{MIRROR}/all.html", "links")]),
    "a page of wheels, joined": (f"!pip install acme -f{MIRROR}/all.html", [(f"{MIRROR}/all.html", "links")]),
    "a folder of wheels": ("!pip install acme --find-links wheels/", [("wheels/", "links")]),
    "uv's": (f"!uv pip install acme --index own={MIRROR}", [(MIRROR, "extra")]),
    "uv's default": (f"!uv pip install acme --default-index {MIRROR}", [(MIRROR, "default")]),
    "torch's build": ("!uv pip install torch --torch-backend=cu128", [("cu128", "torch")]),
    "a build of this machine": ("!uv pip install torch --torch-backend=auto", []),
    "two": (f"!pip install a -i {MIRROR} --extra-index-url {MIRROR}/2",
            [(MIRROR, "default"), (f"{MIRROR}/2", "extra")]),
    "at signs": ("!pip install acme -i https://me:pa55@pa55@mirror.example/simple#pa55", [(MIRROR, "default")]),
    "credentials": ("!pip install acme -i https://me:pa55@mirror.example/simple?token=pa55", [(MIRROR, "default")]),
    "not literal": ("url = 'x'\n!pip install acme -i {url}\n!pip install acme -i https://$HOST/simple", []),
    "a file of this machine": ("!pip install acme -i file:///srv/simple", []),
    "only printed": (f"print('pip install acme -i {MIRROR}')", []),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES)
def test_indexes__install_line__are_told(tmp_path: Path, source: str, expected: list[tuple[str, str]]) -> None:
    found = indexes(tmp_path, source)
    assert [(index.url, index.role) for index in found] == expected
    assert all(index.evidence[0].location.cell == 1 for index in found)
    assert "pa55" not in str(found)


def test_indexes__requirements_file__have_its_line(tmp_path: Path) -> None:
    (tmp_path / "needs.txt").write_text(f"# ours\n--extra-index-url {MIRROR}\nacme\n")
    (found,) = indexes(tmp_path, "!pip install -r needs.txt")
    assert (found.url, found.role) == (MIRROR, "extra")
    assert str(found.evidence[0].location) == "needs.txt, line 2"


@given(st.text(), st.sampled_from(["-i", "--extra-index-url", "-f", "--torch-backend", "--index"]))
def test_plain_index__any_text__is_an_address_without_credentials_or_nothing(value: str, option: str) -> None:
    found = plain_index(value, ROLES[option])
    assert "@" not in found.partition("://")[2].partition("/")[0]
    assert not any(character.isspace() for character in found)
