"""One pass over a layer: digest of the tar, gzip, digest of the gzip.

The gzip is a row of members of 1 MiB of tar each, deflated on their own in threads: RFC 1952 lets a file have several,
and all runtimes read them. The bytes depend on the input and the deflate library only, never on the number of threads.
igzip (ISA-L) needs a small part of zlib's time for it; where it is not installed, zlib's level 1 does.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from jupyter_mlpack.frozen import dataclass

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

BLOCK = 1 << 20
"""Bytes of tar that are deflated as one member: small enough for threads to share, large enough to lose no ratio."""

TIDY = 64
"""Blocks after which freed memory is given back. Threads that free what others made leave holes that nobody fills: with
them, a layer of a gigabyte took 250 MB more; giving them back takes no time to speak of."""

DAMAGED = (zlib.error, ValueError)
"""What reading a gzip member raises that is not whole."""

Deflate = Callable[[bytes | bytearray | memoryview], bytes]


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

    Use it as a context manager; ``finish`` ends the stream. Errors of ``out.write`` pass through. ``headers`` says that
    the tar is little but headers: these zlib packs a quarter smaller, and there are few of them.
    """

    def __init__(self, out: Sink, threads: int | None = None, headers: bool = False) -> None:
        self._out = out
        self._threads = threads or thread_count()
        self._deflate = pack_headers if headers else deflate()
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[tuple[Future[bytes], bytearray]] = deque()
        self._spare: list[bytearray] = []
        self._block, self._filled = bytearray(BLOCK), 0
        self._tar, self._blob = hashlib.sha256(), hashlib.sha256()
        self._size, self._blocks = 0, 0

    def __enter__(self) -> Compressor:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def write(self, data: bytes) -> int:
        """Take all of ``data``; the number of bytes taken."""
        view = memoryview(data)
        while len(view) >= BLOCK - self._filled:
            step = BLOCK - self._filled
            self._block[self._filled :] = view[:step]
            view = view[step:]
            self._submit()
        self._block[self._filled : self._filled + len(view)] = view
        self._filled += len(view)
        return len(data)

    def take(self, tar: bytes, member: bytes) -> None:
        """Go on with a finished member, which holds ``tar``; what was written before ends in a member of its own."""
        while self._waiting:
            self._take()
        if self._filled:
            self._cut()
        self._tar.update(tar)
        self._put(member)

    def finish(self) -> Compressed:
        """End the stream; nothing may be written any more."""
        while self._waiting:
            self._take()
        if self._filled or not self._size:
            self._cut()
        return Compressed(f"sha256:{self._tar.hexdigest()}", f"sha256:{self._blob.hexdigest()}", self._size)

    def _cut(self) -> None:
        """End a member before its block is full; here: most layers are small, and no thread is started for them."""
        rest, self._filled = self._block[: self._filled], 0
        self._tar.update(rest)
        self._put(self._deflate(rest))

    def _submit(self) -> None:
        """Hand the full block to a thread; take back what is deflated."""
        from concurrent.futures import ThreadPoolExecutor

        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="mlpack-deflate")
        block, self._filled = self._block, 0
        self._waiting.append((self._pool.submit(self._deflate, block), block))
        self._tar.update(block)
        # Two blocks for each thread keep all of them busy; more would only be memory.
        while len(self._waiting) > 2 * self._threads or (self._waiting and self._waiting[0][0].done()):
            self._take()
        self._block = self._spare.pop() if self._spare else bytearray(BLOCK)
        self._blocks += 1
        if self._blocks % TIDY == 0:
            give_back_memory()

    def _take(self) -> None:
        packed, block = self._waiting.popleft()
        self._put(packed.result())
        self._spare.append(block)

    def _put(self, data: bytes) -> None:
        self._blob.update(data)
        self._size += len(data)
        self._out.write(data)


def deflate() -> Deflate:
    """What makes one gzip member of a block: the best that is installed."""
    try:
        from isal import igzip_lib
    except ImportError:
        return _zlib_member
    # docs/decisions/0023-gzip-members.md: nearly the ratio of libdeflate's and zlib's levels at half the time.
    level, kind, memory = igzip_lib.ISAL_BEST_COMPRESSION, igzip_lib.COMP_GZIP, igzip_lib.MEM_LEVEL_SMALL
    return lambda block: igzip_lib.compress(block, level, kind, memory)


def give_back_memory() -> None:
    """Give freed memory back to the system, where the C library can be asked to (glibc can)."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def pack_headers(block: bytes | bytearray | memoryview) -> bytes:
    """One gzip member of tar that is little but headers."""
    return _zlib_member(block, 6)


def inflate(member: bytes) -> bytes:
    """What a gzip member holds, its checksum verified. Raises ``DAMAGED``."""
    try:
        from isal import igzip_lib
    except ImportError:
        return zlib.decompress(member, 16 + zlib.MAX_WBITS)
    try:
        data: bytes = igzip_lib.decompress(member, igzip_lib.DECOMP_GZIP)
    except igzip_lib.IsalError as error:  # type: ignore[misc]
        raise ValueError(str(error)) from error
    return data


def _zlib_member(block: bytes | bytearray | memoryview, level: int = 1) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return stream.compress(block) + stream.flush()
