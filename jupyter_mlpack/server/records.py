"""The records of all runs, whoever runs them: those of the ledger, and those of this server as they are now."""

from __future__ import annotations

import asyncio
import logging
import time

from jupyter_mlpack.errors import RunUnknown
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.server.runs import Runs

CHECKED = 15.0
"""Seconds between two looks whether other servers still run what they began."""

TIDIED = 3600.0
"""Seconds between two tidyings of the ledger."""


class Records:
    """``keep_runs`` and ``keep_days`` are how many runs the ledger keeps, and for how long."""

    def __init__(self, ledger: Ledger, runs: Runs, keep_runs: int, keep_days: float, log: logging.Logger) -> None:
        self.ledger, self.runs, self.log = ledger, runs, log
        self.keep = (keep_runs, keep_days)
        self.opening: asyncio.Task[None] | None = None
        self.checked = 0.0

    async def all(self) -> dict[str, Record]:
        """By id."""
        await self._opened()
        records = await asyncio.to_thread(self.ledger.records)
        if any(not record.has_ended and id not in self.runs.live for id, record in records.items()):
            await self._look_for_interrupted()
        return {**records, **{id: live.record for id, live in self.runs.live.items()}}

    async def one(self, kind: str, id: str) -> Record:
        """Raises ``RunUnknown``."""
        live = self.runs.live.get(id)
        record = live.record if live else (await self.all()).get(id)
        if record is None or record.kind != kind:
            raise RunUnknown(kind=kind, id=id)
        return record

    async def _look_for_interrupted(self) -> None:
        """Another server runs something, or did: look now and then whether it still lives."""
        if time.monotonic() - self.checked > CHECKED:
            self.checked = time.monotonic()
            await self.runs.tell_interrupted()

    async def _opened(self) -> None:
        """At first, and every hour that somebody asks: tell the runs that were interrupted, and forget old ones."""
        if self.opening is None or (self.opening.done() and time.monotonic() - self.checked > TIDIED):
            self.opening = asyncio.ensure_future(self._open())
        await asyncio.shield(self.opening)

    async def _open(self) -> None:
        self.checked = time.monotonic()
        try:
            await self.runs.tell_interrupted()
            await asyncio.to_thread(self.ledger.prune, *self.keep)
            self.runs.release(*await asyncio.to_thread(self.ledger.kept))
        except OSError as error:
            self.log.warning("the ledger in %s cannot be tidied up: %s", self.ledger.folder, error)
