"""What an image will weigh, and how much of that is in the store already: a look at names and sizes, not a build.

Known to the byte are the run image at hand, each big wheel that has had a layer of its own on this machine, and the
layer of all other wheels where an image in the store was made of the very same. The rest is told from the wheels.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from jupyter_mlpack.errors import StoreError
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.grouping import OWN_REST, REST, Group, group_packages, pins
from jupyter_mlpack.lifecycle.known_layers import KnownLayers
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.oci.manifest import Layer
from jupyter_mlpack.oci.trees import run_image_layers
from jupyter_mlpack.stack import Assembly
from jupyter_mlpack.values import BuildPlan, Inspection, Lock, Notice, Plan, PlannedFile, PlannedPackage
from jupyter_mlpack.wishes import Machine

PACKAGES = "mlpack/packages"
"""The buildpack whose layers hold the wheels."""

GROWTH = ((100_000_000, 1.03), (12_000_000, 1.17), (0, 1.42))
"""Bytes of a layer for each byte of a wheel from this size on: small ones have much bytecode, big ones next to none."""

RUN_IMAGE = 33_000_000
"""Bytes of a run image that has not been made yet."""

PER_PACKAGE, FIXED = 8_500, 60_000
"""Bytes of the environment (links, scripts) for each package; of runner, launcher and labels of any image."""

FILES = 0.6
"""Bytes of the application layer for each byte of the notebook's files: data is often compressed already."""

LARGEST = 4_000_000
"""Bytes of an application layer that is opened to see which wheels its image was made of."""

IMAGES = 50
"""Images that are looked at."""


@dataclass(frozen=True)
class Share:
    """Bytes of a part of the image, and whether they are here."""

    size: int
    reused: bool = False


def estimate_plan(
    plan: BuildPlan, lock: Lock, inspection: Inspection, machine: Machine, notices: Sequence[Notice]
) -> Plan:
    """The plan for a person. Reads the store, writes nothing; ``notices`` are those of inspection and resolution."""
    store = machine.store
    base = store.image(Assembly(plan.stack, plan.target.arch, store, machine.stack_settings, lambda event: None).name)
    shares = [Share(FIXED + round(FILES * sum(map(file_size, plan.files)))), *base_shares(base, plan, store)]
    groups = dict(package_shares(lock, store, base))
    shares += groups.values()
    shares.append(Share(PER_PACKAGE * len(lock.packages), all(share.reused for share in groups.values())))
    return Plan(
        name=plan.name,
        purpose=plan.purpose,
        stack=plan.stack.name,
        python=plan.target.python,
        arch=plan.target.arch,
        accelerator=inspection.hardware.accelerator,
        packages=tuple(planned_packages(lock, groups)),
        files=tuple(planned_paths(plan)),
        system=tuple(package.name for package in plan.system),
        notices=tuple(dict.fromkeys(notices)),
        size=sum(share.size for share in shares),
        reused=sum(share.size for share in shares if share.reused),
    )


def planned_paths(plan: BuildPlan) -> Iterator[str]:
    """What people would find in the application, assets that are fetched only when it is built among them."""
    assets = [asset.path for asset in plan.assets if not asset.mount]
    yield from sorted({*(file.path for file in plan.files if not file.path.startswith(".mlpack/")), *assets})


def base_shares(base: StoredImage | None, plan: BuildPlan, store: Store) -> Iterator[Share]:
    """The run image, and what the last image of this name added to it of the distribution's packages."""
    if base is None:
        yield Share(RUN_IMAGE)
        return
    last = store.image(plan.name)
    layers = last.layers[: run_image_layers(last)] if last else ()
    known = layers if layers[: len(base.layers)] == base.layers else base.layers
    for layer in known:
        yield Share(layer.descriptor.size, store.has(layer.descriptor.digest))


def planned_packages(lock: Lock, groups: dict[str, Share]) -> Iterator[PlannedPackage]:
    """Each package, with whether its layer is here."""
    layer = {pin: str(group["layer"]) for group in group_packages(lock) for pin in group["packages"]}
    for package in lock.packages:
        share = groups[layer[pins([package])[0]]]
        yield PlannedPackage(package.name, package.version, package.size, share.reused)


def package_shares(lock: Lock, store: Store, base: StoredImage | None) -> Iterator[tuple[str, Share]]:
    """The layers of wheels by name."""
    sizes = {pins([package])[0]: package.size for package in lock.packages}
    known = {name: store.layer(layer.diff_id) for name, layer in KnownLayers(store.root, store).of(PACKAGES)}
    for group in group_packages(lock):
        name, members = str(group["layer"]), group["packages"]
        is_rest = name in (REST, OWN_REST)
        layer = same_rest(lock, group, store, base) if is_rest else known.get(name)
        size = layer.descriptor.size if layer else sum(grown(sizes[pin]) for pin in members)
        yield name, Share(size, layer is not None)


def grown(size: int) -> int:
    """Bytes of a wheel of ``size`` bytes in a layer."""
    return round(size * next(factor for least, factor in GROWTH if size >= least))


def same_rest(lock: Lock, group: Group, store: Store, base: StoredImage | None) -> Layer | None:
    """The layer ``REST`` of an image on the same base with exactly these wheels in it, if the store has its blob."""
    name, wanted = str(group["layer"]), lines_of(lock.text, group["packages"])
    for image in islice(store.images(), IMAGES):
        if base and image.config.diff_ids[: len(base.config.diff_ids)] != base.config.diff_ids:
            continue
        layer = layer_of(image, f"Layer: '{name}', Created by buildpack: {PACKAGES}@")
        if layer and store.has(layer.descriptor.digest) and rest_of(image, name, store) == wanted:
            return layer
    return None


def layer_of(image: StoredImage, origin: str) -> Layer | None:
    """The layer whose history begins with these words."""
    entries = [entry for entry in image.config.history if not entry.empty_layer]
    pairs = zip(entries, image.layers, strict=False)
    return next((layer for entry, layer in pairs if entry.created_by.startswith(origin)), None)


def rest_of(image: StoredImage, name: str, store: Store) -> frozenset[str]:
    """The lines of the lock for the wheels in an image's layer ``name``, as its application layer tells them."""
    layer = layer_of(image, "Application Layer")
    if layer is None or layer.descriptor.size > LARGEST:
        return frozenset()
    texts: dict[str, str] = {}
    with (
        suppress(StoreError, tarfile.TarError, OSError, ValueError, EOFError),
        store.open(layer.descriptor.digest) as blob,
        tarfile.open(fileobj=blob, mode="r:gz") as tar,
    ):
        for member in tar:
            folder, _, file_name = member.name.rpartition("/")
            file = tar.extractfile(member) if folder.endswith(".mlpack") and member.size < LARGEST else None
            texts[file_name] = file.read().decode("utf-8") if file else ""
        rest = next(group for group in json.loads(texts["layers.json"]) if group["layer"] == name)
        return lines_of(texts["lock.txt"], rest["packages"])
    return frozenset()


def lines_of(lock: str, members: Iterable[str]) -> frozenset[str]:
    """The lines of a lock's text for these pins; a pin by address has its name only."""
    names = {pin.partition("==")[0] for pin in members}
    return frozenset(line for line in lock.splitlines() if line.split(" ", 1)[0].partition("==")[0] in names)


def file_size(file: PlannedFile) -> int:
    """Bytes; 0 for what cannot be looked at."""
    if file.text is not None:
        return len(file.text.encode("utf-8", "replace"))
    try:
        return Path(file.source).stat().st_size if file.source and not file.path.startswith(".mlpack/wheels/") else 0
    except OSError:
        return 0
