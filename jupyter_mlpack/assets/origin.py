"""The seam between the download and those who know how to ask: addresses of the web, buckets, files of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from jupyter_mlpack.frozen import dataclass


@dataclass(frozen=True)
class Opened:
    """An answer: ``start`` is the byte at which ``pieces`` begin, ``size`` that of the whole file where it is known.

    ``version`` is what the other side calls this content (an ETag), empty where it says nothing.
    """

    start: int
    size: int | None
    version: str
    pieces: Iterator[bytes]


class Passing(Exception):
    """An attempt failed in a way that may pass; the text says how."""


class Source(Protocol):
    """One file somewhere."""

    path: str
    """In the asset; empty if the asset is the file."""

    key: str
    """What names it on this machine: its address without credentials."""

    def open(self, offset: int, version: str) -> AbstractContextManager[Opened]:
        """The content from ``offset`` on if it is still ``version``, else from the start.

        Raises ``Passing``, and leaves of ``AssetError``.
        """
