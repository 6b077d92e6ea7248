"""The docker engine: a container for each task through the Docker SDK, which is imported when it is needed.

Nothing of this machine is bound into the container of a submitted job, so the engine may be anywhere (``host``):
outputs come back as an archive, which is treated as hostile. A submitted job's container is called as its task, so the
engine itself sees to it that none is started twice. Podman's socket is such an engine, too.

Docker knows no time limit: the train process ends itself when its time is over, and whoever follows a job sees to it.
"""

from __future__ import annotations

import math
import signal
import tarfile
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker_client import address, asking, connect
from jupyter_mlpack.engines.docker_follow import ALIVE, follow_log, has_run, limited, was_restarted
from jupyter_mlpack.engines.docker_log import Place
from jupyter_mlpack.engines.docker_request import (
    LABEL,
    OPTIONS,
    OWN,
    bring_image,
    make_request,
    pull_image,
)
from jupyter_mlpack.engines.docker_start import create, start, start_once
from jupyter_mlpack.engines.engine import (
    GRACE,
    KILLED,
    OUTPUT,
    Availability,
    Found,
    Handle,
    LogChunk,
    Request,
    StateChange,
    Update,
    end_state,
    refusal,
)  # fmt: skip
from jupyter_mlpack.engines.outputs import IterStream, take_outputs
from jupyter_mlpack.events import Emit, Event, Progress, ignore
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.sharing import together
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Json, Task

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

LEFT_OUT = "[mlpack] not brought back, it is no file or leads out of the folder:"
TAKEN = (128 + signal.SIGTERM, KILLED, 255)
"""Exit statuses of a container that its engine takes along; 255: nobody saw how it ended."""

UNEXECUTED = b"xec format error"
"""In the last lines of a container whose program the kernel does not know how to execute."""

KNOWN = (errors.DockerTimeOver, errors.OutOfMemory)
PATIENCE = 60.0
"""Seconds in which a container must be seen whose name is taken."""

STEP = 0.1


class Ended(Protocol):
    """What its engine knows of a run."""

    task: Task
    cancelled: bool


@dataclass
class Run:
    """A started container. ``place`` is how far its log has been handed out."""

    container: Container
    task: Task
    place: Place = field(default_factory=Place)
    announced: bool = False
    cancelled: bool = False
    end: StateChange | None = None


class DockerEngine:
    """Runs images of ``store`` as containers. See ``engine.py`` for the contract."""

    name = "docker"
    OPTIONS = OPTIONS

    def __init__(
        self, store: Store, grace: float = GRACE, emit: Emit = ignore, options: Mapping[str, Json] | None = None
    ) -> None:
        self.store = store
        self.emit = emit
        self.grace = grace
        self.options: dict[str, Any] = dict(options or {})
        self.runs: dict[str, Run] = {}

    def probe(self) -> Availability:
        """Ask the daemon for its version."""
        try:
            client = connect(self.options)
            with asking("say what it is"):
                version = client.version()
        except errors.EngineError as error:
            return refusal(error)
        parts = {str(part.get("Name", "")) for part in version.get("Components") or ()}
        name = "Podman" if any("podman" in part.lower() for part in parts) else "Docker"
        return Availability(True, f"{name} {version['Version']} answers at {address(self.options)}.")

    def prepare(self, task: Task) -> Request:
        """What the container is created with, in the SDK's words, but for image and environment."""
        return Request(self.name, task, tuple(sorted(make_request(task, self.options).items())))

    def start(self, request: Request) -> Handle:
        """Give the daemon the image if it lacks it, create and start the container. Raises an ``EngineError`` leaf."""
        task = request.task
        image = self.store.image(task.image)
        if image is None:
            raise errors.ImageUnknown(name=task.image, known=", ".join(known.name for known in self.store.images()))
        if task.resources.nodes > 1:
            raise errors.DockerOneNode(engine=self.name, nodes=task.resources.nodes)
        found = self.attach(task)
        if found is not None:
            return found.handle
        client = connect(self.options)
        check_memory(client, task, address(self.options))
        name = self.bring(client, task, image)
        container = create(client, request, image, name)
        if container is None:
            return self.await_other(task)
        seen = start(container)
        return self.know(container, task, seen=seen)

    def await_other(self, task: Task) -> Handle:
        """What another process is making: the daemon reserves a name before it shows the container.

        Raises ``DockerRefused``.
        """
        until = time.monotonic() + PATIENCE
        while (found := self.attach(task)) is None:
            if time.monotonic() > until:
                raise errors.DockerRefused(action="create a container", reason=f"{task.name} was there, and is gone")
            time.sleep(STEP)
        return found.handle

    def bring(self, client: DockerClient, task: Task, image: StoredImage) -> str:
        """What the daemon calls the image: pulled where the target has a registry, else given to it."""
        if task.reference:
            return pull_image(client, task.reference)
        from docker.errors import APIError

        try:
            with together(self.store.root), asking("take the image"):
                return bring_image(client, self.store, image, self.tell)
        except errors.DaemonRefused as error:
            if isinstance(error.__context__, APIError):
                raise
            raise errors.DockerLost(action="take the image", reason=str(error.__context__)) from error

    def attach(self, task: Task, mark: str = "") -> Found | None:
        """The container that carries the task's name; one that was made and not started is started now."""
        from docker.errors import NotFound

        if not task.name.startswith(OWN):
            return None
        try:
            with asking("find the container again"):
                container = connect(self.options).containers.get(task.name)
            seen = container.status != "created" or start_once(container)
        except NotFound:
            return None
        variables = dict(line.partition("=")[::2] for line in container.attrs["Config"]["Env"] or ())
        secrets = tuple((name, variables[name]) for name, _ in task.secrets if name in variables)
        return Found(self.know(container, task, Place.at(mark), seen=seen), secrets)

    def know(self, container: Container, task: Task, place: Place | None = None, *, seen: bool = True) -> Handle:
        """The handle of a started container; the end of one that its engine does not see is not waited for."""
        handle = Handle(self.name, str(container.id)[:12])
        run = self.runs[handle.id] = Run(container, task, place or Place())
        if not seen:
            run.announced = True
            run.end = StateChange(JobState.FAILED, None, errors.DockerUnseen(name=str(container.name)))
        return handle

    def follow(self, handle: Handle) -> Iterator[Update]:
        """Both streams of the log, then outputs, then the end.

        Raises ``JobLost``, ``DockerLost``, ``DockerRefused``.
        """
        run = self.find(handle)
        if not run.announced:
            run.announced = True
            yield StateChange(JobState.RUNNING)
        if run.end is None:
            with limited(run.container, run.task.resources.seconds, self.grace, self.options):
                for text in follow_log(run.container, run.place):
                    yield LogChunk(text, run.place.mark())
            for name in finish(run):
                yield LogChunk(f"{LEFT_OUT} {name}\n")
        assert run.end is not None
        yield run.end

    def release(self, handle: Handle) -> None:
        """Remove the container, its volume and its log."""
        from docker.errors import NotFound

        try:
            with asking("remove the container"):
                self.find(handle).container.remove(v=True, force=True)
        except NotFound:
            return

    def cancel(self, handle: Handle) -> None:
        """SIGTERM to the container's process, ``grace`` seconds, SIGKILL."""
        from docker.errors import NotFound

        run = self.find(handle)
        if run.end is not None:
            return
        try:
            with asking("stop the container"):
                run.container.reload()
                if run.container.status in ALIVE:
                    run.cancelled = True
                    run.container.stop(timeout=math.ceil(self.grace))
        except NotFound:
            return

    def tell(self, event: Event) -> None:
        """The daemon is given the image: progress of this job, no delivery."""
        if isinstance(event, Progress):
            self.emit(replace(event, phase="run"))

    def find(self, handle: Handle) -> Run:
        """The container behind a handle. Raises ``JobLost``."""
        run = self.runs.get(handle.id)
        if run is None:
            raise errors.JobLost(engine=self.name, id=handle.id)
        return run


