"""What a project descriptor includes and excludes -> which planned files go into the application folder."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jupyter_mlpack.given.patterns import read_patterns
from jupyter_mlpack.given.project import NAME, Project
from jupyter_mlpack.inspection.search import CREDENTIALS
from jupyter_mlpack.values import BuildPlan, Notice, PlannedFile

OURS = ".mlpack/"
"""What the buildpacks are told stands below: never left out."""

NEVER = frozenset([".git", ".hg", ".svn", ".ipynb_checkpoints", "__pycache__", "node_modules", ".venv", "venv"])
"""Folders that no pattern brings in."""


def choose_files(plan: BuildPlan, project: Project, notebook: Path, at: str) -> tuple[BuildPlan, tuple[Notice, ...]]:
    """The plan with the files that the descriptor lets in, and what there is to be told.

    ``at`` is the notebook's folder in the application. With ``include`` what it matches is taken from the notebook's
    folder and what the notebook's code names is left out unless it matches; the notebook itself always stays.
    """
    if project.include is None and project.exclude is None:
        return plan, ()
    patterns = read_patterns(project.include if project.include is not None else project.exclude or ())
    wanted = project.include is not None
    kept: list[PlannedFile] = []
    left: list[PlannedFile] = []
    for file in plan.files:
        inside = posixpath.relpath(file.path, at or ".")
        always = file.path.startswith(OURS) or file.path == posixpath.join(at, notebook.name)
        (kept if always or patterns.match(inside) == wanted else left).append(file)
    notices = [
        Notice("left-out", f"{file.path} is left out ({NAME}), though the notebook's code names it.") for file in left
    ]
    if wanted:
        there = {file.path for file in kept}
        for file in found_files(notebook.parent, at):
            inside = posixpath.relpath(file.path, at or ".")
            if file.path in there or not patterns.match(inside):
                continue
            if CREDENTIALS.search(inside):
                text = f"{file.path} is not taken, though {NAME} includes it: files of this name hold credentials."
                notices.append(Notice("credentials-left-out", text))
            else:
                kept.append(file)
    return replace(plan, files=tuple(sorted(kept, key=lambda file: file.path))), tuple(notices)


def found_files(folder: Path, at: str) -> Iterator[PlannedFile]:
    """All plain files below ``folder`` by their paths in the application, sorted; links are not followed."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NEVER)
        for name in sorted(names):
            path = Path(here, name)
            if path.is_file() and not path.is_symlink():
                inside = path.relative_to(folder).as_posix()
                yield PlannedFile(posixpath.join(at, inside), source=path, executable=os.access(path, os.X_OK))
