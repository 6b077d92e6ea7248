"""The notebook's folder as inspection may see it: text and sizes of files inside, nothing outside, nothing run."""

from __future__ import annotations

import os
import posixpath
import stat
from pathlib import Path
from typing import Literal, Protocol

MAX_TEXT = 2_000_000
"""Bytes of a local file that is read as code or as a list of requirements."""

MAX_ENTRIES = 5_000
"""Files of one folder tree that are looked at."""

MAX_LOOKED = 50_000
"""Names of one folder tree that are looked through for those files."""

SKIPPED = frozenset(
    ["__pycache__", ".git", ".ipynb_checkpoints", "node_modules", ".venv", "venv", ".mypy_cache", ".pytest_cache"]
)


class Folder(Protocol):
    """What inspection asks of a folder. Paths are relative, POSIX style; those that lead outside are not there."""

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """What stands at ``path``, if it is inside."""

    def text(self, path: str) -> str | None:
        """The text of a file of at most ``MAX_TEXT`` bytes."""

    def size(self, path: str) -> int:
        """Bytes of a file."""

    def tree(self, path: str) -> tuple[str, ...]:
        """All files below a folder, sorted, at most ``MAX_ENTRIES``."""


class DiskFolder:
    """A folder on disk. Symbolic links are followed only to places inside it; only ordinary files are opened."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.top = str(self.root)
        self.kinds: dict[str, Literal["file", "folder"] | None] = {}
        self.trees: dict[str, tuple[str, ...]] = {}

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """What stands at ``path``, if it is inside."""
        if path not in self.kinds:
            found = self._inside(path)
            mode = found[1].st_mode if found else 0
            self.kinds[path] = "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else None
        return self.kinds[path]

    def text(self, path: str) -> str | None:
        """The text of a file of at most ``MAX_TEXT`` bytes; ``None`` for others and for what cannot be read."""
        found = self._inside(path)
        if found is None or not stat.S_ISREG(found[1].st_mode) or found[1].st_size > MAX_TEXT:
            return None
        try:
            with open(found[0], "rb") as file:
                return file.read(MAX_TEXT).decode("utf-8", "replace")
        except OSError:
            return None

    def size(self, path: str) -> int:
        """Bytes of a file; 0 if it is not inside."""
        found = self._inside(path)
        return found[1].st_size if found and stat.S_ISREG(found[1].st_mode) else 0

    def tree(self, path: str) -> tuple[str, ...]:
        """All files below a folder, sorted, at most ``MAX_ENTRIES``; caches and version control left out."""
        if path not in self.trees:
            self.trees[path] = tuple(sorted(self._files(path)))
        return self.trees[path]

    def _files(self, path: str) -> list[str]:
        found = self._inside(path)
        files: list[str] = []
        looked = 0
        for here, folders, names in os.walk(found[0]) if found else ():
            folders[:] = sorted(name for name in folders if name not in SKIPPED)
            relative = os.path.relpath(here, self.top).replace(os.sep, "/")
            looked += 1 + len(names) + len(folders)
            inside = (posixpath.normpath(posixpath.join(relative, name)) for name in sorted(names)[:MAX_ENTRIES])
            files += [file for file in inside if not file.endswith(".pyc") and self.kind(file) == "file"]
            if len(files) >= MAX_ENTRIES or looked > MAX_LOOKED:
                break
        return files[:MAX_ENTRIES]

    def _inside(self, path: str) -> tuple[str, os.stat_result] | None:
        """The real path and what stands there; ``None`` for nothing, and for what is outside."""
        full = os.path.join(self.top, path)
        try:
            if path.startswith(("/", "~")) or not os.path.lexists(full):
                return None
            real = os.path.realpath(full)
            if real != self.top and not real.startswith(self.top.rstrip(os.sep) + os.sep):
                return None
            return real, os.stat(real)
        except (OSError, ValueError):
            return None


class NoFolder:
    """A notebook without a folder, as when only its text is at hand."""

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """Nothing is there."""
        return None

    def text(self, path: str) -> str | None:
        """Nothing is there."""
        return None

    def size(self, path: str) -> int:
        """Nothing is there."""
        return 0

    def tree(self, path: str) -> tuple[str, ...]:
        """Nothing is there."""
        return ()
