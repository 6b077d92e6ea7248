"""Keeps ``cache = true`` layers of an image name from one build to the next, as plain folders below the store.

A cache is a folder ``cache/<image name>/`` with ``layers.json`` and one tree a layer. It is written aside and put in
place by renaming, so that a build that fails leaves the last good one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from jupyter_mlpack.lifecycle.gojson import go_json
from jupyter_mlpack.lifecycle.records import BuildpackRecord, LayerRecord, escape_id
from jupyter_mlpack.lifecycle.toml import make_folders
from jupyter_mlpack.scratch import remove_tree


class Cache(Protocol):
    """Where ``cache = true`` layers are kept: this folder, the official lifecycle's, or an image of a registry."""

    def records(self) -> Mapping[str, BuildpackRecord]:
        """What is kept, by buildpack id."""

    def restore_layer(self, buildpack_id: str, name: str, target: Path) -> bool:
        """Write a layer's tree to ``target``; false, and nothing is there, when it is damaged."""

    def restore_sboms(self, target: Path) -> None:
        """Write the bills of materials of cached layers to ``target``, when there are any."""

    def commit(self, records: Iterable[BuildpackRecord], layers: Path) -> None:
        """Keep the cached layers of ``records`` from now on, and no others."""


class LayerCache:
    """The cache of one image name."""

    def __init__(self, root: Path, name: str) -> None:
        self.folder = root / "cache" / quote(name, safe="")

    def records(self) -> Mapping[str, BuildpackRecord]:
        """What the cache holds, by buildpack id; empty when there is none or it cannot be read."""
        try:
            content = json.loads((self.folder / "layers.json").read_text(encoding="utf-8"), parse_int=float)
            return {key: BuildpackRecord(key, "", _read_layers(layers)) for key, layers in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            # a cache that cannot be read is as good as none
            return {}

    def restore_layer(self, buildpack_id: str, name: str, target: Path) -> bool:
        """Copy a layer's tree to ``target``. Raises ``OSError``."""
        import shutil

        shutil.copytree(self.folder / escape_id(buildpack_id) / name, target, symlinks=True, dirs_exist_ok=True)
        return True

    def restore_sboms(self, target: Path) -> None:
        """Copy the bills of materials of cached layers to ``target``, when there are any. Raises ``OSError``."""
        import shutil

        if (self.folder / "sbom").is_dir():
            shutil.copytree(self.folder / "sbom", target, dirs_exist_ok=True)

    def commit(self, records: Iterable[BuildpackRecord], layers: Path) -> None:
        """Replace the cache by the cached layers of ``records``; their trees are taken away from ``layers``.

        A layer without contents is left out. Metadata that JSON cannot hold (nan) leave the cache as it was, as they
        do with the official exporter. Raises ``OSError``.
        """
        kept = {record.id: _with_contents(record, layers / escape_id(record.id)) for record in records}
        try:
            text = go_json({key: {name: _layer_json(kept[key][name]) for name in kept[key]} for key in kept})
        except ValueError:
            return
        if not any(kept.values()) and not (layers / "sbom" / "cache").is_dir() and self._holds(text):
            return
        staging, old = (
            self.folder.with_name(self.folder.name + ".new"),
            self.folder.with_name(self.folder.name + ".old"),
        )
        for folder in (staging, old):
            remove_tree(folder)
        make_folders(staging)
        for folder_name, names in ((escape_id(key), kept[key]) for key in kept):
            for name in names:
                make_folders(staging / folder_name)
                _move(layers / folder_name / name, staging / folder_name / name)
        if (layers / "sbom" / "cache").is_dir():
            _move(layers / "sbom" / "cache", staging / "sbom")
        (staging / "layers.json").write_text(text, encoding="utf-8")
        if self.folder.exists():
            self.folder.rename(old)
        staging.rename(self.folder)
        remove_tree(old)

    def _holds(self, text: str) -> bool:
        """Whether the cache is a list without trees, and ``text`` is it already."""
        try:
            listed = os.listdir(self.folder) == ["layers.json"]
            return listed and (self.folder / "layers.json").read_text(encoding="utf-8") == text
        except (OSError, ValueError):
            return False


def _move(source: Path, target: Path) -> None:
    """Move a tree, if need be to another file system. Raises ``OSError``."""
    import shutil

    shutil.move(source, target)


def _with_contents(record: BuildpackRecord, folder: Path) -> dict[str, LayerRecord]:
    return {name: layer for name, layer in record.layers.items() if layer.cache and (folder / name).is_dir()}


def _layer_json(layer: LayerRecord) -> dict[str, object]:
    return {"launch": layer.launch, "build": layer.build, "metadata": layer.metadata, "sha": layer.sha}


def _read_layers(layers: Mapping[str, Mapping[str, object]]) -> dict[str, LayerRecord]:
    records = {}
    for name, entry in layers.items():
        flags = (bool(entry["launch"]), bool(entry["build"]), True)
        records[name] = LayerRecord(*flags, entry["metadata"], str(entry["sha"]))
    return records
