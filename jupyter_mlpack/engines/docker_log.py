"""A container's log from where it was left, across lost connections."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from jupyter_mlpack import errors

if TYPE_CHECKING:
    from docker.models.containers import Container

ATTEMPTS = 5
"""Connections lost in a row without a new line before we give up."""


@dataclass
class Place:
    """How far a log has been handed out.

    The daemon resumes at a whole second only, and the stamps of the two streams may cross by a little: so the pieces
    of the last two seconds are counted, and each is skipped as often as it was handed out.
    """

    second: int = 0
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
        return True


def follow_log(container: Container, place: Place) -> Iterator[str]:
    """What both streams say after ``place``, until the container has ended. Raises ``DockerRefused``, ``JobLost``."""
    from docker.errors import APIError, NotFound
    from requests.exceptions import RequestException

    failures = 0
    while True:
        before = len(place.recent), place.second
        try:
            yield from new_text(container, place)
            container.reload()
            if container.status != "running":
                return
        except NotFound as error:
            raise errors.JobLost(engine="docker", id=str(container.id)[:12]) from error
        except (APIError, RequestException) as error:
            failures = 0 if (len(place.recent), place.second) != before else failures + 1
            if failures == ATTEMPTS:
                raise errors.DockerRefused(action="follow the log", reason=str(error)) from error


def new_text(container: Container, place: Place) -> Iterator[str]:
    """The log from ``place`` on, in pieces, until the connection or the container ends."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for frame in container.logs(stream=True, follow=True, timestamps=True, since=place.resume()):
        stamp, _, data = frame.partition(b" ")
        if place.is_new(stamp.decode("ascii", "replace"), data):
            yield decoder.decode(data)


def seconds(stamp: str) -> int:
    """``2026-01-02T03:04:05.678901234Z`` as whole seconds of the epoch."""
    return int(datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp())
