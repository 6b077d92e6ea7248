"""The TOML tables in ``data/``, without waiting for a parser: ``data/parsed.json`` holds them as they were last parsed.

People read, change and compare the TOML files; they alone count. Each entry of ``parsed.json`` carries the hash of the
file that it was made of. Where the two differ (somebody has just changed a table) the TOML is parsed, which takes 30 ms
for the tables of one inspection. ``python -m jupyter_mlpack.tables.parsed`` writes ``parsed.json`` anew; a test
tells when that was forgotten.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib.util import source_hash
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
PARSED = DATA / "parsed.json"


def read_data(name: str) -> Mapping[str, Any]:
    """The table ``data/NAME``, e.g. ``needs.toml``."""
    content = (DATA / name).read_bytes()
    digest, table = _parsed().get(name, ("", {}))
    return table if digest == source_hash(content).hex() else parse_toml(content.decode("utf-8"))


def parse_toml(text: str) -> Mapping[str, Any]:
    """Any TOML document. Raises ``ValueError``."""
    from jupyter_mlpack.toml import loads

    table: Mapping[str, Any] = loads(text)
    return table


@functools.cache
def _parsed() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    try:
        held: Mapping[str, tuple[str, Mapping[str, Any]]] = json.loads(PARSED.read_bytes())
    except (OSError, ValueError):
        return {}
    return held
