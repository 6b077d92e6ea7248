"""``--creation-time`` and ``SOURCE_DATE_EPOCH`` -> the moment that an image's configuration tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone

from jupyter_mlpack.errors import MomentWrong

VARIABLE = "SOURCE_DATE_EPOCH"
"""Seconds since 1970 (reproducible-builds.org): the official lifecycle reads the same."""

LAST = 253402300799
"""The last second of the year 9999: later ones have no text that all tools read."""


def read_moment(text: str, environ: Mapping[str, str]) -> str | None:
    """The moment as RFC 3339 in UTC; ``None`` when nobody says one. Raises ``MomentWrong``."""
    if text:
        return moment(text, "--creation-time")
    return moment(environ[VARIABLE], VARIABLE) if environ.get(VARIABLE) else None


def moment(text: str, where: str) -> str:
    """``now``, seconds since 1970 or a date with a time zone, as RFC 3339. Raises ``MomentWrong``."""
    if text == "now" and where != VARIABLE:
        return written(datetime.now(timezone.utc))
    if re.fullmatch(r"[0-9]{1,12}", text):
        seconds = int(text)
        if seconds <= LAST:
            return written(datetime.fromtimestamp(seconds, timezone.utc))
    elif where != VARIABLE:
        try:
            found = datetime.fromisoformat(text.replace("Z", "+00:00"))
            if found.tzinfo is not None:
                return written(found.astimezone(timezone.utc))
        except (ValueError, OverflowError):
            pass
    raise MomentWrong(text=text, where=where)


def written(found: datetime) -> str:
    """Whole seconds, ``Z`` for UTC."""
    return found.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
