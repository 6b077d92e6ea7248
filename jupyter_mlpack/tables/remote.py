"""A file on an HTTP server that is read where it is asked for, by ranges (RFC 9110, section 14)."""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

TAIL = 128 << 10
"""Bytes of the first request, counted from the end: most wheels' whole directory."""
WHOLE = 64 << 20
"""Bytes at most of a file that a server without ranges sends whole."""
BUDGET = 48 << 20
"""Bytes at most that are read of one file by ranges."""


class RemoteTooLarge(OSError):
    """More would have to be read than the budget allows, or the server sent something else than was asked for."""


class RemoteFile(io.RawIOBase):
    """Seekable, read-only. The tail is asked for first and kept; all else is asked for when it is read.

    Raises ``httpx.HTTPError`` for transport and status errors, ``RemoteTooLarge`` beyond the budget.
    """

    def __init__(self, client: httpx.Client, url: str, tail: int = TAIL) -> None:
        self._client, self._url, self._place, self._left = client, url, 0, BUDGET
        self._start, self._kept, self.length = self._first(tail)

    def _first(self, tail: int) -> tuple[int, bytes, int]:
        """(offset, bytes, length of the file) of the file's end; of the whole file where ranges are unknown."""
        with self._client.stream("GET", self._url, headers={"Range": f"bytes=-{tail}"}) as answer:
            if answer.status_code == 416:  # an empty file has no range at all
                return 0, b"", 0
            answer.raise_for_status()
            if answer.status_code == 206:
                start, length = _content_range(answer.headers.get("content-range", ""))
                return start, self._bounded(answer, min(tail, length)), length
            data = self._bounded(answer, WHOLE)
            return 0, data, len(data)

    def _bounded(self, answer: httpx.Response, most: int) -> bytes:
        held = bytearray()
        for chunk in answer.iter_bytes():
            held += chunk
            if len(held) > most:
                raise RemoteTooLarge(f"more than {most} bytes")
        return bytes(held)

    def _fetch(self, start: int, end: int) -> bytes:
        self._left -= end - start
        if self._left < 0:
            raise RemoteTooLarge(f"more than {BUDGET} bytes")
        with self._client.stream("GET", self._url, headers={"Range": f"bytes={start}-{end - 1}"}) as answer:
            answer.raise_for_status()
            if answer.status_code != 206 or _content_range(answer.headers.get("content-range", ""))[0] != start:
                raise RemoteTooLarge("the server forgot its ranges")
            return self._bounded(answer, end - start)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer`` from the current place; returns the number of bytes, 0 at the end."""
        end = min(self._place + len(buffer), self.length)
        if end <= self._place:
            return 0
        if self._place < self._start:
            # zip readers go forward from the directory's start: take all up to what is kept when that is little
            stop = min(end, self._start)
            data = self._fetch(self._place, stop)
        else:
            data = self._kept[self._place - self._start : end - self._start]
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As for any file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.length}[whence]
        if base + offset < 0:
            raise ValueError("a place before the file's start")
        self._place = base + offset
        return self._place

    def tell(self) -> int:
        """The current place."""
        return self._place

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True


def _content_range(text: str) -> tuple[int, int]:
    """``bytes 10-19/20`` -> (10, 20)."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", text.strip())
    if found is None:
        raise RemoteTooLarge("the server's range has no length")
    return int(found[1]), int(found[2])
