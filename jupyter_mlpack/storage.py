"""What the content store keeps where, and which of it can be made again.

::

    images     blobs/, diffs/   what the names need: goes with ``remove_image`` only
    layers     blobs/, diffs/   what no name needs (any more)
    unpacked   trees/, roots/   layers as folders, for jobs and for running the target's Python
    wheels     wheels/          wheels installed and compiled, and those that were made of local distributions
    known      known/           which layers the store has, by what they were made of
    links      links/           links of environments, packed as layers have them
    outcomes   outcomes/        what buildpacks left behind for the same inputs
    kept       cache/           contents of ``cache = true`` layers, by image name
    kernels    kernels/         what kernels answered
    archives   stacks/*/cache/  distribution packages that run images were made of
    assets     assets/          data and models that were fetched
    sources    sources/         buildpacks, builders and stacks that were fetched
    locks      locks/           the versions that were chosen: without them the next build may choose others
    other      the rest         apt's index, the records of run images, drafts

uv's cache of downloads is uv's own (``uv cache``) and not looked at. An item's age is counted from its last use where
those who use it touch it (wheels, unpacked layers), else from when it was made.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci import Store
from jupyter_mlpack.oci.sharing import is_held
from jupyter_mlpack.removal import children, needed_by

ROOMS = {
    "images": "layers and manifests of images with a name",
    "layers": "layers that no image needs",
    "unpacked": "layers unpacked, for running",
    "wheels": "wheels installed and compiled",
    "known": "which layers there are, by what they were made of",
    "links": "links of environments, packed",
    "outcomes": "what buildpacks left behind, by what they saw",
    "kept": "cache layers of images",
    "kernels": "what kernels answered",
    "archives": "distribution packages",
    "conda": "packages of conda channels",
    "assets": "data and models that were fetched",
    "sources": "buildpacks and stacks that were fetched",
    "trust": "authorities that were given, with the machine's own",
    "locks": "versions that were chosen",
    "other": "apt's index and the like",
}
"""Rooms of the store, and what is in them."""

REMAKEABLE = (
    "layers",
    "unpacked",
    "wheels",
    "known",
    "links",
    "outcomes",
    "kept",
    "kernels",
    "archives",
    "conda",
    "assets",
    "sources",
    "trust",
)
"""Rooms that may be emptied at any time: no build comes out different, only later."""

CLEARABLE = (*REMAKEABLE, "locks")
"""Rooms that may be named to be emptied."""


@dataclass(frozen=True)
class Item:
    """Something that goes as a whole. ``used`` is in seconds since 1970; ``idle`` says that nothing can use it."""

    room: str
    path: Path
    used: float
    idle: bool = False


@dataclass(frozen=True)
class RoomUse:
    """Bytes on disk of a room; each file is counted once, in the first room that has it.

    ``free`` is what emptying this room alone would free: wheels share their files with uv's cache.
    """

    room: str
    about: str
    count: int
    size: int
    free: int


def items(store: Store) -> Iterator[Item]:
    """All that may go. Nothing of layers if a name of the store cannot be read."""
    root, needed = store.root, needed_by(store)
    if needed is not None:
        for folder in ("diffs", "blobs/sha256"):
            yield from (item("layers", path, idle=True) for path in children(root / folder) if path not in needed)
    for path in (*children(root / "roots"), *children(root / "trees")):
        if path.parent.name == "trees" or not is_held(path):
            yield item("unpacked", path, idle=needed is not None and path not in needed)
    yield from (item("wheels", path) for path in children(root / "wheels"))
    for path in root.glob("known/*/*.json"):
        yield item("known", path, idle=is_dead(path, store))
    yield from (item("links", path) for path in children(root / "links"))
    yield from (item("outcomes", path) for path in root.glob("outcomes/*/*.json"))
    for path in children(root / "cache"):
        yield item("kept", path, idle=store.image(unquote(path.name)) is None)
    yield from (item("kernels", path) for path in children(root / "kernels"))
    yield from (item("archives", path) for path in sorted(root.glob("stacks/*/cache/archives/*.deb")))
    yield from (item("conda", path) for path in children(root / "conda" / "packages"))
    for folder in ("files", "partial", "lists"):
        yield from (item("assets", path) for path in children(root / "assets" / folder))
    yield from (item("sources", path) for path in children(root / "sources"))
    yield from (item("trust", path) for path in children(root / "trust"))
    yield from (item("locks", path) for path in children(root / "locks"))


def item(room: str, path: Path, *, idle: bool = False) -> Item:
    """The item at ``path``; one that has gone meanwhile was used just now."""
    try:
        state = path.lstat()
        used = state.st_mtime if room in ("wheels", "unpacked", "sources") and path.is_dir() else state.st_ctime
    except OSError:
        used = time.time()
    return Item(room, path, used, idle)


def is_dead(path: Path, store: Store) -> bool:
    """Whether an entry tells of a layer that the store has not got any more."""
    try:
        return store.layer(json.loads(path.read_text(encoding="utf-8"))["diff_id"]) is None
    except (OSError, ValueError, KeyError, TypeError):
        return True


def survey(store: Store) -> tuple[RoomUse, ...]:
    """How much each room takes. Reads the sizes of all files: a second for a hundred thousand."""
    found: dict[str, list[Item]] = {room: [] for room in ROOMS}
    for one in items(store):
        found[one.room].append(one)
    listed = {one.path for ones in found.values() for one in ones}
    needed = (*children(store.root / "blobs/sha256"), *children(store.root / "diffs"), *children(store.root / "names"))
    found["images"] = [item("images", path) for path in needed if path not in listed]
    named = {one.path for ones in found.values() for one in ones}
    seen: set[tuple[int, int]] = set()
    sizes = {room: sum(disk_size(one.path, seen) for one in ones) for room, ones in found.items()}
    sizes["other"] = sum(disk_size(path, seen, named) for path in children(store.root))
    counts = {room: len(ones) for room, ones in found.items()}
    counts["images"] = len(store.images())
    free = {room: freeable(one.path for one in found[room]) if room in CLEARABLE else 0 for room in ROOMS}
    return tuple(RoomUse(room, about, counts[room], sizes[room], free[room]) for room, about in ROOMS.items())


def freeable(paths: Iterable[Path], links: dict[tuple[int, int], int] | None = None) -> int:
    """Bytes of disk that are free when all of ``paths`` are gone: a file goes with the last of its links.

    ``links`` remembers how many links of a file went before, from one call to the next.
    """
    links = {} if links is None else links
    freed = 0
    for state, folder in (found for path in paths for found in states(path)):
        if folder:
            freed += state.st_blocks * 512
            continue
        inode = (state.st_dev, state.st_ino)
        links[inode] = links.get(inode, 0) + 1
        freed += state.st_blocks * 512 if links[inode] == state.st_nlink else 0
    return freed


def disk_size(path: Path, seen: set[tuple[int, int]], without: Iterable[Path] = ()) -> int:
    """Bytes of disk of a file or of all below a folder, except what was ``seen`` before and all below ``without``."""
    total = 0
    for state, _ in states(path, without):
        if (state.st_dev, state.st_ino) not in seen:
            seen.add((state.st_dev, state.st_ino))
            total += state.st_blocks * 512
    return total


def states(path: Path, without: Iterable[Path] = ()) -> Iterator[tuple[os.stat_result, bool]]:
    """What the system says of a file, or of a folder and all below it, and whether it is a folder."""
    left_out, waiting = set(map(str, without)), [str(path)]
    while waiting:
        here = waiting.pop()
        if here in left_out:
            continue
        with suppress(OSError):
            state = os.lstat(here)
            folder = stat.S_ISDIR(state.st_mode)
            yield state, folder
            if folder:
                with os.scandir(here) as entries:
                    waiting.extend(entry.path for entry in entries)
