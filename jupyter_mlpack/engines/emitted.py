"""Services that take a request from their own tools: the request is written here, and printed by ``--dry-run``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NoReturn

from jupyter_mlpack import errors
from jupyter_mlpack.emitters import sagemaker, skypilot, vertex
from jupyter_mlpack.engines.engine import (
    GRACE,
    SECRET,
    Availability,
    Found,
    Handle,
    Request,
    Update,
    hide_argument,
    refusal,
)  # fmt: skip
from jupyter_mlpack.events import Emit, ignore
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.masking import HIDDEN
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Json, Task


class EmittedEngine:
    """Prepares, and does nothing else."""

    name: ClassVar[str]
    needs_registry = True
    OPTIONS: ClassVar[dict[str, tuple[type, str]]]
    SEND: ClassVar[str]
    SECRETS: ClassVar[str]

    def __init__(
        self, store: Store, grace: float = GRACE, emit: Emit = ignore, options: Mapping[str, Any] | None = None
    ) -> None:
        del store, grace, emit
        self.options = dict(options or {})

    def probe(self) -> Availability:
        """It is never available: nothing is sent."""
        return refusal(self.refuse())

    def prepare(self, task: Task) -> Request:
        """The body that is to be sent, and how. Raises ``EmitterOptionMissing``."""
        options: dict[str, Json] = {"body": self.write(hidden(task)), "send": self.SEND}
        if task.secrets:
            options["secrets"] = self.SECRETS
        return Request(self.name, task, tuple(sorted(options.items())))

    def write(self, task: Task) -> dict[str, Json]:
        """The body. Raises ``EmitterOptionMissing``."""
        raise NotImplementedError

    def start(self, request: Request) -> NoReturn:
        """Raises ``EmittedOnly``."""
        del request
        raise self.refuse()

    def follow(self, handle: Handle) -> Iterator[Update]:
        """Raises ``JobLost``."""
        raise errors.JobLost(engine=self.name, id=handle.id)

    def cancel(self, handle: Handle) -> None:
        """Raises ``JobLost``."""
        raise errors.JobLost(engine=self.name, id=handle.id)

    def attach(self, task: Task, mark: str = "") -> Found | None:
        """None: nothing was sent."""
        del task, mark
        return None

    def release(self, handle: Handle) -> None:
        """Nothing is kept."""

    def refuse(self) -> errors.EmittedOnly:
        """Why nothing is started."""
        return errors.EmittedOnly(engine=self.name, send=self.SEND)


def hidden(task: Task) -> Task:
    """The task without values whose names look like secrets: the body is shown, and kept in files."""
    return replace(
        task,
        arguments=tuple(hide_json(argument) for argument in task.arguments),
        environment=tuple((name, HIDDEN if SECRET.search(name) else value) for name, value in task.environment),
    )


def hide_json(argument: str) -> str:
    """The same of a parameter, whose value stays JSON."""
    shown = hide_argument(argument)
    return argument if shown == argument else f'{argument.partition("=")[0]}="{HIDDEN}"'


class SageMakerEngine(EmittedEngine):
    """``CreateTrainingJob``."""

    name = "sagemaker"
    OPTIONS, SEND, SECRETS = sagemaker.OPTIONS, sagemaker.SEND, sagemaker.SECRETS

    def write(self, task: Task) -> dict[str, Json]:
        """The body."""
        return sagemaker.training_job(task, self.options)


class VertexEngine(EmittedEngine):
    """``CustomJob``."""

    name = "vertex"
    OPTIONS, SEND, SECRETS = vertex.OPTIONS, vertex.SEND, vertex.SECRETS

    def write(self, task: Task) -> dict[str, Json]:
        """The body."""
        return vertex.custom_job(task, self.options)


class SkyPilotEngine(EmittedEngine):
    """A task file."""

    name = "skypilot"
    OPTIONS, SEND, SECRETS = skypilot.OPTIONS, skypilot.SEND, skypilot.SECRETS

    def write(self, task: Task) -> dict[str, Json]:
        """The body."""
        return skypilot.sky_task(task, self.options)
