"""Layers + run image + what the build says -> the image's labels and configuration, in the content store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jupyter_mlpack.lifecycle.config import Addition, application_config
from jupyter_mlpack.lifecycle.context import Folders
from jupyter_mlpack.lifecycle.labels import (
    BUILD_LABEL,
    LIFECYCLE_LABEL,
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
    """What an image is put on, and where it is kept."""

    store: Store
    folders: Folders
    launcher: LauncherVersion
    run_image: StoredImage
    run_record: RunImageRecord


def assemble(base: Base, metadata: BuildMetadata, records: Sequence[BuildpackRecord], made: Made) -> Exported:
    """The image of the layers ``made``, in order, on top of the run image."""
    full = tuple(_with_diff_ids(record, made) for record in records)
    labels = {
        LIFECYCLE_LABEL: lifecycle_label(_layers_metadata(base, full, made)),
        BUILD_LABEL: build_label(metadata, base.launcher),
        PROJECT_LABEL: "{}",
        **dict(metadata.labels),
    }
    additions = [Addition(layer.diff_id, part.origin) for part, layer in made]
    config = application_config(base.run_image.config, additions, base.folders, metadata.default_process, labels)
    stored = base.store.add_image(config, [*base.run_image.layers, *(layer for _, layer in made)])
    return Exported(stored, metadata, full, made)


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
        run_image=replace(base.run_record, top_layer=diff_ids[-1] if diff_ids else ""),
    )


def report_of(name: str, image: StoredImage) -> Report:
    """What the platform is told about the image."""
    return Report((name,), image.manifest.config.digest, image.descriptor.digest, image.descriptor.size)
