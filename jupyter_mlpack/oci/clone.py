"""A second copy of a folder tree in no time and no space: folders are made, everything in them is hard-linked."""

from __future__ import annotations

import os
from pathlib import Path


def clone_tree(source: Path, target: Path) -> None:
    """Add the tree below ``source`` to ``target``: folders merge and get the source's modes, files are linked.

    A file that is there already is replaced by the source's. Files are copied where the disk has no hard links. Neither
    tree may be written to afterwards: they share their files. Raises ``OSError``.
    """
    with os.scandir(source) as entries:
        for entry in entries:
            place = os.path.join(target, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if not os.path.isdir(place) or os.path.islink(place):
                    _remove(place)
                    os.mkdir(place)
                clone_tree(Path(entry.path), Path(place))
                os.chmod(place, entry.stat(follow_symlinks=False).st_mode & 0o7777)
            else:
                _link(entry.path, place)


def _link(source: str, place: str) -> None:
    import shutil

    try:
        os.link(source, place, follow_symlinks=False)
    except FileExistsError:
        _remove(place)
        _link(source, place)
    except OSError:
        shutil.copy2(source, place, follow_symlinks=False)


def _remove(place: str) -> None:
    import shutil

    if os.path.isdir(place) and not os.path.islink(place):
        shutil.rmtree(place)
    elif os.path.lexists(place):
        os.unlink(place)
