"""Puts the JupyterLab panel into wheels and sdists: built for production, from the sources at hand, or not at all.

An editable installation needs no Node.js and brings no panel; ``make panel`` adds it. A wheel and an sdist always carry
it: what lies built in ``jupyter_mlpack/labextension`` is taken only if its stamp says that it was made for production
from these very sources. Otherwise it is built anew, and where that cannot be, the wheel is refused.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ["package.json", "yarn.lock", "tsconfig.json", "schema/**/*", "src/**/*", "style/**/*"]
INSTALLED = "share/jupyter/labextensions/jupyter-mlpack"
NO_NODE = (
    "The JupyterLab panel must be built before it can be packaged, and Node.js is not here. Install Node.js 20.19 or"
    " newer, or take a released wheel or sdist: they hold the built panel. For the command line alone: pip install -e ."
)


class PanelHook(BuildHookInterface[Any]):
    """Builds the panel where it is missing or older than its sources, and adds it to the archive."""

    @property
    def assets(self) -> Path:
        """Where the built panel lies."""
        return Path(self.root, "jupyter_mlpack", "labextension")

    def dependencies(self) -> list[str]:
        """What building the panel needs from Python's index: jlpm and the caller of the bundler."""
        return ["jupyter-builder>=1.2,<2"] if not self.is_fresh() and shutil.which("node") else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build; ``version`` is ``editable`` or ``standard``."""
        if version == "editable":
            return
        if not self.is_fresh():
            self.build()
        if self.target_name == "wheel":
            build_data["shared_data"]["jupyter_mlpack/labextension"] = INSTALLED
            build_data["shared_data"]["install.json"] = f"{INSTALLED}/install.json"

    def is_fresh(self) -> bool:
        """Whether the built panel was made for production from the sources as they are now."""
        stamp = self.assets / "sources.sha256"
        # Only a development build leaves a log, with this machine's paths in it.
        return not (self.assets / "build_log.json").exists() and stamp.is_file() and stamp.read_text() == self.digest()

    def digest(self) -> str:
        """SHA-256 over names and contents of all that the panel is made of."""
        folder = Path(self.root, "labextension")
        digest = hashlib.sha256()
        for path in sorted({path for pattern in SOURCES for path in folder.glob(pattern)}):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and "__tests__" not in name:
                digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return digest.hexdigest() + "\n"

    def build(self) -> None:
        """Run the front end's own production build, then say of which sources it is."""
        if not shutil.which("node"):
            sys.exit(NO_NODE)
        folder = Path(self.root, "labextension")
        # A frontend like `pip wheel` runs this with the build environment's programs first on PATH.
        jlpm = shutil.which("jlpm")
        if not jlpm:
            sys.exit("jlpm is missing; it comes with the Python package jupyter-builder.")
        before = self.digest()
        for command in (["install", "--immutable"], ["build:prod"]):
            subprocess.run([jlpm, *command], cwd=folder, check=True, stdout=sys.stderr)
        if not (self.assets / "static" / "style.js").is_file() or self.digest() != before:
            sys.exit("The JupyterLab panel was not built whole, or its sources changed meanwhile.")
        (self.assets / "sources.sha256").write_text(before)
