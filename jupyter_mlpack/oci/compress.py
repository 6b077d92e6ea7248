"""One pass over a layer: digest of the tar, gzip, digest of the gzip.

The gzip is a single member whose deflate stream is a row of 1 MiB blocks, each deflated on its own in a thread. The
bytes depend on the input and the deflate library only, never on the number of threads. igzip (ISA-L) needs a part
of zlib's time for it; where it is not installed, zlib's level 1 does.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType
from typing import IO, Any, BinaryIO, Protocol

deflater: ModuleType = zlib
inflater: ModuleType = gzip
LEVEL = 1
try:
    from isal import igzip, isal_zlib
except ImportError:
    pass
else:
    deflater, inflater, LEVEL = isal_zlib, igzip, 0  # only level 0 is deterministic: docs/decisions/0007-gzip.md

GZIP_ERRORS: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, deflater.error)
"""What reading a damaged gzip may raise."""

BLOCK = 1 << 20
"""Bytes of tar that are deflated as one block: small enough for threads to share, large enough to lose no ratio."""

_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # deflate, no name, no date, unknown system: nothing of this machine
_LAST = b"\x03\0"  # an empty final block of deflate


class Sink(Protocol):
    """Where compressed bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take all of ``data``."""


@dataclass(frozen=True)
class Compressed:
    """What came out: digest of the tar, digest and size in bytes of the gzip."""

    diff_id: str
    digest: str
    size: int


def thread_count() -> int:
    """The processors that this process may use, at most 8."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(8, len(affinity(0)) if affinity else os.cpu_count() or 1)


class Compressor:
    """A writable stream: what is written comes out compressed at ``out``, with a few blocks in memory.

    Use it as a context manager; ``finish`` ends the stream. Errors of ``out.write`` pass through.
    """

    def __init__(self, out: Sink, threads: int | None = None) -> None:
        self._out = out
        self._threads = threads or thread_count()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="mlpack-deflate")
        self._waiting: deque[Future[bytes]] = deque()
        self._block = bytearray()
        self._tar, self._blob = hashlib.sha256(), hashlib.sha256()
        self._crc, self._length, self._size = 0, 0, 0
        self._put(_HEADER)

    def __enter__(self) -> Compressor:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def write(self, data: bytes) -> int:
        """Take all of ``data``; the number of bytes taken."""
        view = memoryview(data)
        while view:
            taken = view[: BLOCK - len(self._block)]
            self._block += taken
            view = view[len(taken) :]
            if len(self._block) == BLOCK:
                self._submit()
        return len(data)

    def finish(self) -> Compressed:
        """End the stream; nothing may be written any more."""
        if self._block:
            self._submit()
        while self._waiting:
            self._put(self._waiting.popleft().result())
        self._put(_LAST + struct.pack("<II", self._crc, self._length & 0xFFFFFFFF))
        return Compressed(f"sha256:{self._tar.hexdigest()}", f"sha256:{self._blob.hexdigest()}", self._size)

    def _submit(self) -> None:
        block = bytes(self._block)
        self._block.clear()
        self._waiting.append(self._pool.submit(_deflate, block))
        self._tar.update(block)
        self._crc = deflater.crc32(block, self._crc)
        self._length += len(block)
        # Two blocks for each thread keep all of them busy; more would only be memory.
        while len(self._waiting) > 2 * self._threads or (self._waiting and self._waiting[0].done()):
            self._put(self._waiting.popleft().result())

    def _put(self, data: bytes) -> None:
        self._blob.update(data)
        self._size += len(data)
        self._out.write(data)


def open_gzip(blob: BinaryIO) -> IO[bytes]:
    """What is inside a gzip, as a stream; reading it raises ``GZIP_ERRORS``."""
    stream: IO[bytes] = inflater.open(blob, "rb")
    return stream


def _deflate(block: bytes) -> bytes:
    """One block, ended at a byte boundary and without reference to the blocks before it."""
    stream: Any = deflater.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed: bytes = stream.compress(block) + stream.flush(zlib.Z_FULL_FLUSH)
    return packed
