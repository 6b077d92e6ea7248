"""``--volume HOST:PATH`` -> folders and files of this machine that buildpacks see at a path of their own, read-only."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_mlpack.errors import VolumeWrong
from jupyter_mlpack.given.bindings import NAME, checked
from jupyter_mlpack.lifecycle.inputs import Binding, Volume

PLATFORM_BINDINGS = "/platform/bindings/"
TAKEN = ("/cnb", "/dev", "/layers", "/platform", "/proc", "/sys", "/workspace")
"""What the lifecycle and the system put at these paths must not be hidden."""


def read_volumes(words: Iterable[str]) -> Iterator[Volume | Binding]:
    """The volumes; one below ``/platform/bindings`` is a binding, as other platforms have it.

    Raises ``VolumeWrong``, and for those the errors of bindings.
    """
    taken: set[str] = set()
    for word in words:
        parts = word.split(":")
        if len(parts) not in (2, 3) or not all(parts):
            raise VolumeWrong(text=word, reason="It is not of the form HOST:PATH.")
        source, target, mode = Path(parts[0]).expanduser().absolute(), posixpath.normpath(parts[1]), parts[2:]
        if mode not in ([], ["ro"]):
            raise VolumeWrong(text=word, reason="Volumes can only be read (:ro).")
        if not source.exists():
            raise VolumeWrong(text=word, reason=f"There is no {source}.")
        if target in taken:
            raise VolumeWrong(text=word, reason="There is another volume at this path.")
        taken.add(target)
        name = target.removeprefix(PLATFORM_BINDINGS)
        if name != target and NAME.fullmatch(name):
            yield checked(Binding(name, source))
            continue
        if not target.startswith("/") or target.startswith("//") or target == "/":
            raise VolumeWrong(text=word, reason=f"{target} is not an absolute path below /.")
        if any(target == path or target.startswith(f"{path}/") for path in TAKEN):
            raise VolumeWrong(text=word, reason=f"{target} belongs to the lifecycle or to the system.")
        yield Volume(source, target)
