"""How far a container's log has been handed out, and what of it is new. No Docker client is needed for that."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from jupyter_mlpack.frozen import dataclass, field

DECODER = codecs.getincrementaldecoder("utf-8")


@dataclass
class Place:
    """How far a log has been handed out.

    The daemon resumes at a whole second only, and the stamps of the two streams may cross by a little: so the pieces
    of the last two seconds are counted (``total`` together), and each is skipped as often as it was handed out.
    """

    second: int = 0
    count: int = 0
    recent: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    again: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    total: int = 0
    skip: int = 0
    behind: int = 0
    decoder: codecs.IncrementalDecoder = field(default_factory=lambda: DECODER(errors="replace"))

    @classmethod
    def at(cls, mark: str) -> Place:
        """The place that ``mark`` says; the beginning for what is no mark."""
        second, colon, count = mark.partition(":")
        if not colon or not second.isdecimal() or not count.isdecimal():
            return cls()
        return cls(int(second), skip=int(count), behind=int(count))

    def mark(self) -> str:
        """How far it came, for another process: the second, and how many pieces came since the one before it.

        The daemon keeps both streams in one file, so that they come in the same order again.
        """
        return f"{self.second}:{self.total}" if self.second else ""

    def resume(self) -> int | None:
        """The second from which to read on; ``None`` for the beginning."""
        if self.skip:  # broken off before all was passed over that the mark stands behind
            self.skip, self.recent, self.total = self.behind, Counter(), 0
        self.again = self.recent.copy()
        return self.second - 1 if self.second else None

    def is_new(self, stamp: str, data: bytes) -> bool:
        """Note a piece; ``False`` when it was handed out before."""
        if self.skip:
            self.skip -= 1
            self.recent[stamp, data] += 1
            self.total += 1
            return False
        if self.again[stamp, data] > 0:
            self.again[stamp, data] -= 1
            return False
        second = seconds(stamp)
        if second > self.second:
            self.second = second
            self.recent = Counter({key: n for key, n in self.recent.items() if seconds(key[0]) >= second - 1})
            self.total = self.recent.total()
        self.recent[stamp, data] += 1
        self.total += 1
        self.count += 1
        return True


def new_text(frames: Iterable[bytes], place: Place) -> Iterator[str]:
    """The text of stamped pieces that were not handed out before. Broken off, ``place`` still knows how far it came."""
    for frame in frames:
        stamp, _, data = frame.partition(b" ")
        if place.is_new(stamp.decode("ascii", "replace"), data):
            yield place.decoder.decode(data)


def seconds(stamp: str) -> int:
    """``2026-01-02T03:04:05.678901234Z``, or with an offset such as ``+01:00``, as whole seconds of the epoch."""
    zone = stamp[-6:] if stamp[-6:-5] in ("+", "-") else "+00:00"
    return whole_second(f"{stamp[:19]}{zone}")


@lru_cache(maxsize=8)
def whole_second(text: str) -> int:
    """The same without fraction; many lines come in one second."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp())
