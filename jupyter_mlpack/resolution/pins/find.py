"""The lock that speaks for a notebook: the most believed of those that its inspection found beside it."""

from __future__ import annotations

import posixpath
from pathlib import Path

from jupyter_mlpack.inspection.declarations.read import FOLDERS
from jupyter_mlpack.inspection.folder import DiskFolder
from jupyter_mlpack.inspection.project import read_above
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.resolution.pins.choose import FolderLock, choose_pins
from jupyter_mlpack.resolution.pins.read import read_pins
from jupyter_mlpack.values import Declaration, Inspection, Target

KINDS = ("lock", "requirements")
"""Of ``Declaration``."""


def find_lock(inspection: Inspection, folder: Path | None, target: Target) -> FolderLock:
    """The lock for ``target``, an empty one if there is none. ``folder`` is the notebook's."""
    found = sorted((entry for entry in inspection.declarations if entry.kind in KINDS), key=_place)
    if folder is None or not found:
        return FolderLock()
    disk = DiskFolder(folder)
    around = Surroundings(disk, above=read_above(disk))
    for entry in found:
        path = entry.location.path
        pins = read_pins(posixpath.basename(path), around.text(path) or "")
        if pins:
            return choose_pins(path, pins, target)
    return FolderLock()


def _place(entry: Declaration) -> tuple[int, bool, int]:
    """The order of belief (``belief.py``): beside the notebook, in the binder folder, a lock."""
    *folders, _ = entry.location.path.split("/")
    return folders.count(".."), folders[-1:] not in ([name] for name in FOLDERS), KINDS.index(entry.kind)
