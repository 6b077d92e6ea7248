"""The scripts in the plan: their files in the application, ``start`` before the image's process, ``postBuild`` as the
lifecycle's last step.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.binder.choosing import NAMED, OPTIONS, Script
from jupyter_mlpack.binder.post_build import PostBuild
from jupyter_mlpack.events import Emit
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci import Store
from jupyter_mlpack.plan import pretty
from jupyter_mlpack.values import BuildPlan, Inspection, LocalFile, Notice, PlannedFile

BUILD = ".mlpack/build.json"
SHELL = "/bin/sh"
"""Runs a script whose first line names nothing."""


def with_scripts(
    plan: BuildPlan, inspection: Inspection, folder: Path, at: str, tools: tuple[Store, Emit]
) -> tuple[BuildPlan, PostBuild | None]:
    """The plan with the scripts' files, and the last step if there is one.

    ``folder`` is the notebook's, ``at`` where it is in the application.
    """
    kinds = {file.kind: file.path for file in inspection.files if file.kind in OPTIONS}
    if not kinds:
        return plan, None
    taken = [file for file in inspection.files if file.kind in OPTIONS or file.kind == NAMED]
    placed = {place(at, file.path): planned(file, folder, at) for file in taken}
    there = {file.path: file for file in plan.files if file.path not in placed}
    step = None
    if script := kinds.get("start"):
        there[BUILD] = wrapped(there[BUILD], [*shell(folder / script), place(at, script)])
    if script := kinds.get("postBuild"):
        notebook = place(at, posixpath.basename(inspection.notebook))
        hidden = () if b".ipynb" in (folder / script).read_bytes() else (notebook, BUILD, ".mlpack/service.json")
        command = (*shell(folder / script), place(at, script))
        top = place(at, Script(script, Notice("", "")).top or ".")
        owner = (plan.stack.uid, plan.stack.gid)
        known = tuple((file.path, file.sha256) for file in plan.files if file.sha256)
        step = PostBuild(command, top, hidden, owner, tools[0], tools[1], known)
    files = sorted((*there.values(), *placed.values()), key=lambda file: file.path)
    return replace(plan, files=tuple(files)), step


def place(at: str, path: str) -> str:
    """Where the file ``path`` of the notebook's folder is in the application; ``.`` for the application itself."""
    return posixpath.normpath(posixpath.join(at, path))


def planned(file: LocalFile, folder: Path, at: str) -> PlannedFile:
    """A script may be executed, whatever its mode is: archives and other systems lose it."""
    source = folder / file.path
    executable = file.kind in OPTIONS or bool(source.stat().st_mode & 0o100)
    return PlannedFile(place(at, file.path), source=source, executable=executable)


def shell(script: Path) -> list[str]:
    """What stands before a script that does not say what runs it. Raises ``ScriptUnusable``."""
    with script.open("rb") as stream:
        line = stream.readline(500)
    if line.startswith(b"#!") and line.endswith(b"\r\n"):
        raise errors.ScriptUnusable(
            script=script.name, reason="Its first line ends as on Windows, which no kernel runs."
        )
    return [] if line.startswith(b"#!") else [SHELL]


def wrapped(build: PlannedFile, words: Sequence[str]) -> PlannedFile:
    """``build.json`` with the words that stand before the image's own command; the last is a file there."""
    told = json.loads(build.text or "{}")
    return replace(build, text=pretty({**told, "start": list(words)}))
