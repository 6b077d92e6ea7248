"""Which engines and purposes there are: asked of a worker now and then; nobody waits long for it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from jupyter_mlpack.errors import MlpackError
from jupyter_mlpack.server.asking import Asking
from jupyter_mlpack.server.requests import Requests

PROBED = 60.0
"""Seconds for which an answer about engines counts."""

PROBING = 10.0
"""Seconds that the first question waits for the engines; it is answered without them if they take longer."""


OFFERED = ("engines", "purposes", "accelerators", "stacks", "platforms")


class Offers:
    """The last answer of a worker, and the question that is under way."""

    def __init__(self, asking: Asking, requests: Requests, log: logging.Logger) -> None:
        self.asking, self.requests, self.log = asking, requests, log
        self.offered: tuple[float, dict[str, Any]] | None = None
        self.probing: asyncio.Task[None] | None = None

    async def now(self) -> dict[str, Any]:
        """Engines and purposes, as far as they are known."""
        if self.offered is None or time.monotonic() - self.offered[0] > PROBED:
            if self.probing is None or self.probing.done():
                self.probing = asyncio.ensure_future(self._probe())
            if self.offered is None:
                await asyncio.wait([self.probing], timeout=PROBING)
        return self.offered[1] if self.offered else dict.fromkeys(OFFERED, ())

    def close(self) -> None:
        """Nobody wants the answer any more."""
        if self.probing is not None:
            self.probing.cancel()

    async def _probe(self) -> None:
        try:
            answer = await self.asking.ask(self.requests.offers())
            self.offered = (time.monotonic(), answer.result["offers"])
        except (MlpackError, KeyError, TypeError) as error:
            why = error.sentence("why") if isinstance(error, MlpackError) else ""
            self.log.warning("engines could not be probed: %s %s", error, why)
