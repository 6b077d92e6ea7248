"""Tells all clients of the server that a run has news."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_events import EventLogger

    from jupyter_mlpack.ledger import Record

SCHEMA_ID = "urn:jupyter-mlpack:changed:v1"
SCHEMA = Path(__file__).parent / "schemas" / "changed.yaml"


class Bus:
    """The server's event bus. Only to be used on the loop. Make it before a client can connect (``initialize``)."""

    def __init__(self, events: EventLogger, log: logging.Logger) -> None:
        self.events = events
        self.log = log
        if SCHEMA_ID not in events.schemas:
            events.register_event_schema(SCHEMA)

    def tell(self, record: Record, forgotten: bool = False) -> None:
        """Say that ``record`` changed. Never raises: a lost hint costs the client some seconds, nothing else."""
        data = {"kind": record.kind, "id": record.id, "seq": record.seq + forgotten, "state": record.state}
        try:
            self.events.emit(schema_id=SCHEMA_ID, data=data)
        except Exception:  # listeners are other people's code
            self.log.warning("a change of %s %s was not told", record.kind, record.id, exc_info=True)
