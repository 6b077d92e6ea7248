"""Values of the contract (``labextension/src/tokens.ts``) as the server makes them."""

from __future__ import annotations

from typing import Any

from jupyter_mlpack.ledger import Record
from jupyter_mlpack.server.live import Live
from jupyter_mlpack.server.paths import Root
from jupyter_mlpack.values import Json

SHOWN = (
    "kind", "id", "state", "image", "digest", "size", "user", "created", "started", "ended", "seq", "phase", "expected",
    "choices", "parameters", "engine", "destination", "address", "failure", "target",
    "purpose",
)  # fmt: skip

ASKED = ("gpus", "cpus", "memory", "seconds", "nodes")
"""``Resources`` of the contract."""


def run_json(record: Record, live: Live | None, root: Root) -> dict[str, Any]:
    """A ``Run``. Files are told as the contents manager names them."""
    output = root.contents_path(record.output)
    return {
        **{name: getattr(record, name) for name in SHOWN},
        "path": root.contents_path(record.notebook),
        "output": output,
        "outputs": [f"{output}/{name}" for name in record.outputs] if output else [],
        "position": live.position if live else 0,
        "cancelling": live.cancelling if live else False,
        "resources": asked(record.place.get("resources")),
    }


def asked(resources: Json) -> dict[str, Json]:
    """What was asked of a target, without what says nothing."""
    if not isinstance(resources, dict):
        return {}
    nothing = {"nodes": 1}
    return {name: value for name in ASKED if (value := resources.get(name)) and value != nothing.get(name)}


def page_json(entries: list[bytes], more: bool) -> bytes:
    """``Entries``: the lines of the ledger as they are."""
    return b'{"entries": [' + b", ".join(entries) + b'], "more": ' + (b"true}" if more else b"false}")
