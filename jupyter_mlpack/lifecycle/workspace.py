"""BuildPlan -> the application folder on disk. The only writer; modes do not depend on the umask."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

from jupyter_mlpack.errors import PlannedPathUnsafe, WorkspaceUnwritable
from jupyter_mlpack.lifecycle.toml import make_folders
from jupyter_mlpack.values import BuildPlan, PlannedFile


def write_workspace(plan: BuildPlan, folder: Path) -> None:
    """Write the plan's files below ``folder``: 0644 or 0755, folders 0755.

    Raises ``PlannedPathUnsafe`` for a path that leads out of the folder, ``WorkspaceUnwritable``; all paths are
    checked before the first is written.
    """
    taken: set[PurePosixPath] = set()
    for planned in plan.files:
        _check(planned, taken)
    try:
        make_folders(folder)
        folder.chmod(0o755)
        for planned in plan.files:
            _write(planned, folder / planned.path)
    except OSError as error:
        raise WorkspaceUnwritable(path=error.filename or folder, reason=error.strerror or error) from error


def _check(planned: PlannedFile, taken: set[PurePosixPath]) -> None:
    path = PurePosixPath(planned.path)
    escapes = path.is_absolute() or ".." in path.parts or not path.parts or "\0" in planned.path
    if escapes or path in taken or taken & set(path.parents):
        raise PlannedPathUnsafe(path=repr(planned.path))
    taken.add(path)


def _write(planned: PlannedFile, path: Path) -> None:
    make_folders(path.parent)
    if planned.source is not None:
        shutil.copyfile(planned.source, path)
    else:
        path.write_bytes((planned.text or "").encode("utf-8", "surrogatepass"))
    path.chmod(0o755 if planned.executable else 0o644)
