"""``python -m jupyter_mlpack.tables.parsed``: writes ``data/parsed.json`` anew after a TOML table was changed."""

from __future__ import annotations

import json
from importlib.util import source_hash

from jupyter_mlpack.inspection.parsed import DATA, PARSED, parse_toml


def parsed_text() -> str:
    """What ``parsed.json`` has to hold: a line for each table, with the hash of its file before it."""
    lines = []
    for path in sorted(DATA.glob("*.toml")):
        content = path.read_bytes()
        entry = [source_hash(content).hex(), parse_toml(content.decode("utf-8"))]
        lines.append(f"{json.dumps(path.name)}: {json.dumps(entry, ensure_ascii=False, separators=(',', ':'))}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    PARSED.write_text(parsed_text(), encoding="utf-8")
