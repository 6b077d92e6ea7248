"""A build as a job of a target: the creator in an image that is builder and application, its result in a registry.

So a cluster that runs trainings also builds, with nothing installed there. Whatever the engine of the target knows of
its jobs (why one waits, that it was killed, its log after a lost connection) it knows of builds, too.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from jupyter_mlpack import errors
from jupyter_mlpack.elsewhere.failing import failure
from jupyter_mlpack.elsewhere.phases import Names, Story, settings
from jupyter_mlpack.elsewhere.request import Places, creator_words
from jupyter_mlpack.engines.engine import Engine, LogChunk, Request, StateChange, open_engine
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.oci.credentials import stored_credential
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.signals import signals_wait
from jupyter_mlpack.submission.submitting import LONGEST_USER, OTHERS, user_name
from jupyter_mlpack.values import JobTarget, Json, Task

INSECURE_API = "0.13"
"""The first version of the platform API in which a registry without TLS can be named."""

AUTHORITY = "CNB_REGISTRY_AUTH"


@dataclass(frozen=True)
class BuildJob:
    """One build on one target. ``image`` is the digest of the one that builds, pushed as ``source``."""

    target: JobTarget
    at: Places
    image: str
    user: tuple[int, int]
    moment: int | None
    store: Store
    network: str = ""

    @property
    def where(self) -> str:
        """For people."""
        return f"on {self.target.name}"

    def task(self, output: Any) -> Task:
        """What the engine runs. The login of the registry goes to the engine only, as a job's secrets do."""
        told = {name: value for name, value in settings(*self.user, self.moment, os.environ).items() if name not in OFF}
        registry = parse_reference(self.at.image).registry
        if self.target.insecure:
            told |= {"CNB_PLATFORM_API": INSECURE_API, "CNB_INSECURE_REGISTRIES": registry}
        repository = self.at.source.rpartition(":")[0]
        return Task(
            name=f"mlpack-{OTHERS.sub('', user_name().lower())[:LONGEST_USER] or 'user'}-{os.urandom(9).hex()}",
            image=self.image,
            arguments=creator_words(Names(self.at.image, self.at.run)),
            environment=tuple(sorted(told.items())),
            output=output,
            secrets=tuple(logins(registry, parse_reference(self.at.image).repository)),
            reference=f"{repository}@{self.image}",
        )

    def engine(self) -> Engine:
        """The target's."""
        return open_engine(self.target.engine, self.store, options=dict(self.target.options))

    def request(self) -> Request:
        """What is asked of it."""
        return with_room(self.engine().prepare(self.task(Path("output"))), self.network)

    def run(self, story: Story) -> None:
        """Start it, tell its log, and clear it away. Raises what its end means."""
        with scratch_folder() as scratch, started(self, scratch / "output") as (engine, handle):
            for update in engine.follow(handle):
                if isinstance(update, LogChunk):
                    story.hear(update.text)
                elif update.state.is_terminal:
                    story.over()
                    self.judge(update, story)
                    return

    def judge(self, change: StateChange, story: Story) -> None:
        """Raise for an end that is no success. That nothing was delivered is none: the image is where it belongs."""
        undelivered = isinstance(change.failure, errors.OutputsNotDelivered)
        if change.failure is not None and not (undelivered and change.exit_status == 0):
            raise change.failure
        if change.exit_status != 0:
            raise failure(change.exit_status or 1, story, self.where)


OFF = ("CNB_USE_LAYOUT", "CNB_LAYOUT_DIR", "CNB_EXPERIMENTAL_MODE")
"""What is said only where the image goes to a layout."""


@contextmanager
def started(job: BuildJob, output: Any) -> Iterator[tuple[Engine, Any]]:
    """Engine and handle of the running job, which is gone afterwards."""
    engine = job.engine()
    handle = engine.start(with_room(engine.prepare(job.task(output)), job.network))
    try:
        yield engine, handle
    finally:
        with signals_wait():
            try:
                engine.cancel(handle)
            finally:
                engine.release(handle)


def with_room(request: Request, network: str) -> Request:
    """The request of a job that may write to its image's folders: a build does, a training does not."""
    options: dict[str, Any] = dict(request.options)
    if "read_only" in options:
        options["read_only"] = False
        options |= {"network_mode": network} if network else {}
    else:
        for container in options["spec"]["template"]["spec"]["containers"]:
            container["securityContext"]["readOnlyRootFilesystem"] = False
    return replace(request, options=tuple(sorted(cast(dict[str, Json], options).items())))


def logins(registry: str, repository: str) -> Iterator[tuple[str, str]]:
    """The registry's login as the lifecycle reads it, where this machine has one."""
    import json

    found = stored_credential(registry, repository)
    if found and found.password:
        word = base64.b64encode(f"{found.username}:{found.password}".encode()).decode()
        yield AUTHORITY, json.dumps({registry: f"Basic {word}"})
