"""An image from a registry into the store: every byte verified on its way in, nothing fetched twice."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from isal import igzip, igzip_lib

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.manifest import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    INDEX,
    MANIFEST,
    Descriptor,
    Layer,
    Manifest,
    StoredImage,
    image_of,
)
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.session import Document, Session
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transfer import Meter, run_together

_PIECE = 1 << 20
_LEVELS = 3  # indexes inside indexes that are followed
_GZIP = b"\x1f\x8b"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PREFERRED_VARIANT = {"arm64": ("", "v8"), "arm": ("v7", "v6", "")}


def find_manifest(session: Session, reference: Reference, arch: str) -> Document:
    """The manifest of the image for ``linux/<arch>``, through an index where there is one."""
    document = _verified_document(session, reference.target, reference.digest)
    for _ in range(_LEVELS):
        if document.media_type not in (INDEX, DOCKER_INDEX):
            break
        digest = choose_platform(document.data, arch, str(reference))
        document = _verified_document(session, digest, digest)
    if document.media_type not in (MANIFEST, DOCKER_MANIFEST):
        raise errors.PullUnsupported(host=session.host, repository=session.repository, media_type=document.media_type)
    return document


def choose_platform(index: bytes, arch: str, reference: str) -> str:
    """The digest of the index entry for ``linux/<arch>``; raises ``PullNoPlatform`` with what there is."""
    entries = list(_platforms(index))
    fitting = [entry for entry in entries if (entry.os, entry.architecture) == ("linux", arch)]
    order = _PREFERRED_VARIANT.get(arch, ("",))
    fitting.sort(key=lambda entry: order.index(entry.variant) if entry.variant in order else len(order))
    if fitting:
        return fitting[0].digest
    offered = sorted({f"{entry.os}/{entry.architecture}" for entry in entries if entry.os != "unknown"})
    raise errors.PullNoPlatform(reference=reference, platform=f"linux/{arch}", offered=", ".join(offered) or "-")


@dataclass(frozen=True)
class _Platform:
    os: str
    architecture: str
    variant: str
    digest: str


def _platforms(index: bytes) -> Iterator[_Platform]:
    """The entries of an index that are of the expected form; all else in it is left out."""
    try:
        entries = json.loads(index)["manifests"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for entry in entries if isinstance(entries, list) else []:
        platform = entry.get("platform") if isinstance(entry, dict) else None
        if isinstance(platform, dict) and _DIGEST.fullmatch(str(entry.get("digest"))):
            words = [str(platform.get(name) or "") for name in ("os", "architecture", "variant")]
            yield _Platform(words[0], words[1], words[2], entry["digest"])


def fetch_config(session: Session, store: Store, document: Document, name: str) -> StoredImage:
    """Config and manifest in the store, still without layers and without a name there."""
    manifest = Manifest.from_bytes(document.data)
    fetch_blob(session, store, manifest.config, Meter(lambda event: None, "", "", 0))
    image = image_of(name, document.descriptor, document.data, store.read(manifest.config.digest))
    store.add_blob(document.data, document.media_type)
    return image


def check_platform(image: StoredImage, arch: str) -> None:
    """Raise ``PullNoPlatform`` when the image is for something else than ``linux/<arch>``."""
    offered = f"{image.config.os}/{image.config.architecture}"
    if offered != f"linux/{arch}":
        raise errors.PullNoPlatform(reference=image.name, platform=f"linux/{arch}", offered=offered)


def fetch_layers(session: Session, store: Store, layers: Sequence[Layer], meter: Meter) -> int:
    """Bring the missing layers into the store; returns how many were missing.

    Which tar a compressed layer holds is read in the image's config. That is checked before the store
    remembers it, or a hostile image could put its own bytes in the place of a known layer.
    """
    missing = [layer for layer in layers if not store.has(layer.descriptor.digest)]

    def bring(layer: Layer) -> None:
        session.check_stop()
        fetch_blob(session, store, layer.descriptor, meter)
        known = store.layer(layer.diff_id)
        if known is None or known.descriptor.digest != layer.descriptor.digest:
            _remember(session, store, layer)

    unique = {layer.descriptor.digest: layer for layer in layers}
    tasks = [partial(bring, layer) for layer in unique.values()]
    run_together(tasks, session.access.workers, session.abort)
    return len({layer.descriptor.digest for layer in missing})


def fetch_blob(session: Session, store: Store, blob: Descriptor, meter: Meter) -> None:
    """One blob into the store, unless it is there."""
    if not store.has(blob.digest):
        try:
            store.ingest(session.read_blob(blob, meter.report), blob)
        except errors.ContentDamaged:
            raise _damaged(session, blob.digest) from None
    meter.report(blob.digest, blob.size)


def _remember(session: Session, store: Store, layer: Layer) -> None:
    """Tell the store the layer's diffID once the blob is seen to have it. (zstd layers are used, not remembered.)"""
    found = _diff_id(store.path(layer.descriptor.digest), layer.descriptor.media_type, session.check_stop)
    if found is None:
        return
    if found != layer.diff_id:
        raise _damaged(session, layer.diff_id)
    store.remember(layer)


def _diff_id(path: Path, media_type: str, check_stop: Callable[[], None]) -> str | None:
    """The digest of the tar in a layer blob; ``None`` for a compression that we cannot read."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    if not packed and not media_type.endswith((".tar", "+gzip", ".tar.gzip")):
        return None
    digest = hashlib.sha256()
    try:
        with igzip.open(path, "rb") if packed else path.open("rb") as stream:  # type: ignore[no-untyped-call]
            while piece := stream.read(_PIECE):
                check_stop()
                digest.update(piece)
    except (gzip.BadGzipFile, igzip_lib.IsalError, EOFError):  # type: ignore[misc]
        return ""  # equal to no digest: the caller says that the blob is damaged
    return f"sha256:{digest.hexdigest()}"


def _verified_document(session: Session, target: str, digest: str) -> Document:
    """A manifest by tag or digest; one that was asked for by digest must have it."""
    document = session.manifest(target)
    if digest and document.digest != digest:
        raise _damaged(session, digest)
    return document


def _damaged(session: Session, digest: str) -> errors.MlpackError:
    return errors.PullDamaged(host=session.host, repository=session.repository, digest=digest)
