"""Which buildpacks are asked, and in which order: options, a builder, an order file or a descriptor -> an ``Order``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from jupyter_mlpack.errors import BuildpackUnknown, OrderUnreadable
from jupyter_mlpack.fetching import Place, read_place
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.given.folders import with_buildpacks
from jupyter_mlpack.given.sources import Sources, single
from jupyter_mlpack.lifecycle.descriptor import read_order
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.values import Catalog

FROM_BUILDER = ("from=builder", "urn:cnb:builder")
"""Words for all groups of the builder; without a builder, for our own order."""

BUILDER_ID = "urn:cnb:builder:"

SOME = (
    "mlpack/ca-certificates",
    "mlpack/apt",
    "mlpack/business-tags",
    "mlpack/conda",
    "mlpack/hardware",
    "mlpack/assets",
)
"""Our buildpacks that a plan adds where it has something for them, in their order: certificates serve all others."""

FORM = 'It holds [[order]] tables, each with [[order.group]] tables: id = "mlpack/python", optional = true'


def default_order(catalog: Catalog) -> Order:
    """The catalog's groups for a notebook: a training image's, then an inference image's.

    Those that only some images need stand in front, and are asked.
    """
    by_reference = {pack.reference: pack for pack in catalog.buildpacks}
    groups = [
        [by_reference[name] for name in names if name in by_reference] for names in (catalog.order, catalog.serving)
    ]
    some = sorted((pack for pack in catalog.buildpacks if pack.id in SOME), key=lambda pack: SOME.index(pack.id))
    asked = tuple(GroupElement(pack.id, pack.version, optional=True) for pack in some)
    return tuple((*asked, *(GroupElement(pack.id, pack.version) for pack in group)) for group in groups if group)


def read_order_file(path: Path) -> Order:
    """The groups of an ``order.toml``. Raises ``OrderUnreadable``."""
    try:
        fields = Fields.read(path)
        order = read_order(fields)
        if fields.tables("order-extensions"):
            raise MalformedError(path, "it orders image extensions, which need root")
    except MalformedError as error:
        raise OrderUnreadable(path=path, reason=f"{error.reason}.", form=FORM) from error
    except OSError as error:
        raise OrderUnreadable(path=path, reason=f"{error.strerror}.", form=FORM) from error
    if not any(order):
        raise OrderUnreadable(path=path, reason="It names no buildpack.", form=FORM)
    return order


def order_of_words(
    words: Iterable[str], base: Order, catalog: Catalog, where: str, sources: Sources
) -> tuple[Order, Catalog]:
    """The order that ``--buildpack`` words say, and the catalog with what they name that was not at hand.

    ``from=builder`` stands for all groups of ``base``, a builder's image for its own. Raises as ``named``.
    """
    order: Order = ((),)
    for word in words:
        if word in FROM_BUILDER:
            order = tuple(before + group for before in order for group in base)
            continue
        groups, catalog = named(word, catalog, where, sources)
        order = tuple((*before, *group) for before in order for group in groups)
    return order, catalog


def named(word: str, catalog: Catalog, where: str, sources: Sources) -> tuple[Order, Catalog]:
    """What an option's word names, as groups: ``id`` or ``id@version`` of one at hand, else one from a place.

    What lies at a path of this machine goes before what is called the same. Raises ``BuildpackUnknown``,
    ``BuildpackUnreadable``, ``SourceWrong``, ``SourceUnusable``, and what fetching raises.
    """
    place = None if word.startswith(BUILDER_ID) else read_place(word, Path().absolute(), where)
    if place is None or (place.word == place.address and place.kind == "image"):
        name, _, version = word.removeprefix(BUILDER_ID).partition("@")
        if place is None and sources.fetcher.store.image(word) is not None:
            place = Place("image", word, word)
        if place is None or any(pack.id == name for pack in catalog.buildpacks):
            return ((complete(GroupElement(name, version), catalog, where),),), catalog
    found = sources.find(place, where)
    catalog = with_buildpacks(catalog, found.buildpacks)
    return complete_order(found.order, catalog, where), catalog


def one_named(word: str, catalog: Catalog, where: str, sources: Sources) -> tuple[GroupElement, Catalog]:
    """The same where a single buildpack is meant."""
    groups, catalog = named(word, catalog, where, sources)
    return single(groups, word, where), catalog


def complete_order(order: Order, catalog: Catalog, where: str) -> Order:
    """The order with versions everywhere; an optional buildpack that is not at hand is an error, too."""
    return tuple(tuple(complete(element, catalog, where) for element in group) for group in order)


def complete(element: GroupElement, catalog: Catalog, where: str) -> GroupElement:
    """The element with its version; without one the only, or else the last of that id. Raises ``BuildpackUnknown``."""
    fitting = [pack for pack in catalog.buildpacks if pack.id == element.id]
    fitting = [pack for pack in fitting if element.version in ("", pack.version)]
    if not fitting:
        known = ", ".join(sorted(pack.reference for pack in catalog.buildpacks)) or "none"
        reference = element.reference if element.version else element.id
        raise BuildpackUnknown(reference=reference, where=where, known=known)
    return replace(element, version=fitting[-1].version)


def surrounded(order: Order, before: Sequence[GroupElement], after: Sequence[GroupElement]) -> Order:
    """Each group with what goes before and after it."""
    return tuple((*before, *group, *after) for group in order)
