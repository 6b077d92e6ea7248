"""The docker engine: a container for each task through the Docker SDK, which is imported when it is needed.

Nothing of this machine is bound into the container, so ``DOCKER_HOST`` may be anywhere: outputs come back as an
archive, which is treated as hostile.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker_log import Place, new_text
from jupyter_mlpack.engines.engine import (
    GRACE,
    OUTPUT,
    Availability,
    Handle,
    LogChunk,
    Request,
    StateChange,
    Update,
    end_state,
    refusal,
)  # fmt: skip
from jupyter_mlpack.engines.outputs import IterStream, extract_outputs
from jupyter_mlpack.events import Emit, Event, Progress, ignore
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.sharing import together
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Json, Task

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

LABEL = "org.jupyter-mlpack.job"
TMP = "rw,exec,nosuid,nodev,mode=1777"
ATTEMPTS = 5
"""Connections lost in a row, without a new piece of the log, before we give up."""

LEFT_OUT = "[mlpack] not brought back, it is no file or leads out of the folder:"
SHARED_MEMORY = 1 << 30
"""Bytes of /dev/shm at most; Docker's own 64 MiB is too little for the worker processes of data loaders."""


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

    def __init__(self, store: Store, grace: float = GRACE, emit: Emit = ignore) -> None:
        self.store = store
        self.emit = emit
        self.grace = grace
        self.runs: dict[str, Run] = {}

    def probe(self) -> Availability:
        """Ask the daemon for its version."""
        try:
            version = connect().version()["Version"]
        except errors.EngineError as error:
            return refusal(error)
        return Availability(True, f"Docker {version} answers at {address()}.")

    def prepare(self, task: Task) -> Request:
        """What the container is created with, in the SDK's words, but for image and environment."""
        options: dict[str, Json] = {
            "cap_drop": ["ALL"],
            "init": True,
            "labels": {LABEL: task.name},
            "read_only": True,
            "security_opt": ["no-new-privileges"],
            "shm_size": SHARED_MEMORY,
            "tmpfs": {"/tmp": TMP},
            "volumes": [OUTPUT],
        }
        return Request(self.name, task, tuple(sorted(options.items())))

    def start(self, request: Request) -> Handle:
        """Give the daemon the image if it lacks it, create and start the container. Raises an ``EngineError`` leaf."""
        task = request.task
        image = self.store.image(task.image)
        if image is None:
            raise errors.ImageUnknown(name=task.image, known=", ".join(known.name for known in self.store.images()))
        client = connect()
        with together(self.store.root):
            name = bring_image(client, self.store, image, self.tell)
        container = create(client, request, image, name)
        handle = Handle(self.name, str(container.id)[:12])
        self.runs[handle.id] = Run(container, task)
        return handle

    def follow(self, handle: Handle) -> Iterator[Update]:
        """Both streams of the log, then outputs, then the end. Raises ``JobLost`` or ``DockerRefused``."""
        run = self.find(handle)
        if not run.announced:
            run.announced = True
            yield StateChange(JobState.RUNNING)
        if run.end is None:
            for text in follow_log(run.container, run.place):
                yield LogChunk(text)
            for name in finish(run):
                yield LogChunk(f"{LEFT_OUT} {name}\n")
        assert run.end is not None
        yield run.end

    def cancel(self, handle: Handle) -> None:
        """SIGTERM to the container's process, ``grace`` seconds, SIGKILL. ``follow`` then removes it."""
        from docker.errors import APIError, NotFound

        run = self.find(handle)
        if run.end is not None:
            return
        try:
            run.container.reload()
            if run.container.status == "running":
                run.cancelled = True
                run.container.stop(timeout=math.ceil(self.grace))
        except NotFound:
            return
        except APIError as error:
            raise errors.DockerRefused(action="stop the container", reason=str(error)) from error

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


