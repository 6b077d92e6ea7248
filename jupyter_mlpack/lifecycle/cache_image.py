"""An image in a registry that keeps cached layers: ``--cache-image``, in the form of the official lifecycle's.

Each cached layer is a layer of it; its label tells which is which. It is for machines that forget, such as those of a
pipeline: what was kept is fetched when a build begins, and pushed when the build is over.
"""

from __future__ import annotations

import functools
import gzip
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_mlpack.errors import PullNotFound
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.lifecycle.cache_folder import METADATA, CacheLayers, only_cached, valid
from jupyter_mlpack.lifecycle.extract import extract_tree
from jupyter_mlpack.lifecycle.labels import cache_label, read_lifecycle_label
from jupyter_mlpack.lifecycle.records import BuildpackRecord, LayersMetadata, escape_id
from jupyter_mlpack.lifecycle.reuse import held_layer
from jupyter_mlpack.oci.manifest import CREATED, History, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.registry import pull_image, push_image
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.oci.transport import Access

NO_ARCH = ""
"""The official lifecycle says no architecture of a cache image: it is never run."""


class CacheImage:
    """The cache in one image of a registry."""

    def __init__(self, reference: Reference, store: Store, access: Access, layers: CacheLayers) -> None:
        self._reference, self._store, self._access = reference, store, access
        self._layers = layers

    def records(self) -> Mapping[str, BuildpackRecord]:
        """What the cache holds, by buildpack id; nothing when there is no such image. Raises the registry's errors."""
        return only_cached(self._metadata)

    def restore_layer(self, buildpack_id: str, name: str, target: Path) -> bool:
        """Unpack a layer; false, and nothing is left, when it is not there whole. Raises the registry's errors."""
        layer = self._metadata.buildpack(buildpack_id).layers[name]
        return self._unpack(layer.sha, f"{escape_id(buildpack_id)}/{name}", target)

    def restore_sboms(self, target: Path) -> None:
        """Unpack the bills of materials of cached layers, when there are any. Raises the registry's errors."""
        if self._metadata.sbom:
            self._unpack(self._metadata.sbom, "sbom/cache", target)

    def commit(self, records: Iterable[BuildpackRecord], layers: Path) -> None:
        """Push the cached layers of ``records`` as the cache from now on. Raises the registry's errors, ``OSError``."""
        made: list[Layer] = []
        kept = []
        for record in self._layers.kept(records, layers):
            shas = {name: self._add(layers, f"{escape_id(record.id)}/{name}", made) for name in record.layers}
            cached = {name: replace(layer, sha=shas[name]) for name, layer in record.layers.items()}
            kept.append(replace(record, layers=cached))
        bills = self._add(layers, "sbom/cache", made) if (layers / "sbom" / "cache").is_dir() else ""
        label = cache_label(LayersMetadata(sbom=bills, buildpacks=tuple(kept)))
        config = ImageConfig(
            architecture=NO_ARCH,
            os="linux",
            created=CREATED,
            diff_ids=tuple(layer.diff_id for layer in made),
            history=tuple(History(CREATED, "") for _ in made),
            labels=((METADATA, label),),
        )
        image = self._store.add_image(config, made)
        push_image(self._store, image, self._reference, access=self._access)

    @functools.cached_property
    def _image(self) -> StoredImage | None:
        try:
            return pull_image(self._reference, self._store, NO_ARCH, layers=False, access=self._access)
        except PullNotFound:
            return None

    @functools.cached_property
    def _metadata(self) -> LayersMetadata:
        label = dict(self._image.config.labels).get(METADATA, "") if self._image else ""
        return valid(read_lifecycle_label(label)) if label else LayersMetadata()

    @functools.cached_property
    def _fetched(self) -> bool:
        """All layers are in the store; the image gets no name there."""
        name = str(self._reference)
        before = self._store.image(name)
        pull_image(self._reference, self._store, NO_ARCH, access=self._access)
        if before is None:
            self._store.untag(name)
        else:
            self._store.tag(name, before.descriptor)
        return True

    def _unpack(self, sha: str, at: str, target: Path) -> bool:
        from shutil import rmtree

        layer = held_layer(self._store, sha)
        if layer is None and self._fetched:
            layer = held_layer(self._store, sha)
        try:
            if layer is not None:
                with gzip.open(self._store.path(layer.descriptor.digest)) as stream:
                    if extract_tree(stream, self._layers.place(at), target) == sha:  # type: ignore[arg-type]
                        return True
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error):
            pass
        rmtree(target, ignore_errors=True)
        return False

    def _add(self, layers: Path, at: str, made: list[Layer]) -> str:
        """Put a layer into the store and to ``made``; its diffID."""
        entries = self._layers.entries(layers / at, at)
        layer = self._store.add_layer(functools.partial(write_tar, entries=entries))
        made.append(layer)
        return layer.diff_id
