"""The notebook's folder as inspection may see it: text and sizes of files inside, nothing outside, nothing run."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import Literal, Protocol

MAX_TEXT = 2_000_000
"""Bytes of a local file that is read as code or as a list of requirements."""

MAX_ENTRIES = 5_000
"""Files of one folder tree that are looked at."""

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
    """A folder on disk. Symbolic links are followed only to places inside it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """What stands at ``path``, if it is inside."""
        found = self._inside(path)
        if found is None:
            return None
        return "file" if found.is_file() else "folder" if found.is_dir() else None

    def text(self, path: str) -> str | None:
        """The text of a file of at most ``MAX_TEXT`` bytes; ``None`` for others and for what cannot be read."""
        found = self._inside(path)
        try:
            if found is None or not found.is_file() or found.stat().st_size > MAX_TEXT:
                return None
            return found.read_bytes().decode("utf-8", "replace")
        except OSError:
            return None

    def size(self, path: str) -> int:
        """Bytes of a file; 0 if it is not inside."""
        found = self._inside(path)
        return found.stat().st_size if found is not None and found.is_file() else 0

    def tree(self, path: str) -> tuple[str, ...]:
        """All files below a folder, sorted, at most ``MAX_ENTRIES``; caches and version control left out."""
        top = self._inside(path)
        files: list[str] = []
        for folder, folders, names in os.walk(top) if top is not None else ():
            folders[:] = sorted(name for name in folders if name not in SKIPPED)
            relative = Path(folder).relative_to(self.root).as_posix()
            files += [posixpath.normpath(posixpath.join(relative, name)) for name in names if not name.endswith(".pyc")]
            if len(files) > MAX_ENTRIES:
                break
        return tuple(sorted(file for file in files[:MAX_ENTRIES] if self.kind(file) == "file"))

    def _inside(self, path: str) -> Path | None:
        try:
            found = (self.root / path).resolve()
            return found if found == self.root or self.root in found.parents else None
        except (OSError, ValueError, RuntimeError):
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
