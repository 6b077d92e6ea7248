"""What the labels of an image say of the buildpacks in it: of a buildpackage, or of a builder.

The labels are those of the distribution specification for buildpacks, as ``pack`` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.inputs import RunImageNames
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.oci.fields import Fields, read_object
from jupyter_mlpack.oci.manifest import ImageConfig

PACKAGE = "io.buildpacks.buildpackage.metadata"
LAYERS = "io.buildpacks.buildpack.layers"
ORDER = "io.buildpacks.buildpack.order"
BUILDER = "io.buildpacks.builder.metadata"


@dataclass(frozen=True)
class LayerOf:
    """A buildpack of an image, and the digest of the tar that holds it."""

    id: str
    version: str
    diff_id: str


@dataclass(frozen=True)
class Labels:
    """``main`` is a buildpackage's own buildpack; ``order`` and ``run_images`` are a builder's."""

    layers: tuple[LayerOf, ...]
    main: GroupElement | None = None
    order: Order = ()
    run_images: tuple[RunImageNames, ...] = ()


def read_labels(config: ImageConfig) -> Labels | None:
    """What the labels say; ``None`` where there are none of this kind. Raises ``ManifestUnreadable``."""
    labels = dict(config.labels)
    if LAYERS not in labels:
        return None
    main = _inside(labels, PACKAGE) if PACKAGE in labels else None
    order: Order = ()
    if ORDER in labels:
        order = _order(read_object(f'{{"order":{labels[ORDER]}}}'.encode()))
    return Labels(
        layers=tuple(_layers(_inside(labels, LAYERS))),
        main=GroupElement(main.text("id"), main.text("version")) if main else None,
        order=order,
        run_images=tuple(_run_images(_inside(labels, BUILDER))) if BUILDER in labels else (),
    )


def _inside(labels: dict[str, str], name: str) -> Fields:
    return Fields(read_object(labels[name].encode()).raw, f"{name} ")


def _layers(fields: Fields) -> Iterator[LayerOf]:
    for id_ in fields.raw:
        versions = fields.inside(id_)
        for version in versions.raw:
            yield LayerOf(id_, version, versions.inside(version).digest("layerDiffID"))


def _order(fields: Fields) -> Order:
    return tuple(tuple(_element(entry) for entry in group.objects("group")) for group in fields.objects("order"))


def _element(entry: Fields) -> GroupElement:
    return GroupElement(entry.text("id"), entry.text("version", ""), optional=entry.raw.get("optional") is True)


def _run_images(fields: Fields) -> Iterator[RunImageNames]:
    """Those of ``images``, else the one of the older ``stack``."""
    images = list(fields.objects("images"))
    for entry in images or [fields.inside("stack").inside("runImage")]:
        if entry.text("image", ""):
            yield RunImageNames(entry.text("image"), entry.texts("mirrors"))
