"""Layers on their way to a registry while the rest of their image is still being made.

It is help, not delivery: what goes wrong here is forgotten, and the push that follows does it again and tells. A build
that fails leaves blobs in the registry that nothing names, as any broken push does.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

from jupyter_mlpack.errors import MlpackError
from jupyter_mlpack.events import Emit, Progress
from jupyter_mlpack.oci.diagnosis import PUSH
from jupyter_mlpack.oci.manifest import Descriptor
from jupyter_mlpack.oci.push import bring_blob
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access

BEAT = 0.5
"""Seconds after which the listener is asked whether to go on waiting."""


class Ahead:
    """Uploads to one repository. ``stop`` it in the end, whatever happened."""

    def __init__(self, store: Store, reference: Reference, access: Access) -> None:
        self._store, self._reference, self._access = store, reference, access
        self._pool = ThreadPoolExecutor(access.workers, thread_name_prefix="ahead")
        self._under_way: dict[Descriptor, Future[bool]] = {}
        self._done: dict[str, int] = {}
        self._session: Session | None = None

    def send(self, diff_id: str) -> None:
        """Begin with a layer of the store, unless it is begun; returns at once."""
        with suppress(MlpackError):
            layer = self._store.layer(diff_id)
            if layer is not None and layer.descriptor not in self._under_way:
                session = self._opened()
                self._under_way[layer.descriptor] = self._pool.submit(self._bring, session, layer.descriptor)

    def wait(self, emit: Emit) -> frozenset[str]:
        """Wait for what is begun, telling how far it is; the digests of the blobs that are in the repository now."""
        pending = set(self._under_way.values())
        total = sum(blob.size for blob in self._under_way)
        while pending:
            pending = wait(pending, timeout=BEAT).not_done
            if pending:
                emit(Progress("publish", str(self._reference), sum(list(self._done.values())), total, "bytes"))
        return frozenset(blob.digest for blob, future in self._under_way.items() if arrived(future))

    def stop(self) -> None:
        """End all that is under way; nothing can be sent any more."""
        over = all(future.done() for future in self._under_way.values())
        if self._session is not None and not over:
            self._session.abort()
        # A registry that is silent must not hold up somebody who wants to stop.
        self._pool.shutdown(wait=over, cancel_futures=True)
        if self._session is not None:
            self._session.__exit__()

    def _opened(self) -> Session:
        if self._session is None:
            reference = self._reference
            scopes = [f"repository:{reference.repository}:pull,push"]
            self._session = Session(reference.registry, reference.repository, self._access, PUSH, scopes)
        return self._session

    def _bring(self, session: Session, blob: Descriptor) -> bool:
        bring_blob(session, self._store, blob, "", self._done.__setitem__)
        return True


def arrived(future: Future[bool]) -> bool:
    """Whether an upload has ended well."""
    with suppress(Exception):
        return future.result(timeout=0)
    return False
