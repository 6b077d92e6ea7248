"""Where Jupyter and we keep things: configuration files, the content store."""

from __future__ import annotations

import os

from jupyter_mlpack.folders import config_folders, data_folder

NAMES = ("jupyter_config", "jupyter_mlpack_config")
"""Names of configuration files without their ends, the first read first."""

ENDS = (".py", ".json")


def home_folder() -> str:
    """The content store: ``MLPACK_HOME``, else a folder among Jupyter's data."""
    return os.environ.get("MLPACK_HOME") or os.path.join(data_folder(), "mlpack")


def configuration() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Jupyter's configuration folders that exist, the strongest first, and those of ``NAMES`` that any of them has."""
    folders = tuple(folder for folder in config_folders() if os.path.isdir(folder))
    there = (any(os.path.isfile(os.path.join(here, name + end)) for here in folders for end in ENDS) for name in NAMES)
    return folders, tuple(name for name, found in zip(NAMES, there, strict=True) if found)
