"""The cache folder of the official lifecycle: ``--cache-dir``. Either lifecycle reads what the other one kept.

::

    committed/<diffID>.tar                            layers as tars, uncompressed, under their paths in the image
    committed/io.buildpacks.lifecycle.cache.metadata  which layer of which buildpack is which
    staging/                                          what is being written
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.context import IMAGE_LAYERS, Owner
from jupyter_mlpack.lifecycle.extract import extract_tree
from jupyter_mlpack.lifecycle.labels import cache_label, read_lifecycle_label
from jupyter_mlpack.lifecycle.records import BuildpackRecord, LayerRecord, LayersMetadata, escape_id
from jupyter_mlpack.lifecycle.restore import is_layer_name
from jupyter_mlpack.lifecycle.toml import make_folders
from jupyter_mlpack.oci.tar import TarEntry, parent_entries, tree_entries, write_tar

METADATA = "io.buildpacks.lifecycle.cache.metadata"
"""The name of the file, and of the label of a cache image."""


@dataclass(frozen=True)
class CacheLayers:
    """How layers of the layers folder look in a cache: tars of the image's paths."""

    owner: Owner
    image_layers: str = IMAGE_LAYERS

    def entries(self, folder: Path, at: str) -> Iterator[TarEntry]:
        """The tree ``folder``, known below the image's layers folder as ``at``."""
        path = f"{self.image_layers}/{at}"
        yield from parent_entries(path, 0o755, self.owner.uid, self.owner.gid)
        yield from tree_entries(folder, path, self.owner.uid, self.owner.gid)

    def place(self, at: str) -> str:
        """The path of a layer in the image."""
        return f"{self.image_layers}/{at}"

    def kept(self, records: Iterable[BuildpackRecord], layers: Path) -> Iterator[BuildpackRecord]:
        """The records with the layers that are to be cached and have contents."""
        for record in records:
            folder = layers / escape_id(record.id)
            cached = {name: layer for name, layer in record.layers.items() if layer.cache and (folder / name).is_dir()}
            yield BuildpackRecord(record.id, record.version, cached)


def valid(metadata: LayersMetadata | None) -> LayersMetadata:
    """What a cache tells; nothing when it cannot be read."""
    return metadata or LayersMetadata()


def only_cached(metadata: LayersMetadata) -> dict[str, BuildpackRecord]:
    """The cached layers of each buildpack, by its id; a cache may come from a stranger, names that are none are not."""
    found = {}
    for record in metadata.buildpacks:
        layers = {name: layer for name, layer in record.layers.items() if layer.cache and is_layer_name(name)}
        found[record.id] = replace(record, layers=layers)
    return found


class CacheFolder:
    """The cache in one folder."""

    def __init__(self, folder: Path, layers: CacheLayers) -> None:
        self._folder = folder
        self._layers = layers
        self._committed = folder / "committed"

    def records(self) -> Mapping[str, BuildpackRecord]:
        """What the cache holds, by buildpack id; layers whose tars are gone are left out."""
        return {
            key: replace(record, layers={name: one for name, one in record.layers.items() if self._tar(one.sha)})
            for key, record in only_cached(self._metadata()).items()
        }

    def restore_layer(self, buildpack_id: str, name: str, target: Path) -> bool:
        """Unpack a layer; false, and nothing is left, when its tar is damaged. Raises ``OSError``."""
        layer = self._metadata().buildpack(buildpack_id).layers[name]
        return self._unpack(layer.sha, f"{escape_id(buildpack_id)}/{name}", target)

    def restore_sboms(self, target: Path) -> None:
        """Unpack the bills of materials of cached layers, when there are any. Raises ``OSError``."""
        sha = self._metadata().sbom
        if self._tar(sha):
            self._unpack(sha, "sbom/cache", target)

    def commit(self, records: Iterable[BuildpackRecord], layers: Path) -> None:
        """Replace the cache by the cached layers of ``records``. Raises ``OSError``, ``ValueError``."""
        from shutil import rmtree

        staging, old = self._folder / "staging", self._folder / "committed-backup"
        for folder in (staging, old):
            rmtree(folder, ignore_errors=True)
        make_folders(staging)
        kept = []
        for record in self._layers.kept(records, layers):
            made = {
                name: self._add(staging, layer, layers, f"{escape_id(record.id)}/{name}")
                for name, layer in record.layers.items()
            }
            kept.append(replace(record, layers=made))
        bills = LayerRecord()
        if (layers / "sbom" / "cache").is_dir():
            bills = self._add(staging, bills, layers, "sbom/cache")
        text = cache_label(LayersMetadata(sbom=bills.sha, buildpacks=tuple(kept)))
        (staging / METADATA).write_text(text + "\n", encoding="utf-8")
        if self._committed.exists():
            self._committed.rename(old)
        staging.rename(self._committed)
        rmtree(old, ignore_errors=True)

    def _metadata(self) -> LayersMetadata:
        try:
            return valid(read_lifecycle_label((self._committed / METADATA).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            # a cache that cannot be read is as good as none
            return LayersMetadata()

    def _tar(self, sha: str) -> Path | None:
        path = self._committed / f"{sha}.tar"
        return path if sha.startswith("sha256:") and os.sep not in sha and path.is_file() else None

    def _unpack(self, sha: str, at: str, target: Path) -> bool:
        from shutil import rmtree

        path = self._tar(sha)
        try:
            if path is not None:
                with path.open("rb") as stream:
                    if extract_tree(stream, self._layers.place(at), target) == sha:
                        return True
        except (tarfile.TarError, EOFError):
            pass
        rmtree(target, ignore_errors=True)
        return False

    def _add(self, staging: Path, layer: LayerRecord, layers: Path, at: str) -> LayerRecord:
        """The layer with its digest, its tar in ``staging``."""
        draft = staging / "draft"
        with draft.open("wb") as file:
            stream = _Hashing(file)
            write_tar(cast(BinaryIO, stream), self._layers.entries(layers / at, at))
        sha = f"sha256:{stream.hash.hexdigest()}"
        draft.rename(staging / f"{sha}.tar")
        return replace(layer, sha=sha)


class _Hashing:
    """A file whose digest is taken as it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write and count in."""
        self.hash.update(data)
        return self._file.write(data)
