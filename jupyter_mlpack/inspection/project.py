"""What lies around the notebook's folder, up to its project: read to tell what an image will lack, never taken into it.

The project is the nearest folder above with ``.git`` or a Python project's file; without one at most ``MAX_LEVELS``
up. Never read are the root of the disk, the home folder, and a folder that everyone may write to.
"""

from __future__ import annotations

import os
import posixpath
import stat
from pathlib import Path
from typing import Literal

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.folder import MAX_ENTRIES, SKIPPED, DiskFolder, Folder, NoFolder

MAX_LEVELS = 3
MAX_SEARCHED = 12
"""Levels up in which a project is looked for, and those that are read without one."""

MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True)
class Above:
    """The project around a notebook's folder. Paths are relative to the notebook's folder (``../src/a.py``).

    ``prefix`` is the notebook's folder inside ``folder``; ``marked`` says that a project's file was found.
    """

    folder: Folder
    prefix: str = ""
    marked: bool = False

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """What stands at ``path``, if it is in the project."""
        at = self._at(path)
        return self.folder.kind(at) if at is not None else None

    def text(self, path: str) -> str | None:
        """The text of a small file in the project."""
        at = self._at(path)
        return self.folder.text(at) if at is not None else None

    def size(self, path: str) -> int:
        """Bytes of a file in the project; 0 for others."""
        at = self._at(path)
        return self.folder.size(at) if at is not None else 0

    @property
    def levels(self) -> tuple[str, ...]:
        """``..``, ``../..``, up to the project's own folder."""
        depth = len([part for part in self.prefix.split("/") if part])
        return tuple("/".join([".."] * step) for step in range(1, depth + 1))

    def _at(self, path: str) -> str | None:
        at = posixpath.normpath(posixpath.join(self.prefix, path))
        return None if at.startswith(("..", "/")) or not self.prefix else at


def read_above(folder: Folder) -> Above:
    """The project around ``folder``; nothing for a folder that is not on disk."""
    if not isinstance(folder, DiskFolder):
        return Above(NoFolder())
    start = Path(folder.root)
    around = _readable(start)
    marked = next((level for level in (start, *around) if _is_marked(level)), None)
    nearest = around[:MAX_LEVELS][-1] if around else start
    root = marked or nearest
    prefix = start.relative_to(root).as_posix()
    return Above(DiskFolder(root), "" if prefix == "." else prefix, marked is not None)


def _readable(start: Path) -> list[Path]:
    """The folders above ``start``, nearest first, that may be read."""
    found: list[Path] = []
    home = Path(os.path.expanduser("~"))
    for level in list(start.parents)[:MAX_SEARCHED]:
        try:
            shared = bool(level.stat().st_mode & stat.S_IWOTH)
        except OSError:
            break
        if level in (level.parent, home) or shared:
            break
        found.append(level)
    return found


def _is_marked(folder: Path) -> bool:
    return any(os.path.lexists(folder / mark) for mark in MARKS)


def leaving_links(folder: Folder, path: str) -> tuple[str, ...]:
    """Symbolic links at or below ``path`` that lead out of ``folder``, or from one folder to another: none is taken."""
    if not isinstance(folder, DiskFolder) or path.startswith(("/", "..")):
        return ()
    kind = folder.kind(path)
    if kind is None:
        return (path,) if os.path.islink(os.path.join(folder.top, path)) else ()
    start = Path(folder.root)
    found: list[str] = []
    seen = 0
    for top, folders, names in os.walk(start / path if kind == "folder" else ""):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in (*folders, *sorted(names)):
            at = Path(top, name)
            relative = at.relative_to(start).as_posix()
            if at.is_symlink() and (name in folders or folder.kind(relative) is None):
                found.append(relative)
        seen += len(names) + len(folders)
        if seen > MAX_ENTRIES:
            break
    return tuple(found)
