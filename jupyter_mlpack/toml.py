"""The standard library's TOML parser, imported when there is something to parse; for Python 3.10 its origin.

Every build reads the same few texts: what buildpacks, stacks and layers say of themselves. Their tables are kept in one
file (``recall``, ``keep``), by the texts themselves, so that nothing in it can become wrong; a text with dates, which
JSON has not, is parsed each time. The parser and those texts were a tenth of a rebuild. What people write into their
projects may hold passwords, and is not kept.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from tomllib import TOMLDecodeError
    else:
        from tomli import TOMLDecodeError

__all__ = ["TOMLDecodeError", "keep", "loads", "loads_known", "recall"]

PARSER = f"toml 1.0, Python {sys.version_info[0]}.{sys.version_info[1]}"
"""Another parser, other memories."""

MOST = 500_000
"""Characters of all texts that are kept; beyond, those of the last time only."""

_known: dict[str, dict[str, Any]] = {}
_fresh: dict[str, dict[str, Any]] = {}


def loads(text: str) -> dict[str, Any]:
    """The table that ``text`` is. Raises ``TOMLDecodeError``, a ``ValueError``."""
    return _parser().loads(text)  # type: ignore[no-any-return]


def loads_known(text: str) -> dict[str, Any]:
    """The same for a text that may be kept; the table may be others', too: it is only read."""
    table = _known.get(text)
    if table is None:
        table = loads(text)
        with suppress(TypeError, ValueError):
            _fresh[text] = json.loads(json.dumps(table, allow_nan=False))
    return table


def recall(place: Path) -> None:
    """Know again what ``keep`` wrote; a file that cannot be read is as good as none."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        _known.update({text: dict(table) for text, table in json.loads(place.read_bytes())[PARSER].items()})


def keep(place: Path) -> None:
    """Write what was parsed since, if there is anything; what cannot be written costs time only."""
    if not _fresh:
        return
    from jupyter_mlpack.atomic import write_atomically

    together = {**_known, **_fresh}
    kept = together if sum(map(len, together)) < MOST else dict(_fresh)
    with suppress(OSError, ValueError):
        write_atomically(place, json.dumps({PARSER: kept}))
    _known.update(_fresh)
    _fresh.clear()


def _parser() -> Any:
    if sys.version_info >= (3, 11):
        import tomllib as parser
    else:
        import tomli as parser
    return parser


def __getattr__(name: str) -> Any:
    if name == "TOMLDecodeError":
        return _parser().TOMLDecodeError
    raise AttributeError(name)
