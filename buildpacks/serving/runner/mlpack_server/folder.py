"""The cells' working folder: the application, with model files that the platform mounts in their places."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from mlpack_server.service import Service


class FolderError(Exception):
    """The model files cannot be put where the cells look; the text says why."""


def working_folder(application: Path, service: Service, mounts: Sequence[Path], say: Callable[[str], None]) -> Path:
    """Where the cells run: the application itself, or a folder of links to it and to model files in ``mounts``.

    A mounted file is known by the path the cells load it from, or by its name alone. It wins over a packed one.
    """
    home = application / service.folder
    inner = [name for name in service.models if is_inside(service.folder, name)]
    found = {name: path for name in inner if (path := find(mounts, name))}
    missing = [name for name in service.models if name not in found and not (home / name).exists()]
    if missing:
        say(f"no {', '.join(missing)} in the image nor in {' or '.join(map(str, mounts))} (MLPACK_MODEL_DIR)")
    if not found:
        return home
    try:
        root = Path(tempfile.mkdtemp(prefix="mlpack-serve-"))
    except OSError as error:
        why = error.strerror or str(error)
        raise FolderError(f"models are mounted, and there is no writable temporary folder ({why})") from None
    for name, path in found.items():
        say(f"{name} is {path}")
    mirror(application, root, [Path(service.folder, name) for name in found])
    for name, path in found.items():
        place = root / service.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path)
    return root / service.folder


def find(mounts: Sequence[Path], name: str) -> Path | None:
    """The mounted file for a path of the notebook."""
    relative = Path(os.path.normpath(name))
    for mounted in mounts:
        for candidate in (relative, Path(relative.name)):
            if ".." not in candidate.parts and (mounted / candidate).exists():
                return mounted / candidate
    return None


def is_inside(folder: str, name: str) -> bool:
    """Whether a path of the notebook leads into the application folder."""
    path = os.path.normpath(os.path.join(folder, name))
    return bool(name) and not os.path.isabs(path) and not path.startswith("..") and path != "."


def mirror(source: Path, target: Path, replaced: list[Path]) -> None:
    """Links in ``target`` to all of ``source``, but to none of ``replaced`` (paths below it)."""
    normal = [Path(os.path.normpath(path)) for path in replaced]
    heads = {path.parts[0] for path in normal}
    for entry in sorted(os.listdir(source)):
        below = [Path(*path.parts[1:]) for path in normal if path.parts[0] == entry and len(path.parts) > 1]
        if entry not in heads:
            (target / entry).symlink_to(source / entry)
        elif below and (source / entry).is_dir():
            (target / entry).mkdir()
            mirror(source / entry, target / entry, below)
