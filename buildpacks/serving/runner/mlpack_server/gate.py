"""Who may run now, who waits, and who is told to come again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mlpack_server import metrics
from mlpack_server.answers import Answer
from mlpack_server.faults import Refused
from mlpack_server.predictor import drive

AGAIN = 1
"""Seconds after which a client should come again."""

Work = Callable[[], Coroutine[Any, Any, Answer]]


class Gate:
    """``limit`` answers are worked on at once, ``queue`` more may wait. Used in the event loop only."""

    def __init__(self, limit: int, queue: int) -> None:
        self.limit, self.queue = limit, queue
        self._threads = ThreadPoolExecutor(limit, thread_name_prefix="predict")
        self._slots = asyncio.Semaphore(limit)
        self._inside = 0

    async def run(self, work: Work, *, is_async: bool) -> Answer:
        """The answer of ``work``: in a worker thread, or here when it waits by itself. Raises Refused when full."""
        if self._inside >= self.limit + self.queue:
            metrics.REJECTED.labels("full").inc()
            raise Refused(
                503, f"all {self.limit} workers are busy, and {self.queue} requests wait already", retry=AGAIN
            )
        self._inside += 1
        metrics.WAITING.inc()
        waits = True
        try:
            async with self._slots:
                metrics.WAITING.dec()
                waits = False
                metrics.RUNNING.inc()
                begun = time.perf_counter()
                try:
                    if is_async:
                        return await work()
                    return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: drive(work()))
                finally:
                    metrics.RUNNING.dec()
                    metrics.CALLS.observe(time.perf_counter() - begun)
        finally:
            self._inside -= 1
            if waits:
                metrics.WAITING.dec()
