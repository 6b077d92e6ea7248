"""Images on their way to and from the lifecycle's own format: OCI layouts in a volume, without the layers we have.

The official lifecycle takes a layer's digest and size from manifest and configuration, and does not ask for bytes that
it does not need: the run image travels as two small files, and what comes back is what the build made.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator
from typing import IO

from jupyter_mlpack import errors
from jupyter_mlpack.elsewhere.phases import LAYOUT
from jupyter_mlpack.oci.fields import read_object
from jupyter_mlpack.oci.layout import MARKER, index_bytes
from jupyter_mlpack.oci.manifest import LAYER_GZIP, Descriptor, Layer, StoredImage, image_of
from jupyter_mlpack.oci.reference import DEFAULT_REGISTRY, DEFAULT_TAG, parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry

GO_REGISTRY = "index.docker.io"
"""What the lifecycle calls the registry of names that name none."""

PREVIOUS = "previous.invalid/image:last"
"""Where the image lies whose layers may be kept: apart from the new one."""

SMALL = 4 << 20
"""Bytes that an index may have."""

DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def place(name: str) -> str:
    """The folder of the image ``name`` in the volume, by the lifecycle's rules."""
    reference = parse_reference(name)
    registry = GO_REGISTRY if reference.registry == DEFAULT_REGISTRY else reference.registry
    last = reference.digest.replace(":", "/") or reference.tag or DEFAULT_TAG
    return f"{LAYOUT}/{registry}/{reference.repository}/{last}"


def sparse(image: StoredImage, name: str, store: Store, kept: Iterable[str] = ()) -> Iterator[TarEntry]:
    """A layout with the image ``name``: manifest and configuration, and of its layers those that are in ``kept``.

    Raises ``ContentMissing``.
    """
    at = place(name)
    yield file(f"{at}/oci-layout", MARKER)
    yield file(f"{at}/index.json", index_bytes([image.descriptor.as_json()]))
    wanted = set(kept)
    layers = [layer.descriptor for layer in image.layers if layer.diff_id in wanted]
    blobs = {one.digest: one for one in (image.descriptor, image.manifest.config, *layers)}
    for digest, one in blobs.items():
        if not store.has(digest):
            raise errors.ContentMissing(digest=digest)
        name = f"{at}/blobs/sha256/{digest.removeprefix('sha256:')}"
        yield TarEntry(name, "file", 0o644, 0, 0, size=one.size, source=store.path(digest))


def file(name: str, data: bytes, uid: int = 0, gid: int = 0, mode: int = 0o644) -> TarEntry:
    """A file of a tar."""
    return TarEntry(name, "file", mode, uid, gid, size=len(data), data=data)


def take(stream: IO[bytes], name: str, store: Store, where: str) -> StoredImage:
    """The image in the layout that the tar ``stream`` holds, with its blobs in the store. Nothing is unpacked on disk.

    Raises ``ResultUnusable``, and what the store raises: each blob is what its name says.
    """
    index = b""
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                parts = member.name.strip("/").split("/")
                if not member.isfile():
                    continue
                source = archive.extractfile(member)
                assert source is not None
                if parts[-3:-1] == ["blobs", "sha256"] and len(parts[-1]) == 64:
                    keep(source, Descriptor("", f"sha256:{parts[-1]}", member.size), store)
                elif parts[-1] == "index.json" and member.size <= SMALL:
                    index = source.read()
    except tarfile.TarError as error:
        raise errors.ResultUnusable(place=where, reason=f"{error}.") from error
    return read(index, name, store, where)


def keep(source: IO[bytes], blob: Descriptor, store: Store) -> None:
    """One blob into the store; a file of no bytes stands for one that the lifecycle did not need."""
    if blob.size and not store.has(blob.digest):
        store.ingest(iter(lambda: source.read(1 << 20), b""), blob)


def read(index: bytes, name: str, store: Store, where: str) -> StoredImage:
    """The one image that an index names; all its layers are in the store. Raises ``ResultUnusable``."""
    try:
        found = [Descriptor.read(entry) for entry in read_object(index).objects("manifests")]
        if len(found) != 1:
            raise errors.ResultUnusable(place=where, reason=f"Its index names {len(found)} images.")
        data = store.read(found[0].digest)
        config = store.read(str(json.loads(data)["config"]["digest"]))
        image = image_of(name, found[0], data, config)
    except (errors.ManifestUnreadable, errors.ContentMissing, errors.DigestUnknown, ValueError, KeyError) as error:
        raise errors.ResultUnusable(place=where, reason=str(error)) from error
    missing = [layer.diff_id for layer in image.layers if not store.has(layer.descriptor.digest)]
    if missing:
        raise errors.ResultUnusable(place=where, reason=f"Layers are missing: {', '.join(missing)}.")
    return image


def own_layers(image: StoredImage) -> list[Layer]:
    """The layers, in the media types of OCI: the lifecycle mixes them with Docker's, which other tools refuse."""
    return [
        Layer(Descriptor(LAYER_GZIP if one.media_type == DOCKER_LAYER else one.media_type, one.digest, one.size), diff)
        for one, diff in zip(image.manifest.layers, image.config.diff_ids, strict=True)
    ]
