"""How far a container's log has been handed out, and what of it is new. No Docker client is needed for that."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone


@dataclass
class Place:
    """How far a log has been handed out.

    The daemon resumes at a whole second only, and the stamps of the two streams may cross by a little: so the pieces
    of the last two seconds are counted, and each is skipped as often as it was handed out.
    """

    second: int = 0
    count: int = 0
    recent: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    again: Counter[tuple[str, bytes]] = field(default_factory=Counter)

    def resume(self) -> int | None:
        """The second from which to read on; ``None`` for the beginning."""
        self.again = self.recent.copy()
        return self.second - 1 if self.second else None

    def is_new(self, stamp: str, data: bytes) -> bool:
        """Note a piece; ``False`` when it was handed out before."""
        if self.again[stamp, data] > 0:
            self.again[stamp, data] -= 1
            return False
        second = seconds(stamp)
        if second > self.second:
            self.second = second
            self.recent = Counter({key: n for key, n in self.recent.items() if seconds(key[0]) >= second - 1})
        self.recent[stamp, data] += 1
        self.count += 1
        return True


def new_text(frames: Iterable[bytes], place: Place) -> Iterator[str]:
    """The text of stamped pieces that were not handed out before. Broken off, ``place`` still knows how far it came."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for frame in frames:
        stamp, _, data = frame.partition(b" ")
        if place.is_new(stamp.decode("ascii", "replace"), data):
            yield decoder.decode(data)


def seconds(stamp: str) -> int:
    """``2026-01-02T03:04:05.678901234Z`` as whole seconds of the epoch."""
    return int(datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp())
