"""An image from the store into a registry: what is missing there, in parallel, and the manifest last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.manifest import Descriptor, StoredImage
from jupyter_mlpack.oci.session import Report, Session
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transfer import Meter, run_together
from jupyter_mlpack.oci.upload import BlobUpload, Source


@dataclass(frozen=True)
class Known:
    """What is known of a registry's blobs: for a digest, another repository that may have it; digests in our own."""

    origins: Mapping[str, str]
    there: frozenset[str] = frozenset()


def push_blobs(session: Session, store: Store, image: StoredImage, known: Known, meter: Meter) -> int:
    """Bring config and layers to the repository; returns how many blobs were not there yet."""
    sent: list[str] = []

    def bring(blob: Descriptor) -> None:
        if blob.digest in known.there:
            meter.report(blob.digest, blob.size)
        elif bring_blob(session, store, blob, known.origins.get(blob.digest, ""), meter.report):
            sent.append(blob.digest)

    tasks = [partial(bring, blob) for blob in blobs_of(image)]
    run_together(tasks, session.access.workers, session.abort)
    return len(sent)


def bring_blob(session: Session, store: Store, blob: Descriptor, origin: str, report: Report) -> bool:
    """Bring one blob to the repository unless it is there; whether it had to be sent (or mounted from ``origin``)."""
    session.check_stop()
    if session.has_blob(blob.digest):
        report(blob.digest, blob.size)
        return False
    BlobUpload(session, blob, Source(store.path(blob.digest), origin), report).run()
    return True


def push_manifest(session: Session, store: Store, image: StoredImage, targets: Sequence[str]) -> None:
    """Write the manifest under each of ``targets`` (tags, or the digest): the step that makes the image visible."""
    data = store.read(image.descriptor.digest)
    for target in targets:
        session.put_manifest(target, data, image.descriptor.media_type)


def blobs_of(image: StoredImage) -> tuple[Descriptor, ...]:
    """Layers and config, each once, the largest first so that the end of the transfer is short."""
    every = {blob.digest: blob for blob in (*image.manifest.layers, image.manifest.config)}
    return tuple(sorted(every.values(), key=lambda blob: (-blob.size, blob.digest)))
