"""Short questions to workers: one answer, some seconds, nothing kept. Who no longer waits for it ends the worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlpack.errors import AnswerTooLate, MlpackError, WorkerDied
from jupyter_mlpack.server.live import describe_status
from jupyter_mlpack.server.workers import Request, Worker, Workers

GRACE = 2.0
"""Seconds that a worker has to end when its answer is not wanted any more."""


class Refused(Exception):
    """The command refused, in its own words. ``problem`` is the contract's ``Problem``."""

    def __init__(self, problem: Mapping[str, str]) -> None:
        super().__init__(problem["message"])
        self.problem = problem
        self.status = 404 if problem["code"] in ("notebook-missing", "image-unknown") else 422


@dataclass
class Answer:
    """What a worker said: the result, and what the notebook is."""

    result: Any = None
    notebook: Mapping[str, Any] | None = None
    failure: Mapping[str, Any] | None = None

    def hear(self, line: bytes) -> None:
        """Take one line."""
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(data, dict) or "ready" in data:
            return
        if "event" in data:
            self.failure = data if data["event"] == "Failed" else self.failure
        elif "notebook" in data and len(data) == 1:
            self.notebook = data["notebook"]
        elif "error" in data and len(data) == 1:
            self.failure = data["error"]
        else:
            self.result = data


@dataclass
class Asking:
    """Asks workers, so many at a time; others wait. ``seconds`` is how long an answer may take.

    ``people`` says whether somebody is at work, who will ask again.
    """

    workers: Workers
    limit: int
    seconds: float
    people: bool = True
    turn: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.turn = asyncio.Semaphore(self.limit)

    async def ask(self, request: Request, seconds: float | None = None) -> Answer:
        """The answer. Raises ``Refused``, ``AnswerTooLate``, ``WorkerNotStarted``, ``WorkerDied``."""
        async with self.turn:
            worker = await self.workers.take(self.people)
            try:
                return await asyncio.wait_for(read_answer(worker, request), seconds or self.seconds)
            except asyncio.TimeoutError:
                raise AnswerTooLate(seconds=round(seconds or self.seconds)) from None
            finally:
                if worker.alive:
                    self.workers.give_back(worker, GRACE)


async def read_answer(worker: Worker, request: Request) -> Answer:
    """Send the request and hear the worker out."""
    answer = Answer()
    await worker.send(request)
    async for lines in worker.lines():
        for line in lines:
            answer.hear(line)
    status = await worker.end()
    if answer.failure is not None:
        raise Refused(as_problem(answer.failure))
    if status != 0 or (request.argv and answer.result is None):
        evidence = "\n".join(worker.said)
        raise WorkerDied(how=describe_status(status), evidence=evidence or "It said nothing before.")
    return answer


def as_problem(failure: Mapping[str, Any]) -> dict[str, str]:
    """A failure of the command as the contract's ``Problem``."""
    return {
        "code": str(failure["code"]),
        "message": str(failure["what"]),
        **{part: str(failure[part]) for part in ("where", "why", "hint")},
    }


def problem_of(error: MlpackError) -> dict[str, str]:
    """An error of the server as the contract's ``Problem``."""
    sentences = {part: error.sentence(part) for part in ("where", "why", "hint")}
    return {"code": error.code, "message": str(error), **sentences}