def check_memory(client: DockerClient, task: Task, address: str) -> None:
    """Raises ``DockerTooSmall`` where more memory is wished than there is: Docker itself would take any number."""
    if not task.resources.memory:
        return
    with asking("say what it has"):
        has = int(client.info().get("MemTotal") or task.resources.memory)
    if task.resources.memory > has:
        raise errors.DockerTooSmall(
            address=address, has=f"{has / 1e9:.1f} GB", wished=f"{task.resources.memory / 1e9:.1f} GB"
        )


def finish(run: Run) -> tuple[str, ...]:
    """Outputs, and the end. Returns outputs left out."""
    from docker.errors import NotFound

    try:
        with asking("tell how the job ended"):
            status = int(run.container.wait()["StatusCode"])
            run.container.reload()
        left_out = fetch_outputs(run.container, run.task)
    except NotFound as error:
        raise errors.JobLost(engine="docker", id=str(run.container.id)[:12]) from error
    end = how_ended(run, run.container.attrs["State"], status)
    if status in TAKEN and not isinstance(end.failure, KNOWN) and not run.cancelled and was_restarted(run.container):
        end = replace(end, failure=errors.DockerRestarted(status=status))
    if status and end.failure is None and not run.cancelled:
        end = replace(end, failure=other_processor(run.container))
    run.end = end
    return left_out


def other_processor(container: Container) -> errors.EngineError | None:
    """The error for an image of another processor than the engine's, and because of that; else ``None``."""
    try:
        with asking("say what its processor is"):
            if UNEXECUTED not in container.logs(tail=2):
                return None
            image = str(container.client.api.inspect_image(container.attrs["Image"])["Architecture"])
            machine = str(container.client.version().get("Arch") or image)
    except (errors.EngineError, KeyError):
        return None
    return errors.DockerOtherProcessor(architecture=image, machine=machine) if image != machine else None


def how_ended(run: Ended, state: Mapping[str, Any], status: int) -> StateChange:
    """The terminal state, by what the engine keeps: also told by a process that did not see it end."""
    most = run.task.resources.seconds
    if most and status and not run.cancelled and has_run(state) >= most:
        return StateChange(JobState.FAILED, status, errors.DockerTimeOver(seconds=most))
    return end_state(status, run.cancelled, errors.OutOfMemory() if state.get("OOMKilled") else errors.JobKilled())


def fetch_outputs(container: Container, task: Task) -> tuple[str, ...]:
    """The container's output folder, unpacked into the task's; names of entries that were not safe to take.

    Raises ``DockerRefused``, ``DockerLost``, ``OutputNotWritable``; ``NotFound`` passes.
    """
    try:
        with asking("bring the outputs back"):
            chunks, _ = container.get_archive(OUTPUT)
            return take_outputs(IterStream(chunks), task.output)
    except tarfile.TarError as error:
        raise errors.DockerLost(action="bring the outputs back", reason=f"They ended too early: {error}.") from error
    except OSError as error:
        raise errors.OutputNotWritable(path=task.output, reason=error.strerror or str(error)) from error


__all__ = ["LABEL", "DockerEngine", "address", "bring_image", "connect", "follow_log"]
