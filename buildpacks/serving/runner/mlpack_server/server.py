"""uvicorn around the application: the model loads while the port answers already, and SIGTERM lets requests finish."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Coroutine, Generator
from types import FrameType
from typing import Any

import uvicorn

from mlpack_server import metrics
from mlpack_server.app import State, heard, make_app
from mlpack_server.connection import Connection
from mlpack_server.faults import notebook_traceback, place
from mlpack_server.folder import FolderError
from mlpack_server.predictor import Predictor
from mlpack_server.processes import Place
from mlpack_server.program import LoadError, load
from mlpack_server.signature import read_signature

DONE, FAILED = 0, 1
SWEEP = 1.0
KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: more than the 60 of the usual load balancers, which must be the first."""


class Server(uvicorn.Server):
    """uvicorn's server; a signal asks it to end, a second Ctrl-C ends it at once."""

    def __init__(self, config: uvicorn.Config, state: State) -> None:
        super().__init__(config)
        self.state = state
        self.interrupted = False

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals go to ``handle_exit``; they are not raised again when the service has ended in good order."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Not ready any more; the port is closed after the time in which load balancers learn of it."""
        again = sig == signal.SIGINT and self.interrupted
        self.interrupted = self.interrupted or sig == signal.SIGINT
        if again or self.state.predictor is None:
            self.force_exit = self.should_exit = True
        self.state.leaving = True
        metrics.READY.set(0)
        if not self.state.settings.linger:
            self.should_exit = True
        else:
            threading.Timer(self.state.settings.linger, setattr, (self, "should_exit", True)).start()
        del frame


def serve(state: State, listener: socket.socket, say: Callable[[str], None]) -> int:
    """Runs until a signal comes or the model does not load; returns the exit status.

    The model may have to be fetched first (``state.enter``): the port answers meanwhile.
    """
    settings, place = state.settings, state.place
    config = uvicorn.Config(
        make_app(state), loop="auto", http=Connection.bound(settings.body_timeout), ws="none", lifespan="off",
        log_level="warning", access_log=False, server_header=False, timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(settings.drain)),
    )  # fmt: skip
    server = Server(config, state)
    outcome: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loader = threading.Thread(target=load_model, args=(state, server, loop, say, outcome), daemon=True)
        sweeper = loop.create_task(sweep(server, place))
        loader.start()
        await server.serve([listener])
        sweeper.cancel()

    with asyncio.Runner(loop_factory=config.get_loop_factory()) if hasattr(asyncio, "Runner") else Plain() as runner:
        runner.run(main())
    if not outcome and state.leaving and not place.number:
        say("stopped")
    return outcome[0] if outcome else DONE


class Plain:
    """asyncio's Runner for Python 3.10."""

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs it in a loop of its own."""
        asyncio.run(coroutine)


def load_model(
    state: State, server: Server, loop: asyncio.AbstractEventLoop, say: Callable[[str], None], outcome: list[int]
) -> None:
    """Runs the notebook's cells and opens the service, or ends it. In a thread: the port answers meanwhile."""
    begun = time.monotonic()

    def wait(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    try:
        state.enter()
        functions = load(state.service, wait)
        batch = {state.service.function: state.service.batch}
        predictors = {
            name: Predictor(function, read_signature(function, batch.get(name)), heard)
            for name, function in functions.items()
        }
    except BaseException as error:  # SystemExit of a cell, too: the service cannot work without it
        outcome.append(FAILED)
        if isinstance(error, (LoadError, FolderError)):
            say(f"error: {error}")
        else:
            where = place(error)
            text = notebook_traceback(error) if where else "".join(outside(error))
            say(f"error: the model did not load{f': {where} failed' if where else ''}\n{text.rstrip()}")
        server.should_exit = server.force_exit = True
        return
    took = time.monotonic() - begun
    metrics.LOADED.set(took)
    loop.call_soon_threadsafe(state.open, predictors)
    names = ", ".join(f"{name}()" for name in predictors)
    if not state.place.number:
        say(f"{names} answer{'' if len(predictors) > 1 else 's'} on port {state.settings.port}, loaded in {took:.1f} s")


def outside(error: BaseException) -> list[str]:
    """An exception that passed no line of the notebook: of a cell that is no Python, or our own."""
    return (
        traceback.format_exception_only(error) if isinstance(error, SyntaxError) else traceback.format_exception(error)
    )


async def sweep(server: Server, place: Place) -> None:
    """Ends connections whose requests do not come to their end, and the service when its parent is gone."""
    while True:
        await asyncio.sleep(SWEEP)
        now = time.monotonic()
        server.should_exit = server.should_exit or place.is_orphan
        for connection in list(server.server_state.connections):
            if isinstance(connection, Connection):
                connection.expire(now)
