"""An image in an OCI image layout: read without its layers, and replaced by one that shares them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpack.errors import ContentMissing, LayoutUnreadable, ManifestUnreadable
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.fields import Fields, read_object
from jupyter_mlpack.oci.layout import REFERENCE, index_bytes, place_blob
from jupyter_mlpack.oci.manifest import DOCKER_INDEX, INDEX, Descriptor, Manifest, StoredImage, image_of
from jupyter_mlpack.oci.output import replacing
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Json


@dataclass(frozen=True)
class LayoutPlace:
    """A layout's folder, and the name of an image in it: empty where it holds one only."""

    folder: Path
    name: str = ""

    def path(self, digest: str) -> Path:
        """Where a blob is, or would be."""
        return self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")


def read_layout(place: LayoutPlace, arch: str) -> StoredImage:
    """Manifest and configuration of the image. Raises ``LayoutUnreadable``, ``ManifestUnreadable``."""
    found = Descriptor.read(_choose(place, _entries(place), arch))
    data = _blob(place, found.digest)
    if found.media_type in (INDEX, DOCKER_INDEX):
        found = Descriptor.read(_choose(LayoutPlace(place.folder), list(read_object(data).objects("manifests")), arch))
        data = _blob(place, found.digest)
    config = _blob(place, Manifest.from_bytes(data).config.digest)
    return image_of(place.name, found, data, config)


def replace_in_layout(place: LayoutPlace, old: StoredImage, new: StoredImage, store: Store) -> None:
    """Put ``new`` in the place of ``old``: blobs that the layout lacks come from the store; the index moves last.

    Raises ``ContentMissing``, ``OutputUnwritable``.
    """
    blobs = [*new.manifest.layers, new.manifest.config, new.descriptor]
    lacking = {blob.digest: blob for blob in blobs if not _is_there(place, blob)}
    for digest in lacking:
        if not store.has(digest):
            raise ContentMissing(digest=digest)
    for digest in lacking:
        place_blob(store, digest, place.path(digest))
    same = old.descriptor.digest
    lines: list[Json] = [
        {**entry.raw, **(new.descriptor.as_json() if entry.raw.get("digest") == same else {})}
        for entry in _entries(place)
    ]
    with replacing(place.folder / "index.json") as file:
        file.write(index_bytes(lines))


def _is_there(place: LayoutPlace, blob: Descriptor) -> bool:
    path = place.path(blob.digest)
    return path.is_file() and path.stat().st_size == blob.size


def _entries(place: LayoutPlace) -> list[Fields]:
    try:
        return list(read_object((place.folder / "index.json").read_bytes()).objects("manifests"))
    except (OSError, ManifestUnreadable) as error:
        raise LayoutUnreadable(path=place.folder, reason=str(error)) from error


def _choose(place: LayoutPlace, entries: Sequence[Fields], arch: str) -> Fields:
    """The one entry that is meant: by its name, else by its platform, else the only one."""
    named = [entry for entry in entries if entry.inside("annotations").raw.get(REFERENCE) == place.name]
    fitting = named if place.name else list(entries)
    if len(fitting) > 1:
        fitting = [entry for entry in fitting if entry.inside("platform").raw.get("architecture") == arch] or fitting
    if len(fitting) == 1:
        return fitting[0]
    names = [str(entry.inside("annotations").raw.get(REFERENCE, "(no name)")) for entry in entries]
    raise LayoutUnreadable(path=place.folder, reason=f"It holds {len(entries)} images: {', '.join(names) or 'none'}.")


def _blob(place: LayoutPlace, digest: str) -> bytes:
    """A small blob, verified."""
    try:
        data = place.path(digest).read_bytes()
    except OSError as error:
        raise LayoutUnreadable(path=place.folder, reason=str(error)) from error
    if digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
        raise LayoutUnreadable(path=place.folder, reason=f"{digest} does not hold what its name says.")
    return data
