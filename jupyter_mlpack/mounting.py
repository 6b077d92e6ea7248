"""Folders of this machine that a job or a service sees: ``--volume``, and what the image says that it needs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.declared import declared_mounts
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.values import Mount

ENDS = {"ro": False, "rw": True}


def read_mounts(words: Iterable[str]) -> tuple[Mount, ...]:
    """``HOST:PATH``, ``HOST:PATH:rw``; a relative path counts from the notebook's folder. Raises ``RunVolumeWrong``."""
    return tuple(read_mount(word) for word in words)


def read_mount(word: str) -> Mount:
    """One of them."""
    rest, colon, end = word.rpartition(":")
    rest, writable = (rest, ENDS[end]) if colon and end in ENDS else (word, False)
    source, colon, target = rest.rpartition(":")
    if not colon or not source or not target or posixpath.normpath(target) in ("/", ".", ".."):
        raise errors.RunVolumeWrong(text=word, reason="It is not of the form FOLDER:PATH.")
    folder = Path(source).expanduser().absolute()
    if not folder.is_dir():
        raise errors.RunVolumeWrong(text=word, reason=f"{folder} is no folder of this machine.")
    return Mount(folder, target, writable)


def check_mounts(image: StoredImage, mounts: Sequence[Mount]) -> tuple[Mount, ...]:
    """The mounts at absolute paths. Raises ``MountMissing`` before anything is started."""
    home = image.config.working_dir or "/"
    placed = tuple(replace(one, target=posixpath.normpath(posixpath.join(home, one.target))) for one in mounts)
    targets = {one.target for one in placed}
    for path, required in declared_mounts(image).items():
        if required and not any(path == target or path.startswith(f"{target}/") for target in targets):
            raise errors.MountMissing(image=image.name, path=path)
    return placed
