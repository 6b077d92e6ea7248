"""A copy of the application for a script to work in, and what the script did to it."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.tar import TarEntry, file_entry, parent_entries

Look = Mapping[str, tuple[object, ...]]
"""What a folder holds: by relative name, all that changes when a file does."""


def copy_application(app: Path, work: Path, hidden: Collection[str], owner: tuple[int, int]) -> None:
    """Copy ``app`` without the ``hidden`` files, for the image's user where we are root. Raises ``OSError``."""
    import shutil

    def leave(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder, name).relative_to(app).as_posix() in hidden]

    shutil.copytree(app, work, symlinks=True, ignore=leave)
    for here, folders, names in os.walk(work):
        os.chmod(here, 0o755)
        for name in (*folders, *names):
            if os.geteuid() == 0:
                os.chown(os.path.join(here, name), *owner, follow_symlinks=False)


def look(folder: Path) -> Look:
    """What is in ``folder`` now. Dates of folders do not count: what is in them does."""
    found: dict[str, tuple[object, ...]] = {}
    for here, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = os.path.join(here, name)
            state = os.lstat(path)
            whole = () if stat.S_ISDIR(state.st_mode) else (state.st_ino, state.st_size, state.st_mtime_ns)
            found[os.path.relpath(path, folder)] = (state.st_mode, *whole)
    return found


def differences(before: Look, after: Look) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that are new or other than before, and those that are gone."""
    changed = sorted(name for name, state in after.items() if before.get(name) != state)
    return tuple(changed), tuple(sorted(before.keys() - after.keys()))


def layer_entries(work: Path, changed: Sequence[str], at: str, owner: tuple[int, int]) -> list[TarEntry]:
    """The members of the layer: what changed, and the folders above. No file may change its user (set-id bits)."""
    uid, gid = owner
    above = {parent.as_posix() for name in changed for parent in Path(name).parents} - {"."}
    entries = [*parent_entries(f"{at}/x", 0o755, uid, gid)]
    for name in sorted({*changed, *above}, key=os.fsencode):
        entry = file_entry(work / name, f"{at}/{name}", uid, gid)
        if entry is not None and entry.kind in ("directory", "file", "symlink"):
            entries.append(replace(entry, mode=entry.mode & 0o777))
    return entries
