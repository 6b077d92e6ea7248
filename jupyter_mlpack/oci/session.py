"""The verbs of the OCI distribution specification for one repository, each one request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.diagnosis import Answer, PassingError, read_answer
from jupyter_mlpack.oci.manifest import DOCKER_INDEX, DOCKER_MANIFEST, INDEX, MANIFEST, Descriptor
from jupyter_mlpack.oci.transport import Call, Transport

_ACCEPT = ", ".join((MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX))

Report = Callable[[str, int], None]
"""``report(digest, bytes so far)``."""


@dataclass(frozen=True)
class Document:
    """A manifest or index as it was served; ``digest`` is computed here, never believed."""

    data: bytes
    media_type: str
    digest: str

    @property
    def descriptor(self) -> Descriptor:
        """What points at it."""
        return Descriptor(self.media_type, self.digest, len(self.data))


class Session(Transport):
    """A ``Transport`` that speaks the distribution API."""

    def ping(self) -> Answer:
        """Meet the registry: finds out whether it is there, and how it wants to know us.

        The answer may be 401 or 403 even so: a token for one repository need not open this page.
        """
        return self.send(Call("GET", ""), (200, 401, 403, 404))

    def has_blob(self, digest: str) -> bool:
        """Whether the repository has the blob."""
        return self.send(Call("HEAD", f"{self.repository}/blobs/{digest}"), (200, 404)).status == 200

    def blob_arrived(self, digest: str) -> bool:
        """``has_blob`` in a single attempt."""
        answer = self.once(Call("HEAD", f"{self.repository}/blobs/{digest}"))
        return self.checked(answer, (200, 404)).status == 200

    def manifest(self, target: str) -> Document:
        """The manifest or index under a tag or digest."""
        call = Call("GET", f"{self.repository}/manifests/{target}", {"Accept": _ACCEPT})
        answer = self.send(call, (200,))
        served = answer.headers.get("content-type", "").split(";")[0].strip()
        media_type = answer.document().get("mediaType") or served
        digest = "sha256:" + hashlib.sha256(answer.content).hexdigest()
        return Document(answer.content, str(media_type), digest)

    def put_manifest(self, target: str, data: bytes, media_type: str) -> None:
        """Write a manifest; only this moves a tag."""
        path = f"{self.repository}/manifests/{target}"
        self.send(Call("PUT", path, {"Content-Type": media_type}, lambda: [data], len(data)), (200, 201, 202))

    def read_blob(self, descriptor: Descriptor, report: Report) -> Iterator[bytes]:
        """The blob in pieces. A dropped connection is taken up again where it broke; nothing is verified here."""
        offset = failures = 0
        while offset < descriptor.size:
            begin = offset
            try:
                for piece in self._range(descriptor.digest, offset):
                    offset += len(piece)
                    report(descriptor.digest, min(offset, descriptor.size))
                    yield piece
                if offset < descriptor.size:
                    raise PassingError(f"{offset} of {descriptor.size} bytes")
            except PassingError as lost:
                failures = 1 if offset > begin else failures + 1
                if failures >= self.access.patience.attempts:
                    raise self.error(lost.kind, lost.reason) from None
                self.wait(failures, lost.after)

    def _range(self, digest: str, offset: int) -> Iterator[bytes]:
        """The bytes from ``offset`` on, in one attempt; a registry that ignores ranges is read from the start."""
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        with self.stream(Call("GET", f"{self.repository}/blobs/{digest}", headers)) as response:
            if response.status_code not in (200, 206):
                self.checked(read_answer(response), ())
            skip = 0 if response.status_code == 206 else offset
            for piece in response.iter_raw():
                self.check_stop()
                if skip < len(piece):
                    yield piece[skip:]
                skip = max(skip - len(piece), 0)
