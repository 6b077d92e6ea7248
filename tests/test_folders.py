"""The folders where Jupyter looks for its files are those that ``jupyter_core`` tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENTS: dict[str, dict[str, str]] = {
    "nothing": {},
    "folders are named": {"JUPYTER_DATA_DIR": "/data", "JUPYTER_CONFIG_DIR": "/config"},
    "more folders": {"JUPYTER_PATH": "/a/:/b", "JUPYTER_CONFIG_PATH": "/c:/d/"},
    "empty values": {"JUPYTER_PATH": "", "JUPYTER_CONFIG_PATH": "", "JUPYTER_DATA_DIR": "", "JUPYTER_CONFIG_DIR": ""},
    "another data home": {"XDG_DATA_HOME": "/xdg"},
    "another home": {"HOME": "/somewhere"},
    "environment first": {"JUPYTER_PREFER_ENV_PATH": "1"},
    "user first": {"JUPYTER_PREFER_ENV_PATH": "0"},
    "user first in words": {"JUPYTER_PREFER_ENV_PATH": "False"},
    "empty preference": {"JUPYTER_PREFER_ENV_PATH": ""},
    "platform folders": {"JUPYTER_PLATFORM_DIRS": "1"},
    "no platform folders": {"JUPYTER_PLATFORM_DIRS": "0"},
    "own packages": {"PYTHONUSERBASE": "/base"},
    "no own packages": {"PYTHONNOUSERSITE": "1"},
    "conda": {"CONDA_PREFIX": sys.prefix, "CONDA_DEFAULT_ENV": "work"},
    "conda's base": {"CONDA_PREFIX": sys.prefix, "CONDA_DEFAULT_ENV": "base"},
}
PROGRAM = """
import json
from jupyter_mlpack.folders import config_folders, data_folder, data_folders
ours = [data_folder(), data_folders(), config_folders()]
from jupyter_core.paths import jupyter_config_path, jupyter_data_dir, jupyter_path
print(json.dumps([ours, [jupyter_data_dir(), jupyter_path(), jupyter_config_path()]]))
"""


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=list(ENVIRONMENTS))
def test_folders__are_jupyters(environment: dict[str, str], tmp_path: Path) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "XDG", "CONDA"))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**plain, **environment}, cwd=tmp_path, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    ours, theirs = json.loads(done.stdout)
    assert ours == theirs
