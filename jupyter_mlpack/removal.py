"""``remove_image``: a name goes, and with it all that no other name needs.

::

    blobs/, diffs/    layers, manifests, configurations        trees/    layers unpacked
    roots/            images unpacked, hard links into trees   cache/    what the name's next build would have reused

What the image had goes at once; what else nobody needs (layers of builds that were replaced or stopped) once it is a
day old: until then a build may go on with it. The name goes first: whatever dies in between, no name misses anything.
Nothing is removed while somebody builds, delivers or unpacks; a root in which a job runs stays.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.engines.roots import root_folder
from jupyter_mlpack.errors import ManifestUnreadable, StoreUnreadable
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.cache import LayerCache
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.oci.sharing import alone, is_held
from jupyter_mlpack.oci.trees import chain_id

PATIENCE = 5.0
"""Seconds that are waited for whoever works with the store."""

GRACE = 86_400.0
"""Seconds after which content that no name needs is taken for forgotten."""

GOING = ".removing-"
"""How a folder's name begins while it is removed: a tree under its own name is whole."""


@dataclass(frozen=True)
class Removed:
    """``freed`` is in bytes of disk; ``busy`` says that content stayed because somebody worked with the store."""

    name: str
    freed: int = 0
    busy: bool = False


def remove_image(store: Store, name: str, patience: float = PATIENCE) -> Removed:
    """Forget ``name`` and remove what it alone needed. Safe to repeat, also for a name that is not there."""
    try:
        image = store.image(name)
    except ManifestUnreadable:
        image = None
    store.untag(name)
    with alone(store.root, patience) as ours:
        if not ours:
            return Removed(name, busy=True)
        going = [LayerCache(store.root, name).folder, *garbage(store, image)]
        return Removed(name, remove(path for path in going if os.path.lexists(path)))


def garbage(store: Store, image: StoredImage | None) -> Iterator[Path]:
    """What nobody needs and ``image`` had, and what nobody has needed for long. Folders before blobs."""
    needed = needed_by(store)
    if needed is None:
        return
    own = set(parts(store, image)) if image else set()
    for folder in ("roots", "trees", "diffs", "blobs/sha256"):
        for path in children(store.root / folder):
            held = folder == "roots" and is_held(path)
            if path not in needed and not held and (path in own or path.name.startswith(GOING) or is_old(path)):
                yield path


def needed_by(store: Store) -> set[Path] | None:
    """All that the names of the store need; ``None`` if one of them cannot be read: then nothing may be removed."""
    try:
        return {path for image in store.all_images() for path in parts(store, image)}
    except (ManifestUnreadable, StoreUnreadable):
        return None


def parts(store: Store, image: StoredImage) -> Iterator[Path]:
    """An image's blobs, notes, unpacked layers and root, whether they are there or not."""
    yield root_folder(store, image)
    for digest in (image.descriptor.digest, image.manifest.config.digest):
        yield store.path(digest)
    for count, layer in enumerate(image.layers, 1):
        yield store.path(layer.descriptor.digest)
        yield store.note(layer.diff_id)
        yield store.root / "trees" / chain_id((layer,))
        yield store.root / "trees" / chain_id(image.layers[:count])


def children(folder: Path) -> list[Path]:
    """What lies in a folder, sorted."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(folder.iterdir())
    return []


def is_old(path: Path) -> bool:
    """Whether it came here longer ago than ``GRACE`` (files of a layer have dates of their own)."""
    try:
        return time.time() - path.lstat().st_ctime > GRACE
    except OSError:
        return False


def remove(paths: Iterable[Path]) -> int:
    """Remove files and folders; bytes of disk that are free then (a file goes with the last of its links)."""
    freed = 0
    for path in paths:
        folder = path.is_dir() and not path.is_symlink()
        with suppress(OSError):
            place = set_aside(path) if folder else path
            for file in files_below(place) if folder else (place,):
                state = file.lstat()
                file.unlink()
                freed += state.st_blocks * 512 if state.st_nlink == 1 else 0
            if folder:
                shutil.rmtree(place)
    return freed


def set_aside(folder: Path) -> Path:
    """The folder under a name that says that it is being removed."""
    if folder.name.startswith(GOING):
        return folder
    place = folder.with_name(f"{GOING}{folder.name}-{secrets.token_hex(4)}")
    folder.rename(place)
    return place


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder whose subfolders may forbid to be written to."""
    for here, folders, names in os.walk(folder):
        with suppress(OSError):
            os.chmod(here, 0o700)
        links = [name for name in folders if os.path.islink(os.path.join(here, name))]
        yield from (Path(here, name) for name in (*names, *links))
