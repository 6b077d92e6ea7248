"""The rebase phase: an image's run image is replaced by another; nothing above it is read or made again.

Values in, values out: which blobs are where is for the caller. The configuration that comes out is, byte for byte, the
one that the official rebaser writes (as it does, it drops the layers' history). The manifest keeps the media types of
the image: the official one writes Docker's around layers of OCI's, which not every tool reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.config import CREATED
from jupyter_mlpack.lifecycle.gojson import go_json, sorted_table
from jupyter_mlpack.lifecycle.labels import LIFECYCLE_LABEL
from jupyter_mlpack.lifecycle.rebasable import read_label, unfit, unfit_stack, unnamed
from jupyter_mlpack.oci.manifest import DOCKER_MANIFEST, LAYER_GZIP, History, ImageConfig, Layer, StoredImage

SYNCED = ("io.buildpacks.stack.", "io.buildpacks.base.")
"""Beginnings of the labels that an image has from its run image."""

DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Rebased:
    """The new image, not yet written anywhere. ``warnings`` are what ``force`` passed over."""

    config: ImageConfig
    layers: tuple[Layer, ...]
    warnings: tuple[str, ...] = ()


def rebase(app: StoredImage, run: StoredImage, *, force: bool = False) -> Rebased:
    """``app`` on ``run`` (``run.name`` as the user knows it) instead of what it stands on.

    Raises ``NotRebasable``, and ``RebaseRefused`` unless ``force``.
    """
    label = read_label(app)
    top = label["runImage"].get("topLayer")
    if top not in app.config.diff_ids:
        reason = "Its label names a top layer of the run image that it does not have."
        raise errors.NotRebasable(name=app.name, reason=reason)
    for reason in unfit_stack(app.config, run.config):
        raise errors.NotRebasable(name=app.name, reason=reason)
    warnings = [*unfit(app.config, run.config), *unnamed(label, run.name)]
    if warnings and not force:
        raise errors.RebaseRefused(name=app.name, run_image=run.name, reason=" ".join(warnings))
    own = app.layers[app.config.diff_ids.index(top) + 1 :]
    layers = (*run.layers, *own)
    labels = {name: text for name, text in app.config.labels if not name.startswith(SYNCED)}
    labels |= {name: text for name, text in run.config.labels if name.startswith(SYNCED)}
    labels[LIFECYCLE_LABEL] = rebased_label(label, run)
    config = replace(
        app.config,
        architecture=run.config.architecture,
        os=run.config.os,
        variant="",
        created=CREATED,
        diff_ids=tuple(layer.diff_id for layer in layers),
        history=(History(CREATED, ""),) * len(layers),
        labels=tuple(sorted(labels.items())),
        rest=kept_rest(app.config, run.config),
    )
    return Rebased(config, tuple(in_kind(layer, app) for layer in layers), tuple(warnings))


def stands_on(app: StoredImage, run: StoredImage) -> bool:
    """Whether there is nothing to do: the image says that it stands on this very run image, and has its layers."""
    known = read_label(app)["runImage"]
    top = run.config.diff_ids[-1:]
    same = known.get("reference") == pinned(run) and [known.get("topLayer")] == list(top)
    return same and app.config.diff_ids[: len(run.config.diff_ids)] == run.config.diff_ids


def rebased_label(label: Mapping[str, Any], run: StoredImage) -> str:
    """The lifecycle's label with another run image, its fields in the order of the official one."""
    old, stack = label["runImage"], label.get("stack")
    names = {key: old[key] for key in ("image", "mirrors") if old.get(key)}
    if unnamed(label, run.name):
        names = {"image": run.name}
        stack = {"runImage": names}
    run_image = {"topLayer": run.config.diff_ids[-1] if run.config.diff_ids else "", "reference": pinned(run), **names}
    table = {
        "app": sorted_table(label.get("app")),
        "sbom": _sha(label["sbom"]) if label.get("sbom") else None,
        "buildpacks": [_buildpack(entry) for entry in label["buildpacks"]] if label.get("buildpacks") else None,
        **{key: _sha(label.get(key) or {}) for key in ("config", "launcher", "process-types")},
        "runImage": run_image,
        "stack": {"runImage": _in_order((stack.get("runImage") or {}), "image", "mirrors")} if stack else None,
    }
    return go_json({key: value for key, value in table.items() if value is not None or key in ("app", "buildpacks")})


def pinned(run: StoredImage) -> str:
    """The run image by its digest; names of Docker's registry are written as Go's tools write them."""
    head, slash, tail = run.name.partition("@")[0].rpartition("/")
    name = head + slash + tail.partition(":")[0]
    name = f"index.{name}" if name.startswith("docker.io/") else name
    return f"{name}@{run.descriptor.digest}"


def in_kind(layer: Layer, app: StoredImage) -> Layer:
    """``layer`` with the media type that fits the image's manifest."""
    docker = app.manifest.media_type == DOCKER_MANIFEST
    kinds = {LAYER_GZIP: DOCKER_LAYER} if docker else {DOCKER_LAYER: LAYER_GZIP}
    kind = kinds.get(layer.descriptor.media_type, layer.descriptor.media_type)
    return replace(layer, descriptor=replace(layer.descriptor, media_type=kind))


def kept_rest(app: ImageConfig, run: ImageConfig) -> dict[str, Any]:
    """What there is beside the known fields: of the image what a container starts with, else the run image's system."""
    kept = {"config": app.rest["config"]} if "config" in app.rest else {}
    return {**kept, **({"os.version": run.rest["os.version"]} if run.rest.get("os.version") else {})}


def _buildpack(entry: Mapping[str, Any]) -> dict[str, Any]:
    layers = entry.get("layers")
    table = {"key": entry.get("key", ""), "version": entry.get("version", ""), "layers": None}
    if layers is not None:
        table["layers"] = {name: _layer(layers[name]) for name in sorted(layers)}
    store = entry.get("store")
    return {**table, **({"store": {"metadata": sorted_table(store.get("metadata"))}} if store is not None else {})}


def _layer(entry: Mapping[str, Any]) -> dict[str, Any]:
    flags = {key: bool(entry.get(key)) for key in ("build", "launch", "cache")}
    return {"sha": entry.get("sha", ""), "data": sorted_table(entry.get("data")), **flags}


def _sha(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"sha": entry.get("sha", "")}


def _in_order(entry: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: entry[key] for key in keys if entry.get(key)}
