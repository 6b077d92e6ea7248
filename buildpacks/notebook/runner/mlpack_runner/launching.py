"""Lines with which a notebook launches itself: in its own image they do nothing."""

from __future__ import annotations

import re

LINE = re.compile(
    r"^([ \t]*(?:\w+[ \t]*=[ \t]*)?)%(?:mlpack\b|(?:re)?load_ext[ \t]+jupyter_mlpack\b)[^\n]*(?:(?<=\\)\n[^\n]*)*", re.M
)


def without_launching(source: str) -> str:
    """The cell with ``None`` for ``%mlpack ...`` and ``%load_ext jupyter_mlpack``; the number of lines stays."""
    if "mlpack" not in source or source.lstrip().startswith("%%"):
        return source
    return LINE.sub(lambda found: f"{found[1]}None;" + "\n" * found[0].count("\n"), source)
