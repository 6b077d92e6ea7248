"""The queue: so many builds and jobs at a time, the others wait in the order in which they were asked for."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from jupyter_mlpack.errors import InterruptedByRestart, ServerStopped, WorkerNotStarted
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.server.bus import Bus
from jupyter_mlpack.server.live import Live, grace_of
from jupyter_mlpack.server.workers import Request, Worker, Workers

DRAIN = 5.0
"""Seconds in which the last words of a worker that has ended must have arrived."""


Attend = Callable[..., Request]
"""Record and further words -> what a worker does for a job of a target."""


@dataclass(frozen=True)
class Rules:
    """``limits`` are how many of a kind run at a time; ``log_limit`` how many characters of log are kept of a run."""

    limits: Mapping[str, int]
    log_limit: int


class Runs:
    """All runs of this server that have not ended. Only to be used on the loop."""

    def __init__(  # noqa: PLR0913, PLR0917 (each is a different noun)
        self, ledger: Ledger, workers: Workers, bus: Bus, rules: Rules, log: logging.Logger, attend: Attend
    ) -> None:
        self.attend = attend
        self.ledger = ledger
        self.workers = workers
        self.bus = bus
        self.rules = rules
        self.log = log
        self.live: dict[str, Live] = {}
        self.queues: dict[str, deque[Live]] = {kind: deque() for kind in rules.limits}
        self.closed = False
        self.ended: dict[str, Record] = {}
        self.releasing: asyncio.Task[None] | None = None

    def submit(self, record: Record, request: Request) -> Live:
        """Begin it, or put it into the queue. Raises ``OSError`` if the ledger cannot be written.

        Jobs of targets do not run here, so they do not wait here.
        """
        live = Live(self.ledger.begin(record), request, self.bus, self.rules.log_limit, self.log)
        self.live[record.id] = live
        live.state_entry("queued")
        if record.lasts:
            live.task = asyncio.ensure_future(self._work(live))
            live.flush()
            return live
        self.queues[record.kind].append(live)
        self._advance(record.kind)
        live.flush()
        live.written = 0.0  # the command's first word shall not wait for the next turn
        return live

    def cancel(self, live: Live, stopping: bool = False) -> None:
        """Ask it to end; harmless if that was done before."""
        live.stopping = live.stopping or stopping
        if live.cancelling:
            return
        live.cancelling = True
        if live.record.lasts and not stopping:
            with suppress(OSError):
                self.ledger.want_end(live.record.id)
        queue = self.queues[live.record.kind]
        if live in queue:
            queue.remove(live)
            if stopping:
                live.fail(ServerStopped(), "cancelled")
            else:
                live.end(None)
            del self.live[live.record.id]
            self._number(queue)
            return
        self.bus.tell(live.record)
        if live.worker is not None:
            self._end_worker(live, live.worker)

    def count(self, kind: str) -> tuple[int, int]:
        """How many of a kind run, and how many wait."""
        waiting = len(self.queues[kind])
        here = (live.record for live in self.live.values() if not live.record.lasts)
        return sum(record.kind == kind for record in here) - waiting, waiting

    async def tell_interrupted(self) -> None:
        """Runs of servers that died have failed; jobs of targets that nobody follows are followed."""
        for writing in await asyncio.to_thread(self.ledger.abandoned):
            record = writing.record
            if not record.lasts:
                Live(writing, Request((), "/"), self.bus, 0, self.log).fail(InterruptedByRestart(host=record.host))
            elif self.closed or record.id in self.live:
                writing.close()
            else:
                live = Live(writing, self.attend(record), self.bus, self.rules.log_limit, self.log)
                self.live[record.id] = live
                live.task = asyncio.ensure_future(self._work(live))
                self.bus.tell(record)

    def release(self, *records: Record) -> None:
        """Their ends are written down: targets need not keep them any more."""
        self.ended |= {record.id: record for record in records if record.id not in self.live}
        if self.ended and (self.releasing is None or self.releasing.done()):
            self.releasing = asyncio.ensure_future(self._release())

    async def close(self) -> None:
        """End all of them in order."""
        self.closed = True
        for live in list(self.live.values()):
            self.cancel(live, stopping=True)
        tasks = [live.task for live in self.live.values() if live.task is not None]
        if tasks:
            await asyncio.wait(tasks)
        if self.releasing is not None:  # what it does not reach, the next server does
            await asyncio.wait([self.releasing], timeout=DRAIN)
            self.releasing.cancel()

    # --- inside ---

    def _advance(self, kind: str) -> None:
        queue = self.queues[kind]
        while queue and self.count(kind)[0] < self.rules.limits[kind] and not self.closed:
            live = queue.popleft()
            live.begin()
            live.task = asyncio.ensure_future(self._work(live))
        self._number(queue)

    def _number(self, queue: Iterable[Live]) -> None:
        """Tell those that wait their places."""
        for place, live in enumerate(queue, 1):
            if live.position != place:
                live.position = place
                self.bus.tell(live.record)

    async def _work(self, live: Live) -> None:
        """The whole life of a run, whatever happens in it."""
        try:
            live.worker = worker = await self.workers.take()
            if live.cancelling and (live.stopping or not live.record.lasts):
                self._end_worker(live, worker)  # of a job that lasts, the worker itself sees that its end is wanted
            reading = asyncio.ensure_future(self._listen(live, worker))
            status = await worker.end()
            await asyncio.wait([reading], timeout=DRAIN)
            if not reading.cancel() and reading.exception() is not None:
                self.log.error("the words of %s were lost", live.record.id, exc_info=reading.exception())
            if live.record.lasts and live.result is None and (live.stopping or not live.record.failure):
                live.detach()  # its follower has ended, not the job
                return
            live.end(status)
        except WorkerNotStarted as error:
            if live.record.taken or (live.record.lasts and live.record.started is not None):
                live.detach()  # nobody can follow it now; it goes on
            else:
                live.fail(error)
        finally:
            del self.live[live.record.id]
            if live.record.lasts and live.record.has_ended:
                self.release(live.record)
            self._advance(live.record.kind)

    async def _listen(self, live: Live, worker: Worker) -> None:
        await worker.send(live.request)
        async for lines in worker.lines():
            live.hear(lines)

    async def _release(self) -> None:
        """One worker for all that ended in the meantime."""
        while self.ended and not self.closed:
            first, *others = self.ended.values()
            self.ended = {}
            with suppress(WorkerNotStarted):
                worker = await self.workers.take(again=False)
                try:
                    await worker.send(self.attend(first, *(record.id for record in others), "--release"))
                    async for _ in worker.lines():
                        pass
                    await worker.end()
                except asyncio.CancelledError:
                    self.workers.give_back(worker, grace_of(first))
                    raise

    def _end_worker(self, live: Live, worker: Worker) -> None:
        self.workers.give_back(worker, grace_of(live.record))
