"""Where Jupyter and we keep things: configuration files, the content store."""

from __future__ import annotations

import os
from pathlib import Path

NAMES = ("jupyter_config", "jupyter_mlpack_config")
"""Names of configuration files without their ends, the first read first."""

ENDS = (".py", ".json")


def home_folder() -> str:
    """The content store: ``MLPACK_HOME``, else a folder among Jupyter's data."""
    from jupyter_core.paths import jupyter_data_dir

    return os.environ.get("MLPACK_HOME") or str(Path(jupyter_data_dir()) / "mlpack")


def configuration() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Jupyter's configuration folders that exist, the strongest first, and those of ``NAMES`` that any of them has."""
    from jupyter_core.paths import jupyter_config_path

    folders = tuple(folder for folder in jupyter_config_path() if os.path.isdir(folder))
    there = (any(os.path.isfile(os.path.join(here, name + end)) for here in folders for end in ENDS) for name in NAMES)
    return folders, tuple(name for name, found in zip(NAMES, there, strict=True) if found)
