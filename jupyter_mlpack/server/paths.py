"""Paths of the contents manager <-> files on disk, never outside the server's root."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpack.errors import FilesElsewhere, NotebookGone, PathRefused

LONGEST = 4096
"""Characters of a path that are looked at."""


@dataclass(frozen=True)
class Root:
    """The folder that the server shows; ``None`` if its contents manager (``manager``) keeps no files.

    ``hidden`` says whether hidden files are shown.
    """

    folder: Path | None
    hidden: bool = False
    manager: str = ""

    def notebook(self, path: str) -> Path:
        """The file at a contents path, looked up. Raises ``PathRefused``, ``NotebookGone``, ``FilesElsewhere``."""
        if self.folder is None:
            raise FilesElsewhere(manager=self.manager)
        file = self.folder.joinpath(*plain_parts(path, self.hidden))
        try:
            inside = file.resolve().is_relative_to(self.folder)
            there = file.is_file()
        except (OSError, RuntimeError):  # a loop of links
            raise NotebookGone(path=path) from None
        if not inside:
            raise PathRefused(path=path, reason="it leads out of the server's folder")
        if not there:
            raise NotebookGone(path=path)
        return file

    def contents_path(self, file: str) -> str:
        """The contents manager's name of a file; empty if it is not below the root."""
        if not file or self.folder is None or not Path(file).is_relative_to(self.folder):
            return ""
        return Path(file).relative_to(self.folder).as_posix().removeprefix(".")


def plain_parts(path: str, hidden: bool) -> list[str]:
    """The names in a contents path; only its words are looked at. Raises ``PathRefused``."""
    parts = [part for part in path.split("/") if part]
    if not parts or len(path) > LONGEST:
        raise PathRefused(path=path[:80], reason="it is empty or too long")
    if not all(map(is_sayable, parts)):
        raise PathRefused(path=path, reason="it holds characters that no file name has")
    if ":" in parts[0]:
        raise PathRefused(path=path, reason="it lies on a drive that this server cannot read")
    if any(part in (".", "..") for part in parts):
        raise PathRefused(path=path, reason="it is not the plain way to a file")
    if not hidden and any(part.startswith(".") for part in parts):
        raise PathRefused(path=path, reason="it is hidden")
    return parts


def is_sayable(part: str) -> bool:
    """Whether a file may be called so: no control characters, nothing that cannot be encoded, no second separator."""
    try:
        os.fsencode(part)
        part.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return part.isprintable() and os.sep not in part and "\\" not in part


def make_root(contents_manager: object) -> Root:
    """The root of a contents manager."""
    folder = getattr(contents_manager, "root_dir", None)
    manager = type(contents_manager).__name__
    if not isinstance(folder, str) or not folder or not Path(folder).is_dir():
        return Root(None, manager=manager)
    return Root(Path(folder).resolve(), bool(getattr(contents_manager, "allow_hidden", False)), manager)


def next_run_folder(notebook: Path, name: str) -> Path:
    """Make and return the next free ``<stem>-runs/<n>`` beside the notebook. Raises ``OSError``."""
    parent = notebook.parent / name.format(name=notebook.stem)
    parent.mkdir(exist_ok=True)
    while True:
        taken = [int(entry.name) for entry in os.scandir(parent) if entry.name.isdecimal()]
        folder = parent / str(max(taken, default=0) + 1)
        with suppress(FileExistsError):  # another server was quicker
            folder.mkdir()
            return folder
