"""A folder with a buildpack -> a buildpackage: an image of nothing but buildpacks, as ``pack`` makes them.

A composite buildpack takes along those that its ``package.toml`` names. The same folders make the same bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.builder import layers
from jupyter_mlpack.builder.labels import layer, module, stack
from jupyter_mlpack.fetching import Place
from jupyter_mlpack.fetching.labels import LAYERS, PACKAGE
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.lifecycle.descriptor import Descriptor, read_descriptor
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.gojson import go_json
from jupyter_mlpack.lifecycle.records import Order
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.oci.manifest import CREATED, History, ImageConfig, StoredImage
from jupyter_mlpack.oci.sharing import together
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import write_tar


def make_buildpackage(folder: Path, name: str, arch: str, sources: Sources) -> StoredImage:
    """The buildpackage of the buildpack in ``folder``, in the store under ``name`` (empty: ``id:version``).

    Raises ``BuildpackUnreadable``, ``BuildpackIncomplete``, and what fetching raises.
    """
    store = sources.fetcher.store
    found = sources.find(Place("local", str(folder), str(folder.absolute())), str(folder))
    packs = [described(pack.root) for pack in found.buildpacks]
    main = packs[-1]
    check_complete(packs)
    with together(store.root):
        image = assembled(main, sorted(packs, key=lambda pack: pack.reference), arch, store)
        name = name or default_name(main)
        store.tag(name, image.descriptor)
    return image.named(name)


def default_name(pack: Descriptor) -> str:
    """What an image of a buildpack is called if nothing is said."""
    from jupyter_mlpack.oci.reference import parse_reference

    name = f"{pack.id.lower()}:{pack.version.replace('+', '-')}"
    parse_reference(name)
    return name


def described(root: Path) -> Descriptor:
    """What a buildpack says of itself. Raises ``BuildpackUnreadable``."""
    try:
        return read_descriptor(root)
    except (MalformedError, OSError) as error:
        raise errors.BuildpackUnreadable(path=root, where=root, reason=f"{error}.") from error


def check_complete(packs: Sequence[Descriptor]) -> None:
    """All that composite ones name is there, and all others can be started. Raises ``BuildpackIncomplete``."""
    there = {pack.reference for pack in packs}
    for pack in packs:
        missing = sorted({one.reference for group in pack.order for one in group} - there)
        if missing:
            reason = f"It names {', '.join(missing)}, which it does not bring along."
            raise errors.BuildpackIncomplete(buildpack=pack.reference, path=pack.root, reason=reason)
        if not layers.is_runnable(pack):
            reason = "It has no bin/detect and bin/build that may be executed."
            raise errors.BuildpackIncomplete(buildpack=pack.reference, path=pack.root, reason=reason)


def assembled(main: Descriptor, packs: Sequence[Descriptor], arch: str, store: Store) -> StoredImage:
    """The image, not yet named: a layer for each buildpack, in the order of their names."""
    made = [store.add_layer(functools.partial(write_tar, entries=layers.buildpack(pack))) for pack in packs]
    table: dict[str, dict[str, object]] = {}
    for pack, one in zip(packs, made, strict=True):
        table.setdefault(pack.id, {})[pack.version] = layer(pack, one.diff_id)
    stacks = [stack(one) for one in Fields.read(main.root / "buildpack.toml").tables("stacks")]
    about = {**module(main), "stacks": stacks or [{"id": "*"}]}
    config = ImageConfig(
        architecture=arch,
        os="linux",
        diff_ids=tuple(one.diff_id for one in made),
        history=tuple(History(CREATED, f"Buildpack {pack.reference}") for pack in packs),
        labels=((PACKAGE, go_json(about)), (LAYERS, go_json(table))),
    )
    return store.add_image(config, made)


def order_text(order: Order) -> str:
    """An order for people: groups in a row, optional ones in brackets."""
    groups = [" + ".join(f"[{one.reference}]" if one.optional else one.reference for one in group) for group in order]
    return "; or ".join(groups)
