"""An image from the store into a registry: what is missing there, in parallel, and the manifest last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from jupyter_mlpack.oci.manifest import Descriptor, StoredImage
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transfer import Meter, run_together
from jupyter_mlpack.oci.upload import BlobUpload, Source


def push_blobs(session: Session, store: Store, image: StoredImage, origins: Mapping[str, str], meter: Meter) -> int:
    """Bring config and layers to the repository; returns how many blobs were not there yet.

    ``origins`` gives, for the digest of a blob, a repository of the same registry that may have it.
    """
    sent: list[str] = []

    def bring(blob: Descriptor) -> None:
        session.check_stop()
        if session.has_blob(blob.digest):
            meter.report(blob.digest, blob.size)
            return
        source = Source(store.path(blob.digest), origins.get(blob.digest, ""))
        BlobUpload(session, blob, source, meter.report).run()
        sent.append(blob.digest)

    tasks = [partial(bring, blob) for blob in blobs_of(image)]
    run_together(tasks, session.access.workers, session.abort)
    return len(sent)


def push_manifest(session: Session, store: Store, image: StoredImage, targets: Sequence[str]) -> None:
    """Write the manifest under each of ``targets`` (tags, or the digest): the step that makes the image visible."""
    data = store.read(image.descriptor.digest)
    for target in targets:
        session.put_manifest(target, data, image.descriptor.media_type)


def blobs_of(image: StoredImage) -> tuple[Descriptor, ...]:
    """Layers and config, each once, the largest first so that the end of the transfer is short."""
    every = {blob.digest: blob for blob in (*image.manifest.layers, image.manifest.config)}
    return tuple(sorted(every.values(), key=lambda blob: (-blob.size, blob.digest)))
