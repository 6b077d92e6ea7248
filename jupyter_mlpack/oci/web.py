"""``httpx`` without the command line that it brings along, whose imports take as long as all of its others."""

from __future__ import annotations

import sys

_first = "httpx" not in sys.modules
if _first:
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
try:
    import httpx
finally:
    if _first:
        sys.modules.pop("httpx._main", None)

__all__ = ["httpx"]
