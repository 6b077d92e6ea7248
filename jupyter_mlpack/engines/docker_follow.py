"""A container's log to its end, through lost connections; and how long it may take."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker_client import asking, connect
from jupyter_mlpack.engines.docker_log import Place, new_text, seconds

if TYPE_CHECKING:
    from docker.models.containers import Container

ATTEMPTS = 8
"""Connections lost in a row, without a new piece of the log, before we give up: that is after some 20 seconds."""

PAUSE = 0.2
LONGEST = 5.0
ALIVE = ("running", "paused", "restarting")


def follow_log(container: Container, place: Place) -> Iterator[str]:
    """What both streams say after ``place``, until the container has ended.

    Raises ``DockerRefused``, ``DockerLost``, ``JobLost``.
    """
    from docker.errors import NotFound

    failures = 0
    while True:
        before = place.count
        try:
            with asking("follow the log"):
                container.reload()
                alive = container.status in ALIVE
                # Once it has ended, its log is read once more: then nothing can come any more.
                said = container.logs(stream=True, follow=alive, timestamps=True, since=place.resume())
                yield from new_text(said, place)
            if not alive:
                return
        except NotFound as error:
            raise errors.JobLost(engine="docker", id=str(container.id)[:12]) from error
        except (errors.DockerRefused, errors.DockerLost):
            failures = 0 if place.count != before else failures + 1
            if failures == ATTEMPTS:
                raise
            time.sleep(min(PAUSE * 2**failures, LONGEST))


@contextmanager
def limited(container: Container, most: int, grace: float, options: Mapping[str, Any]) -> Iterator[None]:
    """End the container when it has run for ``most`` seconds (0: for ever), by the engine's own clock."""
    if not most:
        yield
        return
    with asking("say when the job began"):
        container.reload()
        began = seconds(container.attrs["State"]["StartedAt"])
        now = seconds(connect(options).info()["SystemTime"])
    timer = threading.Timer(max(began + most - now + 1, 0), stop, (str(container.id), grace, options))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def stop(id: str, grace: float, options: Mapping[str, Any]) -> None:
    """End a container. Who cannot reach the engine now will see it again, or whoever follows next."""
    from docker.errors import DockerException

    with suppress(errors.EngineError, DockerException, OSError):
        connect(options).containers.get(id).stop(timeout=math.ceil(grace))


def has_run(state: Mapping[str, Any]) -> float:
    """For how many seconds a container ran, which has ended."""
    return exact(str(state["FinishedAt"])) - exact(str(state["StartedAt"]))


def exact(stamp: str) -> float:
    """A stamp of the engine as seconds of the epoch."""
    digits = "".join(takewhile(str.isdecimal, stamp[20:])) if stamp[19:20] == "." else ""
    return seconds(stamp) + float(f"0.{digits or 0}")