def address() -> str:
    """Where the daemon is looked for."""
    return os.environ.get("DOCKER_HOST") or ("unix:///var/run/docker.sock" if os.name == "posix" else "npipe")


def connect() -> DockerClient:
    """A client whose daemon answers. Raises ``DockerUnreachable``."""
    import docker
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        client = docker.from_env()
        client.ping()
    except (DockerException, RequestException, OSError) as error:
        raise errors.DockerUnreachable(address=address(), reason=str(error)) from error
    return client


def bring_image(client: DockerClient, store: Store, image: StoredImage, emit: Emit) -> str:
    """What the daemon calls the image: its id, or the name under which it was loaded now."""
    from docker.errors import ImageNotFound

    from jupyter_mlpack.oci.daemon import load_image

    identity = image.manifest.config.digest
    # A daemon with the containerd store calls the image by its manifest's digest, others by the configuration's.
    for name in (identity, image.descriptor.digest):
        with contextlib.suppress(ImageNotFound):
            return str(client.images.get(name).id)
    name = f"mlpack-run:{identity.partition(':')[2][:12]}"
    load_image(store, image, name, emit)
    return name


def create(client: DockerClient, request: Request, image: StoredImage, name: str) -> Container:
    """A running container for the request; none is left when it cannot start. Raises ``DockerRefused``."""
    from docker.errors import APIError

    user = image.config.user
    options: dict[str, Any] = dict(request.options)
    options["user"] = "1000:1000" if user.partition(":")[0] in ("", "root", "0") else user
    environment = {**dict(request.task.environment), **dict(request.task.secrets)}
    try:
        arguments = list(request.task.arguments) or None
        container = client.containers.create(name, arguments, environment=environment, **options)
    except APIError as error:
        raise errors.DockerRefused(action="create a container", reason=str(error.explanation)) from error
    started = False
    try:
        container.start()
        started = True
    except APIError as error:
        raise errors.DockerRefused(action="start the container", reason=str(error.explanation)) from error
    finally:
        if not started:
            container.remove(v=True, force=True)
    return container


def follow_log(container: Container, place: Place) -> Iterator[str]:
    """What both streams say after ``place``, until the container has ended. Raises ``DockerRefused``, ``JobLost``."""
    from docker.errors import APIError, NotFound
    from requests.exceptions import RequestException

    failures = 0
    while True:
        before = place.count
        try:
            yield from new_text(container.logs(stream=True, follow=True, timestamps=True, since=place.resume()), place)
            container.reload()
            if container.status != "running":
                return
        except NotFound as error:
            raise errors.JobLost(engine="docker", id=str(container.id)[:12]) from error
        except (APIError, RequestException) as error:
            failures = 0 if place.count != before else failures + 1
            if failures == ATTEMPTS:
                raise errors.DockerRefused(action="follow the log", reason=str(error)) from error


def finish(run: Run) -> tuple[str, ...]:
    """Exit status, outputs, then the container and its volume go. Returns outputs left out."""
    from docker.errors import APIError, NotFound

    try:
        status = int(run.container.wait()["StatusCode"])
        run.container.reload()
        out_of_memory = bool(run.container.attrs["State"].get("OOMKilled"))
        left_out = fetch_outputs(run)
        run.container.remove(v=True, force=True)
    except NotFound as error:
        raise errors.JobLost(engine="docker", id=str(run.container.id)[:12]) from error
    except APIError as error:
        raise errors.DockerRefused(action="bring the outputs back", reason=str(error.explanation)) from error
    killed = errors.OutOfMemory() if out_of_memory else errors.JobKilled()
    run.end = end_state(status, run.cancelled, killed)
    return left_out


def fetch_outputs(run: Run) -> tuple[str, ...]:
    """The container's output folder, unpacked into the task's; names of entries that were not safe to take."""
    chunks, _ = run.container.get_archive(OUTPUT)
    run.task.output.mkdir(parents=True, exist_ok=True)
    return extract_outputs(IterStream(chunks), run.task.output)
