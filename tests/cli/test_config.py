"""Settings from a configuration file: those of what the subcommands share, too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest


@pytest.mark.parametrize("owner", ["MachineMixin", "BuildCommand"])
def test_config__stacks_folder_without_stacks__is_used_and_explained(owner: str, tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("print('hello')", id="c1")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "n.ipynb")
    (tmp_path / "empty").mkdir()
    (tmp_path / "config.py").write_text(f"c.{owner}.stacks = {str(tmp_path / 'empty')!r}\n")
    words = ["build", "n.ipynb", "--dry-run", "--format", "json", "--config", "config.py", "--home", "home"]
    answer = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2, answer.stderr
    failure = json.loads(answer.stdout.splitlines()[-1])
    assert failure["code"] == "no-stacks"
    assert str(tmp_path / "empty") in failure["what"]
