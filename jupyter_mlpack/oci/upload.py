"""One blob on its way into a repository: mounted, or sent in chunks that a dropped connection does not undo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.diagnosis import Answer, Kind, PassingError
from jupyter_mlpack.oci.manifest import Descriptor
from jupyter_mlpack.oci.session import Report, Session
from jupyter_mlpack.oci.transport import Call
from jupyter_mlpack.oci.web import httpx

_PIECE = 1 << 20
_RANGE = re.compile(r"(?:bytes[= ])?0-(\d+)$")
_BYTES = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True)
class Source:
    """Where a blob comes from: a file of the store, and perhaps another repository of the same registry."""

    path: Path
    origin: str = ""


class BlobUpload:
    """The state of one upload: the address that the registry gave it, and how far the registry has confirmed it.

    The usual way is POST, then PATCH for each chunk, then PUT. A blob that fits one chunk, and any blob at a
    registry that refuses chunks, goes in the PUT as a whole. After a loss the registry is asked how far it
    is; one that has forgotten the upload gets a new one. Losses without progress in between are counted.
    """

    def __init__(self, session: Session, descriptor: Descriptor, source: Source, report: Report) -> None:
        self._session, self._blob, self._report = session, descriptor, report
        self._path, self._origin = source.path, source.origin
        self._whole = descriptor.size <= session.access.chunk
        self._chunk = session.access.chunk
        self._url: str | None = None
        self._offset = 0

    def run(self) -> None:
        """Send the blob. Raises the leaf for a lost upload when losses do not end."""
        failures = best = 0
        while True:
            try:
                if failures and self._is_there_after_loss():
                    return
                self._send()
                return
            except PassingError as lost:  # noqa: PERF203 (trying again is what the loop is for)
                failures = 1 if self._offset > best else failures + 1
                best = max(best, self._offset)
                if failures >= self._session.access.patience.attempts:
                    raise self._session.error(lost.kind, lost.reason) from None
                self._session.wait(failures, lost.after)

    def _send(self) -> None:
        if self._url is None and self._begin():
            self._report(self._blob.digest, self._blob.size)
            return
        while not self._whole and self._offset < self._blob.size:
            self._patch()
        self._put()
        self._report(self._blob.digest, self._blob.size)

    def _begin(self) -> bool:
        """Get an address to send to. True when that is not needed: the registry took the blob from ``origin``."""
        path = f"{self._session.repository}/blobs/uploads/"
        origin = self._origin
        mount = str(httpx.QueryParams({"mount": self._blob.digest, "from": origin}))
        answer = self._session.once(Call("POST", f"{path}?{mount}" if origin else path))
        self._origin = ""  # asked and answered: an upload that starts over is sent
        if origin and answer.status not in (201, 202):
            answer = self._session.once(Call("POST", path))
        if origin and answer.status == 201:
            return True
        self._session.checked(answer, (202,))
        if not self._path.is_file():
            repository, host = self._session.repository, self._session.host
            raise errors.PushLayerMissing(digest=self._blob.digest, repository=repository, host=host)
        self._offset = 0
        self._follow(answer)
        least = answer.headers.get("oci-chunk-min-length", "")
        self._chunk = max(self._chunk, int(least) if least.isdigit() else 0)
        return False

    def _patch(self) -> None:
        end = min(self._offset + self._chunk, self._blob.size)
        headers = {**_BYTES, "Content-Range": f"{self._offset}-{end - 1}"}
        answer = self._session.once(self._call("PATCH", self._address(), headers, self._offset, end))
        if answer.status not in (200, 201, 202, 204):
            self._refused(answer)
        confirmed = _confirmed(answer)
        # Some registries leave the range out or count from the chunk's own start; the last PUT verifies all.
        self._offset = confirmed if self._offset < confirmed <= end else end
        self._follow(answer)

    def _put(self) -> None:
        url = httpx.URL(self._address()).copy_merge_params({"digest": self._blob.digest})
        size = self._blob.size if self._whole else 0
        answer = self._session.once(self._call("PUT", str(url), _BYTES, 0, size))
        if answer.status not in (200, 201, 202, 204):
            self._refused(answer)

    def _refused(self, answer: Answer) -> NoReturn:
        """Go on another way where there is one: a new upload, or the blob as a whole. Raises in any case."""
        if answer.status in (401, 403) or (self._whole and answer.status != 404):
            self._session.checked(answer, ())
        if answer.status != 416:
            self._whole = self._whole or answer.status != 404
            self._url = None
        raise PassingError(answer.said, Kind.LOST if answer.status in (404, 416) else Kind.REFUSED)

    def _is_there_after_loss(self) -> bool:
        """Find out what the registry has after a loss: perhaps everything (only the last answer was lost)."""
        if self._session.blob_arrived(self._blob.digest):
            self._report(self._blob.digest, self._blob.size)
            return True
        if self._url is None or self._whole:
            self._url, self._offset = None, 0
            return False
        answer = self._session.once(Call("GET", self._url))
        confirmed = _confirmed(answer) if answer.status in (200, 202, 204) else -1
        if 0 <= confirmed <= self._blob.size:
            self._offset = confirmed
            self._follow(answer)
        else:
            self._url, self._offset = None, 0
        return False

    def _address(self) -> str:
        assert self._url is not None
        return self._url

    def _follow(self, answer: Answer) -> None:
        """Take the upload's next address; each answer may give a new one."""
        location = answer.headers.get("location")
        if location:
            self._url = str(self._session.own(httpx.URL(answer.url).join(location)))
        elif self._url is None:
            raise self._session.error(Kind.REFUSED, answer.said)

    def _call(self, method: str, url: str, headers: dict[str, str], begin: int, end: int) -> Call:
        if begin == end:
            return Call(method, url, headers)
        return Call(method, url, headers, lambda: self._bytes(begin, end), end - begin)

    def _bytes(self, begin: int, end: int) -> Iterator[bytes]:
        """The file's bytes from ``begin`` to ``end``, piece by piece."""
        with self._path.open("rb") as file:
            file.seek(begin)
            position = begin
            while position < end and (piece := file.read(min(_PIECE, end - position))):
                self._session.check_stop()
                yield piece
                position += len(piece)
                self._report(self._blob.digest, position)


def _confirmed(answer: Answer) -> int:
    """The number of bytes that the registry says it has; ``0-0`` means none, as registries use it."""
    match = _RANGE.match(answer.headers.get("range", ""))
    last = int(match.group(1)) if match else 0
    return last + 1 if last else 0
