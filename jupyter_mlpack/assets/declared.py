"""Which assets a build has: those of the notebook's choices, and those that the caller names."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.assets import DVC, HASH, KIND, REMOTE, check_path, covers
from jupyter_mlpack.inspection.choices import KEY, read_decided
from jupyter_mlpack.values import Asset, Inspection, Json, Notebook

MARK = "#sha256="
GIVEN = "given"
"""What the notebook is told of where the caller's assets come from: addresses may hold credentials."""


def read_words(words: Iterable[str], mounts: Iterable[str]) -> tuple[Asset, ...]:
    """What ``--asset PATH=SOURCE[#sha256=HEX]`` and ``--mount PATH`` say. Raises ``AssetWrong``."""
    found = [*(read_word(word) for word in words), *(read_mount(word) for word in mounts)]
    for asset in found:
        others = [other for other in found if other is not asset and covers(asset.path, other.path)]
        if others:
            option = "--mount" if asset.mount else "--asset"
            raise errors.AssetWrong(option=option, text=asset.path, reason="It is there twice, or inside another one.")
    return tuple(found)


def read_word(word: str) -> Asset:
    """One ``--asset``; a source that is a path counts from the current folder."""
    path, equals, source = word.partition("=")
    source, mark, sha256 = source.partition(MARK)
    problem = "" if equals and source else "It is not of the form PATH=SOURCE."
    problem = problem or (f"{check_path(path, mount=False)}." if check_path(path, mount=False) else "")
    if not problem and mark and not HASH.fullmatch(sha256):
        problem = "A hash is #sha256= and 64 digits of 0-9 and a-f."
    if problem:
        raise errors.AssetWrong(option="--asset", text=f"{path}=...", reason=problem)
    if not REMOTE.search(source) and source != "dvc":
        source = str(Path(source).expanduser().absolute())
    return Asset(posixpath.normpath(path), source, sha256, given=True)


def read_mount(word: str) -> Asset:
    """One ``--mount``."""
    problem = check_path(word, mount=True)
    if problem:
        raise errors.AssetWrong(option="--mount", text=word, reason=f"{problem}.")
    return Asset(posixpath.normpath(word), mount=True, given=True)


def with_given(notebook: Notebook, given: Iterable[Asset]) -> Notebook:
    """The notebook as if it declared them, too. What is written into the image is as it was."""
    added = {asset.path: asset for asset in given}
    if not added:
        return notebook
    said = notebook.metadata.get(KEY)
    kept: Mapping[str, Json] = said if isinstance(said, dict) else {}
    entries = kept.get("assets")
    own = [
        entry
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and not any(overlap(posixpath.normpath(str(entry["path"])), path) for path in added)
    ]
    told: list[Json] = [
        {"path": path, "mount": True} if asset.mount else {"path": path, "from": GIVEN} for path, asset in added.items()
    ]
    return replace(notebook, metadata={**notebook.metadata, KEY: {**kept, "assets": [*own, *told]}})


def overlap(one: str, other: str) -> bool:
    """Whether two assets cannot both be there."""
    return covers(one, other) or covers(other, one)


def wanted_assets(
    notebook: Notebook, given: Iterable[Asset], inspection: Inspection, *, sliced: bool
) -> tuple[Asset, ...]:
    """The assets of an image, sorted by path: those that are declared, and what its code reads of what DVC tracks.

    ``inspection`` is that of the code in the image. ``sliced`` says that this is part of the notebook's: then only what
    it reads goes along. Raises ``AssetUnpinned``.
    """
    by_path = {asset.path: asset for asset in given}
    found = [by_path.get(asset.path, asset) for asset in read_decided(notebook.metadata).assets]
    touched = [file.path for file in inspection.files if file.kind == KIND]
    if sliced:
        found = [asset for asset in found if asset.mount or any(covers(path, asset.path) for path in touched)]
    tracked = [path for path in touched if not any(covers(path, asset.path) for asset in found)]
    found += [Asset(path, DVC) for path in tracked if not any(one != path and covers(path, one) for one in tracked)]
    for asset in found:
        if REMOTE.search(asset.source) and not asset.sha256 and not asset.given:
            raise errors.AssetUnpinned(path=asset.path, source=asset.source, notebook=notebook.path.name)
    return tuple(sorted(found, key=lambda asset: asset.path))
