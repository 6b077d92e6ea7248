"""BuildPlan -> the application folder on disk. The only writer; modes do not depend on the umask."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from jupyter_mlpack import errors
from jupyter_mlpack.lifecycle.toml import make_folders
from jupyter_mlpack.scratch import copy_file
from jupyter_mlpack.values import BuildPlan, PlannedFile


def write_workspace(plan: BuildPlan, folder: Path) -> None:
    """Write the plan's files below ``folder``: 0644 or 0755, folders 0755.

    Raises ``PlannedPathUnsafe`` for a path that leads out of the folder, ``ScratchFull``, ``WorkspaceUnwritable``; all
    paths are checked before the first is written.
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
        from jupyter_mlpack.lifecycle.failure import unprepared

        raise unprepared(error, folder.parent, folder) from error


def _check(planned: PlannedFile, taken: set[PurePosixPath]) -> None:
    path = PurePosixPath(planned.path)
    escapes = path.is_absolute() or ".." in path.parts or not path.parts or "\0" in planned.path
    if escapes or path in taken or taken & set(path.parents):
        raise errors.PlannedPathUnsafe(path=repr(planned.path))
    taken.add(path)


def _write(planned: PlannedFile, path: Path) -> None:
    make_folders(path.parent)
    if planned.source is not None and planned.sha256:
        _share(planned.source, path)
        return
    if planned.source is not None:
        copy_file(planned.source, path)
    else:
        path.write_bytes((planned.text or "").encode("utf-8", "surrogatepass"))
    path.chmod(0o755 if planned.executable else 0o644)


def _share(source: Path, path: Path) -> None:
    """An asset, which is not copied where the disk has hard links. It keeps its date, which says that it is known."""
    import os

    from jupyter_mlpack.assets.shelf import is_untouched

    before = source.lstat()
    try:
        os.link(source, path, follow_symlinks=False)
    except OSError:
        copy_file(source, path)
        path.chmod(0o644)
        if is_untouched(before):
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
