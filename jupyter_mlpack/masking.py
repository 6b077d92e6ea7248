"""Keeps values that must not be seen out of what a job prints."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "********"
SHORTEST = 4
"""Characters of a value, or of a line of it, from which it is hidden: of shorter ones every log is full."""


class Mask:
    """Hides ``values`` in texts, each line of a value by itself, the longest first."""

    def __init__(self, values: Iterable[str]) -> None:
        lines = {line.strip() for value in values for line in value.splitlines()}
        words = sorted((line for line in lines if len(line) >= SHORTEST), key=lambda line: (-len(line), line))
        self._words = re.compile("|".join(map(re.escape, words))) if words else None

    def __call__(self, text: str) -> str:
        """``text`` with stars in the place of each value."""
        return self._words.sub(HIDDEN, text) if self._words else text
