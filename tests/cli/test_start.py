"""What a rebuild does not import: each module here was a part of its time, and comes back unseen."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import jupyter_mlpack.cli.app, jupyter_mlpack.cli.quick
from jupyter_mlpack.cli.building import make_machine
from jupyter_mlpack.cli.report import make_reporter
import jupyter_mlpack.catalog, jupyter_mlpack.oci.trees
print("\\n".join(sys.modules))
"""
NOT_NEEDED = {
    "argparse", "asyncio", "concurrent.futures", "configparser", "csv", "dataclasses", "datetime", "email", "http",
    "httpx", "importlib.metadata", "inspect", "jupyter_core", "logging", "lzma", "packaging", "random", "shutil",
    "socket", "ssl", "string", "subprocess", "tarfile", "tempfile", "textwrap", "tokenize", "tomli", "tomllib",
    "traceback", "traitlets", "yaml", "zipfile",
    "jupyter_mlpack.errors.engine", "jupyter_mlpack.errors.input", "jupyter_mlpack.errors.stack",
    "jupyter_mlpack.inspection.declarations.lock", "jupyter_mlpack.inspection.declarations.requirements",
    "jupyter_mlpack.lifecycle.child", "jupyter_mlpack.lifecycle.failure",
}  # fmt: skip


def test_start__a_build__imports_what_it_needs() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert NOT_NEEDED & set(said.stdout.split()) == set()
