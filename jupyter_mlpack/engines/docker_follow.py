"""A container's log to its end, through lost connections; and how long it may take."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
EVENTS = 256
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
    """End a container that has run for ``most`` seconds (0: for ever) by the engine's clock, and did not end itself."""
    if not most:
        yield
        return
    with asking("say when the job began"):
        container.reload()
        began = seconds(container.attrs["State"]["StartedAt"])
        now = seconds(connect(options).info()["SystemTime"])
    left = threading.Event()

    def insist() -> None:
        if left.wait(max(began + most + late(grace) - now, 0)):
            return
        while not stop(str(container.id), grace, options) and not left.wait(LONGEST):
            continue

    threading.Thread(target=insist, daemon=True).start()
    try:
        yield
    finally:
        left.set()


def late(grace: float) -> float:
    """Seconds after the limit at which a job is ended that has not ended by itself, as trainings built here do.

    A second SIGTERM would cut off the time that the notebook's own handler has.
    """
    return grace + 1


def stop(id: str, grace: float, options: Mapping[str, Any]) -> bool:
    """End a container; whether the engine could be asked to."""
    from docker.errors import DockerException, NotFound

    try:
        connect(options).containers.get(id).stop(timeout=math.ceil(grace))
    except NotFound:
        return True
    except (errors.EngineError, DockerException, OSError):
        return False
    return True


def was_restarted(container: Container) -> bool:
    """Whether the engine was started anew while the container ran: it kept no event of the container's start.

    An engine keeps its last ``EVENTS`` events, and none over a restart. Where that many came since, it is not known.
    """
    since = seconds(container.attrs["State"]["StartedAt"]) - 1
    try:
        with asking("say what happened"):
            until = seconds(container.client.info()["SystemTime"]) + 1
            kept = list(container.client.events(since=since, until=until, decode=True))
    except errors.EngineError:
        return False
    of_it = (event.get("Action") == "start" for event in kept if event.get("Actor", {}).get("ID") == container.id)
    return len(kept) < EVENTS and not any(of_it)


def has_run(state: Mapping[str, Any]) -> float:
    """For how many seconds a container ran, which has ended."""
    return exact(str(state["FinishedAt"])) - exact(str(state["StartedAt"]))


def exact(stamp: str) -> float:
    """A stamp of the engine as seconds of the epoch."""
    digits = "".join(takewhile(str.isdecimal, stamp[20:])) if stamp[19:20] == "." else ""
    return seconds(stamp) + float(f"0.{digits or 0}")
