"""The buildpacks in an image, a buildpackage or a builder, in a registry or in a layout -> folders of the store.

Of an image only manifest, configuration and the layers with buildpacks are fetched, each layer once for all images.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.events import Emit
from jupyter_mlpack.fetching.kept import kept_folder
from jupyter_mlpack.fetching.labels import Labels, read_labels
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.lifecycle.identity import BUILDPACKS
from jupyter_mlpack.lifecycle.records import escape_id
from jupyter_mlpack.oci.layout_read import LayoutPlace, read_layout
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.origin import read_remote
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.oci.trees import make_once

CHUNK = 1 << 20


@dataclass(frozen=True)
class Packed:
    """What an image holds: the folder of each of its buildpacks by ``id@version``, and what its labels say.

    ``defaults`` are a builder's files of ``<build-config>/env``.
    """

    digest: str
    labels: Labels
    folders: tuple[tuple[str, Path], ...]
    defaults: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Remote:
    """An image in a registry, and how that is reached."""

    reference: Reference
    store: Store
    access: Access
    emit: Emit

    def read(self) -> StoredImage:
        """Manifest and configuration; of several the one for this machine, where buildpacks run."""
        return read_remote(self.reference, self.store, host_architecture(), self.access)

    def bring(self, layers: Iterable[Layer]) -> None:
        """Fetch layers into the store."""
        from jupyter_mlpack.oci.registry import pull_layers

        pull_layers(self.reference, self.store, list(layers), self.emit, access=self.access)


@dataclass(frozen=True)
class Local:
    """An image in a layout."""

    place: LayoutPlace
    store: Store

    def read(self) -> StoredImage:
        """Manifest and configuration."""
        return read_layout(self.place, host_architecture())

    def bring(self, layers: Iterable[Layer]) -> None:
        """Copy layers into the store, verified."""
        for layer in layers:
            path = self.place.path(layer.descriptor.digest)
            try:
                with path.open("rb") as file:
                    self.store.ingest(iter(lambda: file.read(CHUNK), b""), layer.descriptor)
            except OSError as error:
                raise errors.LayoutUnreadable(path=self.place.folder, reason=str(error)) from error


@dataclass(frozen=True)
class Stored:
    """An image of the content store."""

    image: StoredImage
    store: Store

    def read(self) -> StoredImage:
        """The image."""
        return self.image

    def bring(self, layers: Iterable[Layer]) -> None:
        """Nothing is left to fetch. Raises ``ContentMissing``."""
        for layer in layers:
            raise errors.ContentMissing(digest=layer.descriptor.digest)


def read_packed(image: Remote | Local | Stored, word: str) -> Packed | StoredImage:
    """The buildpacks of an image, unpacked; the image itself where its labels tell of none.

    Raises ``SourceUnusable``, ``ManifestUnreadable``, and what fetching and unpacking raise.
    """
    found = image.read()
    labels = read_labels(found.config)
    if labels is None:
        return found
    trees = unpacked(image, found, {one.diff_id for one in labels.layers}, word)
    defaults: tuple[tuple[str, str], ...] = ()
    if labels.order:
        from jupyter_mlpack.fetching.defaults import read_defaults

        defaults = tuple(read_defaults(image, found, trees.keys(), word))
    return Packed(found.descriptor.digest, labels, tuple(_folders(labels, trees, word)), defaults)


def unpacked(image: Remote | Local | Stored, found: StoredImage, diff_ids: Iterable[str], word: str) -> dict[str, Path]:
    """The folders with what some layers of an image hold, by their diffIDs; those that the store lacks are fetched."""
    from jupyter_mlpack.oci.unpack import unpack_layer

    known = {layer.diff_id: layer for layer in found.layers}
    places = {diff_id: kept_folder(image.store, f"layer-{diff_id.removeprefix('sha256:')}") for diff_id in diff_ids}
    strange = sorted(places.keys() - known.keys())
    if strange:
        raise errors.SourceUnusable(
            word=word, where=word, reason=f"Its labels name the layer {strange[0]}, it has none."
        )
    missing = [known[diff_id] for diff_id in sorted(places) if not places[diff_id].is_dir()]
    image.bring(layer for layer in missing if not image.store.has(layer.descriptor.digest))
    for diff_id, place in places.items():
        layer = known[diff_id]
        make_once(place, lambda scratch, layer=layer: unpack_layer(image.store, layer, scratch))  # type: ignore[misc]
    return places


def _folders(labels: Labels, trees: dict[str, Path], word: str) -> Iterator[tuple[str, Path]]:
    for one in labels.layers:
        tree = trees[one.diff_id]
        folder = tree / BUILDPACKS.strip("/") / escape_id(one.id) / one.version
        if not (folder / "buildpack.toml").is_file() or not folder.resolve().is_relative_to(tree.resolve()):
            reason = f"Its layer for {one.id}@{one.version} holds no such buildpack."
            raise errors.SourceUnusable(word=word, where=word, reason=reason)
        yield f"{one.id}@{one.version}", folder
