"""The last lines of a log that say something."""

from __future__ import annotations

from collections.abc import Iterable

KEPT = 5


def last_lines(lines: Iterable[str], count: int = KEPT) -> str:
    """The last ``count`` lines that are not blank, or a sentence that there are none."""
    meaningful = [line.rstrip() for line in lines if line.strip()]
    return "\n".join(meaningful[-count:]) or "It wrote nothing to its log."
