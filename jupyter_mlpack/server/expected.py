"""How long something may take, from how long the like took before."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from jupyter_mlpack.ledger import Record

LAST = 5
"""So many of the last runs are looked at."""

LIKE = 3.0
"""Builds are alike when the bytes that are new differ by no more than this factor."""

SLACK = 5_000_000
"""Bytes that make no difference."""


def expected_build(records: Iterable[Record], notebook: str, fresh: int | None) -> float | None:
    """Seconds of a build with ``fresh`` new bytes (``None``: not known); nothing if there was none like it.

    The notebook's own builds speak first. Without a plan it is taken to be like the notebook's last one.
    """
    done = [record for record in records if record.kind == "build" and record.state == "succeeded"]
    own = [record for record in done if record.notebook == notebook]
    if fresh is None and not own:
        return None
    if fresh is None:
        fresh = max(own, key=lambda record: record.created).fresh
    like = [record for record in own if alike(record.fresh, fresh)]
    return median(like or [record for record in done if alike(record.fresh, fresh)])


def expected_job(records: Iterable[Record], image: str) -> float | None:
    """Seconds of a training in the image called ``image``."""
    done = (record for record in records if record.kind == "job" and record.state == "succeeded")
    return median([record for record in done if record.image == image])


def alike(one: int, other: int) -> bool:
    """Whether two builds have about as much to do."""
    small, large = sorted((one, other))
    return large <= small * LIKE + SLACK


def median(records: Iterable[Record]) -> float | None:
    """The median seconds of the last few."""
    newest = sorted(records, key=lambda record: record.created, reverse=True)[:LAST]
    seconds = [record.ended - record.started for record in newest if record.ended and record.started]
    return round(statistics.median(seconds), 1) if seconds else None
