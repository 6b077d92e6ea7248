"""What a builder image's labels say, in the field order in which ``pack`` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mlpack import __version__
from jupyter_mlpack.builder.official import Apis, Official
from jupyter_mlpack.builder.recipe import Recipe
from jupyter_mlpack.lifecycle.descriptor import BuildpackTarget, Descriptor
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.gojson import go_json
from jupyter_mlpack.lifecycle.inputs import RunImageNames
from jupyter_mlpack.lifecycle.records import GroupElement, Order

METADATA = "io.buildpacks.builder.metadata"
LAYERS = "io.buildpacks.buildpack.layers"
ORDER = "io.buildpacks.buildpack.order"
SYSTEM = "io.buildpacks.buildpack.system"
STACK_ID = "io.buildpacks.stack.id"

Table = dict[str, Any]


def builder_labels(
    recipe: Recipe, official: Official, run_images: tuple[RunImageNames, ...], diff_ids: Mapping[str, str]
) -> dict[str, str]:
    """The labels; ``diff_ids`` are those of the buildpacks' layers, by reference."""
    images = [{"image": names.image, "mirrors": list(names.mirrors)} for names in run_images]
    metadata = {
        "description": recipe.description,
        "buildpacks": [module(pack) for pack in recipe.buildpacks],
        "extensions": None,
        "stack": {"runImage": images[0]},
        "lifecycle": lifecycle(official),
        "createdBy": {"name": "jupyter-mlpack", "version": __version__},
        "images": images,
    }
    layers: dict[str, Table] = {}
    for pack in recipe.buildpacks:
        layers.setdefault(pack.id, {})[pack.version] = layer(pack, diff_ids[pack.reference])
    apis = {name: sides(one) for name, one in (("buildpack", official.buildpack), ("platform", official.platform))}
    labels = {
        METADATA: go_json(metadata),
        LAYERS: go_json(layers),
        ORDER: go_json([{"group": group} for group in order(recipe.order)]),
        "io.buildpacks.lifecycle.version": official.version,
        "io.buildpacks.lifecycle.apis": go_json(apis),
        "org.opencontainers.image.title": f"mlpack builder {recipe.stack.name}",
    }
    system = {"pre": members(recipe.before), "post": members(recipe.after)}
    if recipe.before or recipe.after:
        labels[SYSTEM] = go_json({side: {"buildpacks": group} for side, group in system.items()})
    return labels


def lifecycle(official: Official) -> Table:
    """Version and APIs, also in the older form that knows one of each: the oldest that is spoken."""
    older = {"buildpack": official.buildpack.supported[0], "platform": official.platform.supported[0]}
    apis = {"buildpack": sides(official.buildpack), "platform": sides(official.platform)}
    return {"version": official.version, "api": older, "apis": apis}


def sides(apis: Apis) -> Table:
    """One API's versions."""
    return {"deprecated": list(apis.deprecated), "supported": list(apis.supported)}


def module(pack: Descriptor) -> Table:
    """What a buildpack says of itself to people."""
    info = Fields.read(pack.root / "buildpack.toml").table("buildpack")
    licenses = [{key: one.text(key) for key in ("type", "uri") if one.text(key)} for one in info.tables("licenses")]
    entry: Table = {
        "id": pack.id,
        "name": info.text("name"),
        "version": pack.version,
        "description": info.text("description"),
        "homepage": pack.homepage,
        "keywords": list(info.texts("keywords") or ()),
        "licenses": licenses,
        "clear-env": pack.clear_env,
    }
    return {key: value for key, value in entry.items() if value}


def layer(pack: Descriptor, diff_id: str) -> Table:
    """What tools have to know of a buildpack without reading its layer. Our stacks ask for no mixins."""
    info = Fields.read(pack.root / "buildpack.toml")
    entry: Table = {
        "api": pack.api,
        "stacks": [stack(one) for one in info.tables("stacks")],
        "targets": [target(one) for one in pack.targets if one.os or one.arch],
        "order": [{"group": group} for group in order(pack.order)],
        "layerDiffID": diff_id,
        "homepage": pack.homepage,
        "name": info.table("buildpack").text("name"),
    }
    return {key: value for key, value in entry.items() if value}


def stack(fields: Fields) -> Table:
    """A stack that a buildpack of an older kind asks for."""
    mixins = list(fields.texts("mixins") or ())
    return {"id": fields.text("id"), **({"mixins": mixins} if mixins else {})}


def target(one: BuildpackTarget) -> Table:
    """One target of a buildpack."""
    distros = [{"name": name, "version": version} for name, version in one.distros]
    entry: Table = {"os": one.os, "arch": one.arch}
    entry |= {"variant": one.variant} if one.variant else {}
    return entry | ({"distros": distros} if distros else {})


def order(groups: Order) -> list[list[Table]]:
    """Groups as ``order.toml`` and the label have them."""
    return [members(group) for group in groups]


def members(group: tuple[GroupElement, ...]) -> list[Table]:
    """The buildpacks of one group."""
    return [{"id": one.id, "version": one.version, **({"optional": True} if one.optional else {})} for one in group]
