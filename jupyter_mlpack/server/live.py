"""A run that has not ended: what its worker says becomes entries of the ledger, a record, and hints on the bus."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from jupyter_mlpack.errors import MlpackError, ServerStopped, WorkerDied, WorkerForced
from jupyter_mlpack.events import event_json, failed
from jupyter_mlpack.ledger import Record, Writing
from jupyter_mlpack.server.bus import Bus
from jupyter_mlpack.server.workers import STOPPED, Request, Worker

INTERVAL = 0.2
"""Seconds between two writes of a run's events, and between two hints."""

BATCH = 500
"""Log lines in one entry."""

HIDDEN = "********"
SHORTEST_SECRET = 4
INTERRUPTED = frozenset(["interrupted", "interrupted-after-build", "interrupted-inspection", "stopped-following"])

Event = dict[str, Any]


class Live:
    """One run from its place in the queue to its end."""

    def __init__(self, writing: Writing, request: Request, bus: Bus, log_limit: int, log: logging.Logger) -> None:
        self.writing = writing
        self.request = request
        self.bus = bus
        self.log = log
        self.room = log_limit
        self.worker: Worker | None = None
        self.cancelling = False
        self.stopping = False
        """The server goes down: that is why it was cancelled."""
        self.task: asyncio.Task[None] | None = None
        self.position = 0
        self.waiting: list[tuple[float, Event]] = []
        self.timer: asyncio.TimerHandle | None = None
        self.written = 0.0
        self.result: Mapping[str, Any] | None = None
        self.exit_status: int | None = None
        self.outcome = ""
        self.outputs: tuple[str, ...] = ()
        self.secrets = [value for value in request.environment.values() if len(value) >= SHORTEST_SECRET]

    @property
    def record(self) -> Record:
        """The latest record."""
        return self.writing.record

    # --- what happens to it ---

    def begin(self) -> None:
        """Its turn has come."""
        self.position = 0
        self._change(state="running", started=time.time())
        self.state_entry("running")

    def hear(self, lines: Iterable[bytes]) -> None:
        """Take what the worker says."""
        for line in lines:
            self._hear_line(line)

    def take(self, event: Event) -> None:
        """Take one event of the command."""
        match event["event"]:
            case "JobChanged":
                # States are told by the server alone: a run has ended when its worker has.
                self.outcome, self.exit_status = event["state"], event["exit_status"]
                if self.outcome == "running" and self.record.lasts and self.record.started is None:
                    self.begin()  # that a job of a target runs is known by its follower alone
                return
            case "PhaseStarted":
                self._learn(phase=event["phase"])
            case "BuildSucceeded":
                image = event["image"]
                fresh = sum(layer["size"] for layer in image["layers"] if not layer["reused"])
                self._learn(image=image["reference"], digest=image["digest"], size=image["size"], fresh=fresh)
                self._learn(purpose=purpose_of(image))
            case "Failed":
                if self.stopping and event["code"] in INTERRUPTED:
                    return
                self._learn(failure=event["what"])
            case "LogLines":
                event = self._cut(event)
        self.add(event)

    def end(self, status: int | None) -> None:
        """The worker has ended with ``status``; ``None`` if there was none."""
        state = self._end_state(status)
        self.state_entry(state)
        self.flush()
        self._change(state=state, ended=time.time(), outputs=self.outputs, phase="")
        self.close()

    def detach(self) -> None:
        """The server goes down, the job goes on: the next server, or a terminal, finds it again."""
        self.flush()
        self.close()

    def fail(self, error: MlpackError, state: str = "failed") -> None:
        """End it with words of the server's own."""
        self.add_failure(error)
        self.state_entry(state)
        self.flush()
        self._change(state=state, ended=time.time(), phase="")
        self.close()

    def close(self) -> None:
        """Nothing follows."""
        if self.timer is not None:
            self.timer.cancel()
        with suppress(OSError):
            self.writing.close()

    # --- entries ---

    def add_failure(self, error: MlpackError) -> None:
        """A failure of the server's own."""
        self._learn(failure=str(error))
        self.add(event_json(failed(error)))

    def state_entry(self, state: str) -> None:
        """The entry that tells a state."""
        status = self.exit_status if state not in ("queued", "running") else None
        self.add({"event": "JobChanged", "state": state, "exit_status": status})

    def add(self, event: Event) -> None:
        """Put an event to those that are written next; like ones that follow each other become one."""
        # A mark between two pieces of a log would keep them apart, and a later one follows.
        told = [self.waiting.pop()] if event["event"] == "LogLines" and marked(self.waiting) else []
        if not joined(self.waiting, event):
            self.waiting += [*told, (time.time(), event)]
        self._soon()

    def note(self, mark: str) -> None:
        """How far an engine's log has been told: written down behind what was told."""
        if marked(self.waiting):
            self.waiting.pop()
        self.waiting.append((0.0, {"mark": mark}))
        self._soon()

    def flush(self) -> None:
        """Write what waits, and tell it."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.written = asyncio.get_running_loop().time()
        if self.waiting:
            events, self.waiting = self.waiting, []
            try:
                self.writing.append(events)
            except OSError as error:
                self.log.warning("the ledger of %s cannot be written: %s", self.record.id, error)
            self.bus.tell(self.record)

    # --- inside ---

    def _soon(self) -> None:
        if self.timer is None:
            loop = asyncio.get_running_loop()
            self.timer = loop.call_at(max(loop.time(), self.written + INTERVAL), self.flush)

    def _hear_line(self, line: bytes) -> None:
        """One line. What is not as it should be is passed over: a worker may be of another version."""
        data = self._parse(line)
        try:
            if data is None or "ready" in data:
                return
            if "mark" in data:
                self.note(str(data["mark"]))
                return
            if "taken" in data:
                self._change(taken=True)
            elif "event" in data:
                self.take(data)
            elif "notebook" in data:
                self._remember(data["notebook"])
            else:
                self.outputs = tuple(str(name) for name in data.get("outputs", ()))
                self.result = data
        except (KeyError, TypeError, ValueError, AttributeError):
            self.log.warning("%s %s said what cannot be used", self.record.kind, self.record.id, exc_info=True)

    def _parse(self, line: bytes) -> Event | None:
        text = line.decode("utf-8", "replace")
        for secret in self.secrets:
            text = text.replace(json.dumps(secret)[1:-1], HIDDEN)
            text = text.replace(json.dumps(secret, ensure_ascii=False)[1:-1], HIDDEN)
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return data if isinstance(data, dict) else None

    def _learn(self, **changes: Any) -> None:
        """Know something that is written with the next change."""
        self.writing.learn(**changes)

    def _change(self, **changes: Any) -> None:
        try:
            self.writing.change(**changes)
        except OSError as error:
            self.log.warning("the ledger of %s cannot be written: %s", self.record.id, error)
        self.bus.tell(self.record)

    def _remember(self, notebook: Mapping[str, Any] | None) -> None:
        """What the notebook was when this began: to see later whether it changed."""
        if notebook is not None and self.record.kind == "build":
            self._learn(code=notebook["code"])
            if "needs" in notebook:
                self._learn(needs=tuple((name, specifier) for name, specifier in notebook["needs"]))

    def _cut(self, event: Event) -> Event:
        """Lines for which there is room; the first that are left out are told."""
        if self.room <= 0:
            return {**event, "lines": []}
        self.room -= sum(len(line) + 1 for line in event["lines"])
        if self.room > 0:
            return event
        text = "The log is longer than this server keeps; what follows is left out."
        self.add({"event": "Noticed", "notice": {"code": "log-cut", "text": text, "location": None}})
        return event

    def _end_state(self, status: int | None) -> str:
        """How it ended. What cannot be told by the command is told here."""
        record, worker = self.record, self.worker
        if self._succeeded(status):
            return "succeeded"
        if self.cancelling:
            if self.stopping:
                self.add_failure(ServerStopped())
            elif worker is not None and worker.forced:
                self.add_failure(WorkerForced(seconds=round(grace_of(record))))
            return "cancelled"
        stopped = status in STOPPED and self.outcome != "failed"  # a job's own status may be that of SIGTERM, too
        if self.outcome == "cancelled" or (record.failure and stopped):
            return "cancelled"
        if not record.failure and self.outcome != "failed":
            evidence = "\n".join(worker.said) if worker else ""
            self.add_failure(WorkerDied(how=describe_status(status), evidence=evidence or "It said nothing before."))
        return "failed"

    def _succeeded(self, status: int | None) -> bool:
        if status != 0 or self.result is None:
            return False
        return bool(self.record.digest) if self.record.kind == "build" else self.outcome in ("", "succeeded")


def marked(waiting: list[tuple[float, Event]]) -> bool:
    """Whether the last that waits is a mark."""
    return bool(waiting) and "mark" in waiting[-1][1]


def joined(waiting: list[tuple[float, Event]], event: Event) -> bool:
    """Whether the event could be put into one that waits already: further log lines, or progress of the same thing."""
    kind = event["event"]
    at, last = waiting[-1] if waiting else (0.0, None)
    if kind == "LogLines":
        if not event["lines"]:
            return True
        if last and last.get("event") == kind and last["phase"] == event["phase"] and len(last["lines"]) < BATCH:
            waiting[-1] = (at, {**last, "lines": [*last["lines"], *event["lines"]]})
            return True
    elif kind == "Progress":
        for index in range(len(waiting) - 1, -1, -1):
            at, other = waiting[index]
            if other.get("event") != kind:
                break
            if (other["phase"], other["what"]) == (event["phase"], event["what"]):
                waiting[index] = (at, event)
                return True
    return False


def purpose_of(image: Mapping[str, Any]) -> str:
    """What an image says that it is for; empty if it does not."""
    from jupyter_mlpack.lifecycle.description import PURPOSE_LABEL

    return str(dict(image["labels"]).get(PURPOSE_LABEL, ""))


GRACES = {"job": 25.0, "service": 40.0}
LASTING = 120.0


def grace_of(record: Record) -> float:
    """Seconds between asking a worker to end and killing it. A job's own process may take ten of them, a service as
    many as it has for requests that are being answered (``MLPACK_DRAIN``); a target may need longer than this machine.
    """
    return LASTING if record.lasts else GRACES.get(record.kind, 10.0)


def describe_status(status: int | None) -> str:
    """An exit status in words."""
    import signal

    if status is None or status >= 0:
        return f"exit status {status}"
    with suppress(ValueError):
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it was ended by signal {-status}"
