"""Layers as folders on this machine, each unpacked once: ``<store>/trees/<chain id>``, read-only by convention.

A tree is complete from the moment it has its name: it is unpacked beside itself and renamed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_mlpack.oci.clone import clone_tree
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.unpack import unpack_layer

WORKERS = 2
OWN_FOLDERS = frozenset({"layers", "workspace", "cnb"})
"""Where the layers that a buildpacks build adds lie; they never remove or replace what the run image holds."""


def chain_id(layers: Sequence[Layer]) -> str:
    """The hex of the OCI image specification's ChainID of these layers, lowest first."""
    chain = layers[0].diff_id
    for layer in layers[1:]:
        chain = f"sha256:{hashlib.sha256(f'{chain} {layer.diff_id}'.encode()).hexdigest()}"
    return chain.removeprefix("sha256:")


def layers_tree(store: Store, layers: Sequence[Layer]) -> Path:
    """The folder with the files of ``layers``, the higher over the lower. Raises what ``unpack_layer`` raises."""

    def unpack(scratch: Path) -> None:
        for layer in layers:
            unpack_layer(store, layer, scratch)

    return make_once(store.root / "trees" / chain_id(layers), unpack)


def join_image(store: Store, image: StoredImage, folder: Path) -> None:
    """Put an image's files into the empty ``folder``; like the trees, they may not be written to afterwards.

    The layers that a buildpacks build added are unpacked one by one, shared with other images, and joined by hard
    links: after an edit of the notebook only its own layer is unpacked. Any other image is unpacked as a whole.
    """
    layers = image.layers
    count = run_image_layers(image) or len(layers)
    parts = [layers[:count], *((layer,) for layer in layers[count:])]
    with ThreadPoolExecutor(WORKERS) as pool:
        trees = list(pool.map(lambda part: layers_tree(store, part), parts))
    if all({path.name for path in tree.iterdir()} <= OWN_FOLDERS for tree in trees[1:]):
        for tree in trees:
            clone_tree(tree, folder)
    else:
        for layer in layers:
            unpack_layer(store, layer, folder)


def run_image_layers(image: StoredImage) -> int:
    """How many of an image's layers are its run image's; 0 where no lifecycle's label says so."""
    try:
        label = json.loads(dict(image.config.labels).get("io.buildpacks.lifecycle.metadata", ""))
        return 1 + image.config.diff_ids.index(label["runImage"]["topLayer"])
    except (ValueError, KeyError, TypeError):
        return 0


def make_once(place: Path, make: Callable[[Path], None]) -> Path:
    """``place``, filled by ``make`` in a scratch folder if it is not there; of two makers the first to finish wins."""
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
    try:
        make(scratch)
        scratch.chmod(0o755)
        claim(scratch, place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return place


def claim(scratch: Path, place: Path) -> None:
    """Give ``scratch`` its name unless somebody was faster; a full folder is never replaced by a rename."""
    try:
        scratch.rename(place)
    except OSError:
        if not place.is_dir():
            raise
