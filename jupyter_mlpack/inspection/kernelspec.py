"""Finds the kernelspec of a name as Jupyter finds it.

``jupyter_client`` does that, too, but imports all of IPython to learn the name of one folder. The folders are
Jupyter's data folders in order, then IPython's old one; names are compared without regard to case.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack.folders import data_folders
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern

NAME = pattern(r"[a-z0-9._-]+")
NATIVE = f"python{sys.version_info[0]}"
"""The kernel that Jupyter has without a kernelspec, if ``ipykernel`` is installed beside it."""


@dataclass(frozen=True)
class Kernelspec:
    """What a kernel is started with, and its language in lower case."""

    argv: tuple[str, ...]
    language: str


def find_kernelspec(name: str) -> Kernelspec | None:
    """The kernelspec called ``name``; ``None`` when there is none, or it cannot be read."""
    if not NAME.fullmatch(name.lower()):
        return None
    found = next((spec for folder in _folders() if (spec := _find_in(folder, name))), None)
    if found is None and name.lower() == NATIVE and importlib.util.find_spec("ipykernel") is not None:
        return Kernelspec((sys.executable, "-m", "ipykernel_launcher"), "python")
    return found


def _folders() -> Iterator[Path]:
    yield from (Path(folder, "kernels") for folder in data_folders())
    yield Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "kernels"


def _find_in(folder: Path, name: str) -> Kernelspec | None:
    try:
        names = (entry for entry in sorted(os.listdir(folder)) if entry.lower() == name.lower())
        return next((_read(path) for entry in names if (path := folder / entry / "kernel.json").is_file()), None)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _read(path: Path) -> Kernelspec:
    """Raises ``OSError``, ``ValueError``, ``TypeError``, ``AttributeError`` for what is no kernelspec."""
    content = json.loads(path.read_text(encoding="utf-8"))
    argv = content.get("argv") or ()
    return Kernelspec(tuple(str(word) for word in argv), str(content.get("language") or "python").lower())
