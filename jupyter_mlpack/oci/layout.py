"""An image as an OCI image layout: a folder with ``oci-layout``, ``index.json`` and ``blobs/``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.errors import ContentMissing, ManifestUnreadable, OutputOccupied
from jupyter_mlpack.oci.fields import go_json, read_object
from jupyter_mlpack.oci.manifest import INDEX, StoredImage
from jupyter_mlpack.oci.output import delivering, replacing
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Json

REFERENCE = "org.opencontainers.image.ref.name"
MARKER = go_json({"imageLayoutVersion": "1.0.0"})


def write_layout(store: Store, image: StoredImage, folder: Path, name: str) -> None:
    """Put ``image`` into the layout at ``folder`` under ``name``: hard links to the store's blobs, or copies.

    An existing layout keeps its other images; the index, which makes the image visible, is written last. Raises
    ``OutputOccupied`` for a folder that holds anything else, ``OutputUnwritable``, ``ContentMissing``.
    """
    others = _others(folder, name)
    with delivering(folder):
        (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    for digest in dict.fromkeys(_digests(image)):
        place_blob(store, digest, folder / "blobs" / "sha256" / digest.removeprefix("sha256:"))
    with replacing(folder / "oci-layout") as file:
        file.write(MARKER)
    with replacing(folder / "index.json") as file:
        file.write(index_bytes([*others, index_entry(image, name)]))


def index_entry(image: StoredImage, name: str) -> Json:
    """The image's line in an index."""
    return {**image.descriptor.as_json(), "annotations": {REFERENCE: name}}


def index_bytes(manifests: Sequence[Json]) -> bytes:
    """The JSON text of an image index over descriptor objects."""
    return go_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests)})


def _digests(image: StoredImage) -> list[str]:
    layers = [layer.digest for layer in image.manifest.layers]
    return [*layers, image.manifest.config.digest, image.descriptor.digest]


def _others(folder: Path, name: str) -> list[Json]:
    """The lines of other images in the layout at ``folder``; none when there is nothing yet."""
    with delivering(folder):
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return []
        if not (folder / "oci-layout").is_file():
            raise OutputOccupied(path=folder, reason="It is neither empty nor an OCI image layout.")
        try:
            lines = list(read_object((folder / "index.json").read_bytes()).objects("manifests"))
            return [dict(line.raw) for line in lines if line.inside("annotations").raw.get(REFERENCE) != name]
        except FileNotFoundError:
            return []
        except ManifestUnreadable as error:
            raise OutputOccupied(path=folder, reason="Its index.json is not an OCI image index.") from error


def place_blob(store: Store, digest: str, place: Path) -> None:
    """A blob of the store at ``place``: a hard link, or a copy. Raises ``ContentMissing``, ``OutputUnwritable``."""
    import shutil

    source = store.path(digest)
    if not store.has(digest):
        raise ContentMissing(digest=digest)
    draft = place.with_name(f".{secrets.token_hex(12)}")
    with delivering(place):
        if place.exists() and place.stat().st_size == source.stat().st_size:
            return
        try:
            try:
                os.link(source, draft)
            except OSError:
                # Another disk, or one that has no hard links.
                shutil.copyfile(source, draft)
                draft.chmod(0o644)
            draft.replace(place)
        finally:
            # A link replaced by a link to the same file leaves both names.
            with suppress(FileNotFoundError):
                draft.unlink()
