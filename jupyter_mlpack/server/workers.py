"""Starts and ends the children that do the work (``worker.py``), and keeps one warm."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from jupyter_mlpack.errors import WorkerNotStarted
from jupyter_mlpack.server.worker import COMMAND

PIECE = 65_536
LONGEST_LINE = 16_000_000
"""Bytes of one line that are kept; what is longer is passed over."""

EVIDENCE = 20
"""Lines of a worker's standard error that are kept."""

SOON = 1.0
"""Seconds after a worker was taken before the next spare one is started: the first shall not wait for it."""

STOPPED = frozenset([128 + signal.SIGINT, 128 + signal.SIGTERM, -signal.SIGTERM, -signal.SIGINT])
"""Exit statuses of a worker that was asked to end, in ``subprocess``'s counting."""


@dataclass(frozen=True)
class Request:
    """What a worker shall do: the words of a command line, run in ``folder``.

    ``environment`` is laid over the server's, and may hold secrets. With ``notebook`` the worker first says what that
    file is; with ``needs`` (a folder for answers of kernels) also what it needs. ``offers`` is the store whose engines
    are asked for.
    """

    argv: tuple[str, ...]
    folder: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    notebook: str = ""
    needs: str = ""
    offers: str = ""


class Worker:
    """One child. It does one request."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: deque[str] = deque(maxlen=EVIDENCE)
        self.forced = False
        self.errors = asyncio.ensure_future(self._hear())

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.returncode is None

    async def send(self, request: Request) -> None:
        """Tell it what to do. A worker that has died meanwhile will be noticed by whoever reads its lines."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
        with suppress(ConnectionError):
            await self.process.stdin.drain()

    async def lines(self) -> AsyncIterator[list[bytes]]:
        """What it says, whole lines at a time, until it says no more. Others get their turn between two pieces."""
        assert self.process.stdout is not None
        rest = b""
        while piece := await self.process.stdout.read(PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            if lines:
                yield lines
            if len(rest) > LONGEST_LINE:
                rest = rest[:1]  # no JSON any more: it will be passed over
            await asyncio.sleep(0)
        if rest:
            yield [rest]

    async def end(self) -> int:
        """Its exit status, when it has ended. Of one that ended by a signal, nothing is left running."""
        waiting = asyncio.ensure_future(self.process.wait())
        while self.alive:  # ``wait`` also waits for pipes, which somebody who escaped may hold open
            await asyncio.wait([waiting], timeout=1)
        waiting.cancel()
        status = self.process.returncode
        assert status is not None
        if status < 0:
            self._kill()
        await asyncio.wait([self.errors], timeout=1)
        return status

    def ask_to_end(self) -> None:
        """SIGTERM: the command ends in order and says so. Safe to call again."""
        if self.alive:
            with suppress(ProcessLookupError):
                self.process.terminate()

    async def stop(self, grace: float) -> None:
        """Ask it to end, and kill it with all that it started if it does not within ``grace`` seconds."""
        self.ask_to_end()
        try:
            await asyncio.wait_for(self.end(), grace)
        except asyncio.TimeoutError:
            self.forced = True
            self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    async def _hear(self) -> None:
        assert self.process.stderr is not None
        rest = b""
        while piece := await self.process.stderr.read(PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            self.said.extend(line.decode("utf-8", "replace") for line in lines[-EVIDENCE:])
            rest = rest[-PIECE:]
        if rest:
            self.said.append(rest.decode("utf-8", "replace"))


class Workers:
    """Gives workers out. After the first use one is kept warm, for ``idle`` seconds."""

    def __init__(self, idle: float) -> None:
        self.idle = idle
        self.spare: asyncio.Task[Worker] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.behind: set[asyncio.Task[None]] = set()
        self.closed = False

    async def take(self, again: bool = True) -> Worker:
        """A worker for one request, warm if there is one. ``again``: there will be further ones, so keep one warm.

        Raises ``WorkerNotStarted``.
        """
        spare, self.spare = self.spare, None
        if again or spare is not None:
            self._later(SOON, self._refill)
        if spare is not None:
            with suppress(WorkerNotStarted):
                worker = await self._arrival(spare)
                if worker.alive:
                    return worker
        return await self._arrival(asyncio.ensure_future(start_worker()))

    def give_back(self, worker: Worker, grace: float) -> None:
        """End a worker whose answer nobody wants any more; does not wait for it."""
        self._do_behind(worker.stop(grace))

    async def close(self) -> None:
        """End the spare one, and wait for those that are ending."""
        self.closed = True
        if self.timer is not None:
            self.timer.cancel()
        self._dismiss()
        if self.behind:
            await asyncio.wait(self.behind)

    async def _arrival(self, starting: asyncio.Task[Worker]) -> Worker:
        """The worker when it is there. If nobody waits for it any more it is ended."""
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._do_behind(end_when_started(starting))
            raise

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if not self.closed:
            self.timer = asyncio.get_running_loop().call_later(seconds, call)

    def _refill(self) -> None:
        if self.spare is None:
            self.spare = asyncio.ensure_future(start_worker())
            self.spare.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._later(self.idle, self._dismiss)

    def _dismiss(self) -> None:
        spare, self.spare = self.spare, None
        if spare is not None:
            self._do_behind(end_when_started(spare))

    def _do_behind(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self.behind.add(task)
        task.add_done_callback(self.behind.discard)


async def end_when_started(starting: asyncio.Task[Worker]) -> None:
    """End a worker that nobody will use."""
    with suppress(WorkerNotStarted):
        await (await starting).stop(2)


async def start_worker() -> Worker:
    """A new worker, ready for its request soon. Raises ``WorkerNotStarted``."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=pipe, stdout=pipe, stderr=pipe, cwd=os.sep, start_new_session=True
        )
    except OSError as error:
        raise WorkerNotStarted(reason=error.strerror or str(error)) from error
    return Worker(process)
