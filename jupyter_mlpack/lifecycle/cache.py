"""Keeps ``cache = true`` layers of an image name from one build to the next, as plain folders below the store.

A cache is a folder ``cache/<image name>/`` with ``layers.json`` and one tree a layer. It is written aside and put in
place by renaming, so that a build that fails leaves the last good one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from jupyter_mlpack.lifecycle.records import BuildpackRecord, LayerRecord, escape_id
from jupyter_mlpack.lifecycle.toml import make_folders


class LayerCache:
    """The cache of one image name."""

    def __init__(self, root: Path, name: str) -> None:
        self.folder = root / "cache" / quote(name, safe="")

    def records(self) -> Mapping[str, BuildpackRecord]:
        """What the cache holds, by buildpack id; empty when there is none or it cannot be read."""
        try:
            content = json.loads((self.folder / "layers.json").read_text(encoding="utf-8"))
            return {key: BuildpackRecord(key, "", _read_layers(layers)) for key, layers in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            # a cache that cannot be read is as good as none
            return {}

    def restore_layer(self, buildpack_id: str, name: str, target: Path) -> None:
        """Copy a layer's tree to ``target``. Raises ``OSError``."""
        shutil.copytree(self.folder / escape_id(buildpack_id) / name, target, symlinks=True, dirs_exist_ok=True)

    def restore_sboms(self, target: Path) -> None:
        """Copy the bills of materials of cached layers to ``target``, when there are any. Raises ``OSError``."""
        if (self.folder / "sbom").is_dir():
            shutil.copytree(self.folder / "sbom", target, dirs_exist_ok=True)

    def commit(self, records: Iterable[BuildpackRecord], layers: Path) -> None:
        """Replace the cache by the cached layers of ``records``; their trees are taken away from ``layers``.

        Raises ``OSError``.
        """
        staging, old = (
            self.folder.with_name(self.folder.name + ".new"),
            self.folder.with_name(self.folder.name + ".old"),
        )
        for folder in (staging, old):
            shutil.rmtree(folder, ignore_errors=True)
        make_folders(staging)
        content: dict[str, object] = {}
        for record in records:
            kept = {name: layer for name, layer in record.layers.items() if layer.cache}
            content[record.id] = {name: _layer_json(layer) for name, layer in kept.items()}
            for name in kept:
                make_folders(staging / escape_id(record.id))
                shutil.move(layers / escape_id(record.id) / name, staging / escape_id(record.id) / name)
        if (layers / "sbom" / "cache").is_dir():
            shutil.move(layers / "sbom" / "cache", staging / "sbom")
        (staging / "layers.json").write_text(json.dumps(content, default=str), encoding="utf-8")
        if self.folder.exists():
            self.folder.rename(old)
        staging.rename(self.folder)
        shutil.rmtree(old, ignore_errors=True)


def _layer_json(layer: LayerRecord) -> dict[str, object]:
    return {"launch": layer.launch, "build": layer.build, "metadata": layer.metadata, "sha": layer.sha}


def _read_layers(layers: Mapping[str, Mapping[str, object]]) -> dict[str, LayerRecord]:
    records = {}
    for name, entry in layers.items():
        metadata = entry["metadata"]
        assert metadata is None or isinstance(metadata, Mapping)
        records[name] = LayerRecord(bool(entry["launch"]), bool(entry["build"]), True, metadata, str(entry["sha"]))
    return records
