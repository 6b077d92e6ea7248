"""Regular expressions that are compiled when they are first used: most notebooks need a few of the many there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

__all__ = ["pattern"]

if TYPE_CHECKING:
    from re import compile as pattern
else:

    class pattern:  # noqa: N801 (stands where ``re.compile`` stood)
        """``re.compile(text, flags)``, later."""

        def __init__(self, text: str, flags: int = 0) -> None:
            self.pattern = text
            self.flags = flags

        def __getattr__(self, name: str) -> Any:
            value = getattr(re.compile(self.pattern, self.flags), name)
            self.__dict__[name] = value
            return value

        def __repr__(self) -> str:
            return f"pattern({self.pattern!r})"
