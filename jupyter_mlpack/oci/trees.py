"""Layers as folders on this machine, each unpacked once: ``<store>/trees/<chain id>``, read-only by convention.

A tree is complete from the moment it has its name: it is unpacked beside itself and renamed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.scratch import passing_folder

WORKERS = 2
BEAT = 0.3
"""Seconds after which it is told how far unpacking is."""

Meter = dict[str, int]
"""Bytes that have been read of each blob, by digest."""

Tell = Callable[[int, int], None]
OWN_FOLDERS = frozenset({"layers", "workspace", "cnb"})
"""Where the layers that a buildpacks build adds lie; they never remove or replace what the run image holds."""


def chain_id(layers: Sequence[Layer]) -> str:
    """The hex of the OCI image specification's ChainID of these layers, lowest first."""
    chain = layers[0].diff_id
    for layer in layers[1:]:
        chain = f"sha256:{hashlib.sha256(f'{chain} {layer.diff_id}'.encode()).hexdigest()}"
    return chain.removeprefix("sha256:")


def layers_tree(store: Store, layers: Sequence[Layer], meter: Meter | None = None) -> Path:
    """The folder with the files of ``layers``, the higher over the lower. Raises what ``unpack_layer`` raises."""
    meter = meter if meter is not None else {}

    def unpack(scratch: Path) -> None:
        from jupyter_mlpack.oci.unpack import unpack_layer

        for layer in layers:
            unpack_layer(store, layer, scratch, functools.partial(meter.__setitem__, layer.descriptor.digest))

    return make_once(store.root / "trees" / chain_id(layers), unpack)


def join_image(store: Store, image: StoredImage, folder: Path, tell: Tell = lambda done, total: None) -> None:
    """Put an image's files into the empty ``folder``; like the trees, they may not be written to afterwards.

    The layers that a buildpacks build added are unpacked one by one, shared with other images, and joined by hard
    links: after an edit of the notebook only its own layer is unpacked. Any other image is unpacked as a whole.
    ``tell`` hears, from this thread, how many bytes of how many are unpacked.
    """
    from concurrent.futures import ThreadPoolExecutor, wait

    from jupyter_mlpack.oci.clone import clone_tree
    from jupyter_mlpack.oci.unpack import unpack_layer

    layers = image.layers
    count = run_image_layers(image) or len(layers)
    parts = [layers[:count], *((layer,) for layer in layers[count:])]
    missing = [part for part in parts if not (store.root / "trees" / chain_id(part)).is_dir()]
    total = sum(layer.descriptor.size for part in missing for layer in part)
    meter: Meter = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        pending = [pool.submit(layers_tree, store, part, meter) for part in parts]
        while total and wait(pending, timeout=BEAT).not_done:
            tell(min(sum(list(meter.values())), total), total)
        trees = [future.result() for future in pending]
    if total:
        tell(total, total)
    if all({path.name for path in tree.iterdir()} <= OWN_FOLDERS for tree in trees[1:]):
        for tree in trees:
            clone_tree(tree, folder)
    else:
        for layer in layers:
            unpack_layer(store, layer, folder)


def run_image_layers(image: StoredImage) -> int:
    """How many of an image's layers are its run image's, and what extends it; 0 where no lifecycle's label says so."""
    try:
        text = dict(image.config.labels).get("io.buildpacks.lifecycle.metadata", "")
        count = 1 + image.config.diff_ids.index(json.loads(text)["runImage"]["topLayer"])
    except (ValueError, KeyError, TypeError):
        return 0
    # The label names every layer that the build itself added.
    added = (diff_id in text for diff_id in image.config.diff_ids[count:])
    return count + next((index for index, own in enumerate(added) if own), 0)


def make_once(place: Path, make: Callable[[Path], None]) -> Path:
    """``place``, filled by ``make`` in a scratch folder if it is not there; of two makers the first to finish wins.

    One that is there is touched: what nobody has used for long may go.
    """
    if place.is_dir():
        touch(place)
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with passing_folder(place.parent / f".making-{os.urandom(6).hex()}") as scratch:
        make(scratch)
        scratch.chmod(0o755)
        claim(scratch, place)
    return place


def touch(place: Path) -> None:
    """Let ``place`` have been used now; in a store that we may only read, nothing."""
    with suppress(OSError):
        os.utime(place)


def claim(scratch: Path, place: Path) -> None:
    """Give ``scratch`` its name unless somebody was faster; a full folder is never replaced by a rename."""
    try:
        scratch.rename(place)
    except OSError:
        if not place.is_dir():
            raise
