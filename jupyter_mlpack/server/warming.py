"""What a spare worker does while nobody needs it: once, for nobody, what each build does."""

from __future__ import annotations

import importlib
import json
import sys
from contextlib import suppress

from jupyter_mlpack import errors
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.survey import Kernels, inspect_file
from jupyter_mlpack.values import Json

PATTERN: type = type(pattern(""))
LATE = (
    "configparser",
    "csv",
    "jupyter_mlpack.catalog",
    "jupyter_mlpack.cli.app",
    "jupyter_mlpack.cli.quick",
    "jupyter_mlpack.oci.compress",
    "jupyter_mlpack.oci.trees",
    "tomllib" if sys.version_info >= (3, 11) else "tomli",
)
"""What a build imports when it gets there."""

SAMPLE = """
import os
import numpy as np
import pandas as pd
from pathlib import Path
%pip install scikit-learn
!apt-get install -y ffmpeg
table = pd.read_csv("data.csv")
epochs = 3
with open(Path("out") / "result.txt", "w") as file:
    file.write(f"{os.environ['HOME']} {table.shape}")
"""
"""A cell as there are many."""


def warm_up() -> None:
    """Inspect a notebook that nobody has: what every inspection imports, reads and compiles is at hand from then on."""
    errors.load()
    for name in LATE:
        importlib.import_module(name)
    with suppress(ImportError):
        importlib.import_module("isal.igzip_lib")
    cell: dict[str, Json] = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "source": SAMPLE,
        "execution_count": None,
    }
    compile_patterns()
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    with suppress(errors.MlpackError, OSError), scratch_folder() as folder:
        (folder / "sample.ipynb").write_text(json.dumps(content), encoding="utf-8")
        inspect_file(folder / "sample.ipynb", Kernels(ask=False))


def compile_patterns() -> None:
    """Compile what is otherwise compiled when it is first used: it stays in the cache of ``re``."""
    ours = [vars(module) for name, module in list(sys.modules.items()) if name.startswith("jupyter_mlpack.")]
    for value in [value for names in ours for value in names.values()]:
        if isinstance(value, PATTERN):
            value.search  # type: ignore[attr-defined]  # noqa: B018 (looking at it compiles it)
