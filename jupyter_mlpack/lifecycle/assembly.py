"""Layers + run image + what the build says -> the image's labels and configuration, in the content store."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.config import Addition, application_config, dated
from jupyter_mlpack.lifecycle.context import Folders
from jupyter_mlpack.lifecycle.gojson import go_json
from jupyter_mlpack.lifecycle.inputs import BuildInputs
from jupyter_mlpack.lifecycle.labels import (
    BUILD_LABEL,
    LIFECYCLE_LABEL,
    ORIGINS_LABEL,
    PROJECT_LABEL,
    LauncherVersion,
    build_label,
    lifecycle_label,
)
from jupyter_mlpack.lifecycle.layers_folder import launch_layers
from jupyter_mlpack.lifecycle.parts import Part
from jupyter_mlpack.lifecycle.records import (
    BuildMetadata,
    BuildpackRecord,
    LayersMetadata,
    Report,
    RunImageRecord,
)
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.store import Store

Made = tuple[tuple[Part, Layer], ...]


@dataclass(frozen=True)
class Exported:
    """A finished image that has no name yet, and what its labels record; ``records`` hold all layers of the build."""

    stored: StoredImage
    metadata: BuildMetadata
    records: tuple[BuildpackRecord, ...]
    made: Made


@dataclass(frozen=True)
class Base:
    """What an image is put on, and where it is kept. ``environment`` is set over the run image's."""

    store: Store
    folders: Folders
    launcher: LauncherVersion
    run_image: StoredImage
    run_record: RunImageRecord
    inputs: BuildInputs = BuildInputs()
    environment: tuple[tuple[str, str], ...] = ()


def assemble(base: Base, metadata: BuildMetadata, records: Sequence[BuildpackRecord], made: Made) -> Exported:
    """The image of the layers ``made``, in order, on top of the run image."""
    full = tuple(_with_diff_ids(record, made) for record in records)
    labels = {
        LIFECYCLE_LABEL: lifecycle_label(_layers_metadata(base, full, made)),
        BUILD_LABEL: build_label(metadata, base.launcher),
        PROJECT_LABEL: go_json(base.inputs.source or {}),
        **origins_label(base.inputs, metadata),
        **dict(metadata.labels),
    }
    additions = [Addition(layer.diff_id, part.origin) for part, layer in made]
    config = application_config(base.run_image.config, additions, base.folders, metadata.default_process, labels)
    if base.environment:
        config = replace(config, env=tuple({**dict(config.env), **dict(base.environment)}.items()))
    stored = base.store.add_image(
        dated(config, base.inputs.created), [*base.run_image.layers, *(layer for _, layer in made)]
    )
    return Exported(stored, metadata, full, made)


def origins_label(inputs: BuildInputs, metadata: BuildMetadata) -> dict[str, str]:
    """Where the buildpacks of the image come from, as far as they were fetched; nothing where none was."""
    used = {element.reference for element in metadata.buildpacks}
    found = {name: word for name, word in sorted(inputs.origins) if name in used}
    return {ORIGINS_LABEL: go_json(found)} if found else {}


def _with_diff_ids(record: BuildpackRecord, made: Made) -> BuildpackRecord:
    shas = {part.layer: layer.diff_id for part, layer in made if part.kind == "buildpack"}
    layers = {name: replace(layer, sha=shas.get((record.id, name), "")) for name, layer in record.layers.items()}
    return replace(record, layers=layers)


def _layers_metadata(base: Base, records: Sequence[BuildpackRecord], made: Made) -> LayersMetadata:
    single = {part.kind: layer.diff_id for part, layer in made}
    diff_ids = base.run_image.config.diff_ids
    return LayersMetadata(
        app=tuple(layer.diff_id for part, layer in made if part.kind == "app"),
        sbom=single.get("sbom", ""),
        buildpacks=tuple(replace(record, layers=launch_layers(record)) for record in records),
        config=single.get("config", ""),
        launcher=single["launcher"],
        process_types=single.get("process-types", ""),
        run_image=replace(base.run_record, top_layer=_top(diff_ids, base.run_record.top_layer)),
    )


def _top(diff_ids: Sequence[str], plain: str) -> str:
    """The top layer of the run image itself: what extends it lies above, and is kept when the image is rebased."""
    return plain if plain in diff_ids else diff_ids[-1] if diff_ids else ""


def report_of(names: tuple[str, ...], image: StoredImage) -> Report:
    """What the platform is told about the image."""
    return Report(names, image.manifest.config.digest, image.descriptor.digest, image.descriptor.size)
