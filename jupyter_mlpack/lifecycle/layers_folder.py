"""Reads the layers folder as the build phase left it: which launch layers each buildpack contributes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpack.lifecycle.files import read_layer, read_store
from jupyter_mlpack.lifecycle.outputs import RESERVED_LAYERS, SBOM_TYPES
from jupyter_mlpack.lifecycle.records import BuildpackRecord, GroupElement, LayerRecord, escape_id


def buildpack_records(group: Sequence[GroupElement], layers: Path) -> tuple[BuildpackRecord, ...]:
    """The buildpacks of ``group`` with their typed layers, not yet with diffIDs. Raises ``MalformedError``."""
    return tuple(_record(element, layers / escape_id(element.id)) for element in group)


def _record(element: GroupElement, folder: Path) -> BuildpackRecord:
    records = {name: read_layer(folder / f"{name}.toml") for name in _names(folder)}
    typed = {name: layer for name, layer in records.items() if layer.launch or layer.build or layer.cache}
    return BuildpackRecord(element.id, element.version, typed, read_store(folder / "store.toml"))


def _names(folder: Path) -> list[str]:
    """Names of layers: of all ``<layer>.toml``, reserved ones excepted, and of all folders."""
    paths = list(folder.iterdir()) if folder.is_dir() else []
    folders = {path.name for path in paths if path.is_dir() and not path.is_symlink()}
    tables = {path.name for path in paths if path.name.endswith(".toml")} - folders
    return sorted({name.removesuffix(".toml") for name in tables} - RESERVED_LAYERS | folders)


def launch_layers(record: BuildpackRecord) -> dict[str, LayerRecord]:
    """The layers of a buildpack that become layers of the image, sorted by name."""
    return {name: layer for name, layer in sorted(record.layers.items()) if layer.launch}


def layer_sboms(layers: Path, buildpack_id: str, layer: str) -> dict[str, str]:
    """The bills of materials of a layer that stand beside it, by the ends of their names."""
    folder = layers / escape_id(buildpack_id)
    paths = {end: folder / f"{layer}.{end}" for end in SBOM_TYPES}
    return {end: path.read_text(encoding="utf-8", errors="replace") for end, path in paths.items() if path.is_file()}
