"""The door to registries: push an image of the store, pull one into it.

Speaks the OCI distribution specification; accepts Docker's images of schema 2 when it pulls. How a registry is
reached (plain HTTP, credentials, patience) is an ``Access``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jupyter_mlpack.events import Emit, PhaseEnded, PhaseStarted, ignore
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.diagnosis import PULL, PUSH, Failures
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.pull import check_platform, fetch_config, fetch_layers, find_manifest
from jupyter_mlpack.oci.push import Known, blobs_of, push_blobs, push_manifest
from jupyter_mlpack.oci.reference import Reference, check_tag
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transfer import Meter
from jupyter_mlpack.oci.transport import Access

DEFAULT_ACCESS = Access()


@dataclass(frozen=True)
class Registry:
    """A registry by its host (``docker.io``, ``localhost:5000``) and how it is reached."""

    host: str
    access: Access = DEFAULT_ACCESS

    def ping(self) -> None:
        """Raise the fitting leaf of ``StackError`` or ``InputError`` when the registry cannot be used."""
        with Session(self.host, "", self.access, PULL, ()) as session:
            session.checked(session.ping(), (200, 404))

    def session(self, repository: str, failures: Failures, scopes: Sequence[str]) -> Session:
        """A session about one repository; ``scopes`` as in the token protocol."""
        return Session(self.host, repository, self.access, failures, scopes)


def push_image(  # noqa: PLR0913 (a door: what to push where, and four options by name)
    store: Store,
    image: StoredImage,
    reference: Reference,
    emit: Emit = ignore,
    *,
    tags: Sequence[str] = (),
    origins: Mapping[str, Reference] | None = None,
    there: frozenset[str] = frozenset(),
    access: Access = DEFAULT_ACCESS,
) -> str:
    """Push ``image`` under ``reference`` and the further ``tags``; returns the manifest's digest.

    Only blobs that the registry lacks are sent. ``origins`` tells, by digest, where a blob was pulled from:
    one in another repository of the same registry is mounted instead of sent. ``there`` are digests of blobs that
    were just seen in the repository. The manifest is written when all blobs are there, so a failed push never moves
    a tag. Raises leaves of ``PublishError`` and ``InputError``.
    """
    targets = [reference.tag or image.descriptor.digest, *(check_tag(tag) for tag in tags)]
    mounts = {
        digest: origin.repository
        for digest, origin in (origins or {}).items()
        if origin.registry == reference.registry and origin.repository != reference.repository
    }
    scopes = [f"repository:{reference.repository}:pull,push"]
    scopes += [f"repository:{repository}:pull" for repository in sorted(set(mounts.values()))]
    emit(PhaseStarted("publish"))
    with Registry(reference.registry, access).session(reference.repository, PUSH, scopes) as session:
        session.ping()
        meter = Meter(emit, "publish", str(reference), sum(blob.size for blob in blobs_of(image)))
        sent = push_blobs(session, store, image, Known(mounts, there), meter)
        push_manifest(session, store, image, list(dict.fromkeys(targets)))
    emit(PhaseEnded("publish", f"{sent} of {len(blobs_of(image))} blobs were new"))
    return image.descriptor.digest


def pull_image(  # noqa: PLR0913 (a door: what to pull where, and two options by name)
    reference: Reference,
    store: Store,
    arch: str,
    emit: Emit = ignore,
    *,
    layers: bool = True,
    access: Access = DEFAULT_ACCESS,
) -> StoredImage:
    """The image for ``linux/<arch>`` (Go's word), fetched into ``store`` as far as it is not there.

    It gets the name ``str(reference)`` in the store when it is complete. With ``layers=False`` only manifest and
    config are fetched and no name moves. Raises leaves of ``StackError`` and ``InputError``.
    """
    scopes = [f"repository:{reference.repository}:pull"]
    with Registry(reference.registry, access).session(reference.repository, PULL, scopes) as session:
        document = find_manifest(session, reference, arch)
        image = fetch_config(session, store, document, str(reference))
        check_platform(image, arch)
        if layers:
            _bring(session, store, image.layers, reference, emit)
            store.tag(str(reference), image.descriptor)
    return image


def pull_layers(
    reference: Reference, store: Store, layers: Sequence[Layer], emit: Emit = ignore, *, access: Access = DEFAULT_ACCESS
) -> None:
    """Some layers of an image there, fetched into ``store`` as far as they are not there. Raises as ``pull_image``."""
    scopes = [f"repository:{reference.repository}:pull"]
    with Registry(reference.registry, access).session(reference.repository, PULL, scopes) as session:
        _bring(session, store, layers, reference, emit)


def _bring(session: Session, store: Store, layers: Sequence[Layer], reference: Reference, emit: Emit) -> None:
    total = sum(layer.descriptor.size for layer in layers)
    fetch_layers(session, store, layers, Meter(emit, "stack", str(reference), total))
