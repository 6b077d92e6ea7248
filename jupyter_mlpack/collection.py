"""``collect``: what the store can make again goes, the longest unused first, by age and by size.

Like ``remove_image`` it works alone: nothing is removed while somebody builds, delivers or unpacks. A folder gets
another name before it is taken apart, so that whenever this dies, what has its name is whole.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.errors import MlpackError
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci import Store
from jupyter_mlpack.oci.sharing import STAMP, alone
from jupyter_mlpack.removal import GOING, GRACE, PATIENCE, children, is_old, remove
from jupyter_mlpack.scratch import sweep_scratch
from jupyter_mlpack.storage import REMAKEABLE, Item, freeable, items

DAY = 86_400.0
LONG, WEEK = 30 * DAY, 7 * DAY
"""Seconds without use after which a build's end takes things away; the shorter for layers that no image needs."""

UNFINISHED = ("trees", "roots", "wheels", "cache", "sources")
"""Folders in which a killed process may have left half of something."""

HALVES = (".making-", GOING)


@dataclass(frozen=True)
class Limits:
    """What goes: all that was not used for ``age`` seconds, and then so much that the store takes ``size`` bytes.

    ``None`` is no limit. Images with a name count for the size and are never taken; files that wheels share with uv's
    cache do not count.
    """

    age: float | None = None
    size: int | None = None
    rooms: tuple[str, ...] = REMAKEABLE
    idle: float = GRACE
    """The same for what nothing can use, where that is less."""


@dataclass(frozen=True)
class Collected:
    """``freed`` is bytes of disk, ``count`` items; ``busy`` says that somebody worked with the store: nothing went."""

    freed: int = 0
    count: int = 0
    busy: bool = False


def collect(store: Store, limits: Limits, *, patience: float = PATIENCE, dry: bool = False) -> Collected:
    """Remove what the limits say; with ``dry`` nothing goes, and ``freed`` is what would."""
    with alone(store.root, patience) as ours:
        if not ours:
            return Collected(busy=True)
        going = list(chosen(store, limits))
        if dry:
            return Collected(freeable(one.path for one in going), len(going))
        freed = remove(one.path for one in going)
        freed += remove(one.path for one in items(store) if one.room == "known" and one.idle)
        freed += remove(halves(store.root))
        sweep_scratch()
        return Collected(freed, len(going))


def tidy(store: Store) -> None:
    """Take away what was not used for long; nothing if anybody works with the store. It never fails."""
    sweep_scratch()
    with suppress(OSError, MlpackError):
        if not collect(store, Limits(age=LONG, idle=WEEK), patience=0).busy:
            (store.root / STAMP).touch()


def chosen(store: Store, limits: Limits) -> Iterator[Item]:
    """The items that go, in that order: what is too old, then the least recently used until it is little enough."""
    found = sorted((one for one in items(store) if one.room in limits.rooms), key=lambda one: (one.used, one.path))
    now, rest = time.time(), []
    for one in found:
        if limits.age is not None and now - one.used >= (min(limits.age, limits.idle) if one.idle else limits.age):
            yield one
        else:
            rest.append(one)
    if limits.size is not None:
        yield from longest_unused(store, rest, limits.size, {one.path for one in found} - {one.path for one in rest})


def longest_unused(store: Store, rest: Collection[Item], size: int, gone: Collection[Path]) -> Iterator[Item]:
    """What nothing can use, then the least recently used of ``rest``, until the store takes ``size`` bytes at most."""
    links: dict[tuple[int, int], int] = {}
    total = freeable([store.root]) - freeable(gone, links)
    for one in sorted(rest, key=lambda one: (not one.idle, one.used, one.path)):
        if total <= size:
            return
        total -= freeable([one.path], links)
        yield one


def halves(root: Path) -> Iterator[Path]:
    """What killed processes left half made or half removed."""
    for path in (path for folder in UNFINISHED for path in children(root / folder)):
        half = path.name.startswith(HALVES) or (path.parent.name == "cache" and path.name.endswith((".new", ".old")))
        if half and (path.name.startswith(GOING) or is_old(path)):
            yield path
