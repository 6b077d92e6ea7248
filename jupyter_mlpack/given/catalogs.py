"""``--buildpacks`` and ``--stacks``: words for a site's own instead of those that came with the package."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack.errors import SourceUnusable
from jupyter_mlpack.fetching import read_path
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.given.folders import read_folder
from jupyter_mlpack.given.sources import Sources, packed_buildpacks
from jupyter_mlpack.values import Buildpack

BUILDPACKS, STACKS = "--buildpacks", "--stacks"
INSIDE = ("", "stacks", "cnb/stacks")
"""Where in a repository or an image the folders of stacks are looked for."""


def own_buildpacks(word: str, sources: Sources) -> tuple[Buildpack, ...]:
    """All buildpacks that a word names: those in a folder, or those of an image.

    Raises ``SourceWrong``, ``SourceUnusable``, and what fetching raises.
    """
    place = read_path(word, Path().absolute(), BUILDPACKS)
    fetched = sources.fetcher.fetch(place, BUILDPACKS)
    if fetched.packed is not None:
        return packed_buildpacks(fetched, BUILDPACKS).buildpacks
    assert fetched.folder is not None
    if (fetched.folder / "buildpack.toml").is_file():
        return sources.find(place, BUILDPACKS).buildpacks
    for pattern in ("*/buildpack.toml", "buildpacks/*/buildpack.toml"):
        found = sorted(path.parent for path in fetched.folder.glob(pattern))
        if found:
            return tuple(replace(read_folder(folder, BUILDPACKS), origin=fetched.origin) for folder in found)
    raise SourceUnusable(word=word, where=BUILDPACKS, reason="No folder in it has a buildpack.toml.")


def stacks_folder(word: str, sources: Sources) -> Path:
    """The folder with a folder for each stack, wherever a word says that it is. Raises as ``own_buildpacks``."""
    folder = sources.fetcher.folder(read_path(word, Path().absolute(), STACKS), STACKS)
    return next((folder / name for name in INSIDE if any((folder / name).glob("*/stack.toml"))), folder)
