"""The swarm engine: a replicated job of a Docker swarm for each task, which the swarm's own scheduler places.

The service is called as its task, so that the swarm itself sees to it that none is started twice. Nodes pull the image
from the target's registry. Outputs come from the container where it ran on the node that we speak to; on other nodes,
through the registry, as they do on a cluster (``outputs``). A swarm cannot say ``no-new-privileges``: capabilities are
dropped all the same, and the image's user is no administrator.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker import LEFT_OUT, fetch_outputs, how_ended
from jupyter_mlpack.engines.docker_client import OPTIONS as PLACE
from jupyter_mlpack.engines.docker_client import address, asking, connect
from jupyter_mlpack.engines.docker_follow import ATTEMPTS, PAUSE, exact, late
from jupyter_mlpack.engines.docker_log import Place, new_text
from jupyter_mlpack.engines.docker_request import OWN
from jupyter_mlpack.engines.engine import (
    GRACE,
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
from jupyter_mlpack.engines.swarm_request import create_options, delivery, make_request
from jupyter_mlpack.events import Emit, ignore
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Json, Task

ENDED = ("complete", "failed", "shutdown", "rejected", "orphaned", "remove")
BEGUN = ("running", *ENDED)
CONFLICT = 409
STEP = 0.3


@dataclass
class Run:
    """A job that the swarm has. ``place`` is how far its log has been handed out, ``told`` why it waits."""

    service: Any
    task: Task
    place: Place = field(default_factory=Place)
    announced: bool = False
    cancelled: bool = False
    told: str = ""
    end: StateChange | None = None


class SwarmEngine:
    """Runs images of a registry as replicated jobs. See ``engine.py`` for the contract."""

    name = "swarm"
    needs_registry = True
    OPTIONS: Mapping[str, tuple[type, str]] = {
        **PLACE,
        "constraints": (list, 'which nodes take jobs: ["node.labels.gpu==a100"]'),
        "network": (str, "the network of jobs; host: the node's own, which needs nothing of the swarm"),
        "gpu_resource": (str, "what the swarm's nodes call a GPU among their generic resources; NVIDIA-GPU"),
        "volumes": (dict, 'volumes of the nodes by name, and where jobs see them: {"datasets": "/data:ro"}'),
        "outputs": (str, "node: from the container, on the node that we speak to; registry: through the registry"),
    }

    def __init__(
        self, store: Store, grace: float = GRACE, emit: Emit = ignore, options: Mapping[str, Json] | None = None
    ) -> None:
        self.store = store
        self.grace = grace
        self.options: dict[str, Any] = dict(options or {})
        self.runs: dict[str, Run] = {}
        del emit  # nothing is given to a daemon: the image is in the registry

    def probe(self) -> Availability:
        """Ask the daemon for its swarm."""
        try:
            client = connect(self.options)
            with asking("say what it is"):
                swarm = client.info().get("Swarm") or {}
            if not swarm.get("ControlAvailable"):
                state = swarm.get("LocalNodeState") or "inactive"
                raise errors.SwarmOff(address=address(self.options), state=state)
        except errors.EngineError as error:
            return refusal(error)
        return Availability(True, f"A swarm of {swarm.get('Nodes', 1)} answers at {address(self.options)}.")

    def prepare(self, task: Task) -> Request:
        """What the service is created with, but for image, environment and secrets."""
        return Request(self.name, task, tuple(sorted(make_request(task, self.options, self.grace).items())))

    def start(self, request: Request) -> Handle:
        """Make the service; the swarm does the rest. Raises an ``EngineError`` leaf."""
        from docker.errors import APIError, NotFound

        task = request.task
        image = self.store.image(task.image)
        if image is None:
            raise errors.ImageUnknown(name=task.image, known=", ".join(known.name for known in self.store.images()))
        if task.resources.nodes > 1:
            raise errors.DockerOneNode(engine=self.name, nodes=task.resources.nodes)
        options = create_options(dict(request.options), task, image, delivery(task, self.options))
        action = "make the service"
        try:
            with asking(action):
                service = self.services().create(task.reference, **options)
        except NotFound as error:
            raise errors.DockerRefused(action=action, reason=str(error.explanation)) from error
        except errors.DockerRefused as error:
            taken = isinstance(error.__cause__, APIError) and error.__cause__.status_code == CONFLICT
            found = self.attach(task) if taken else None
            if found is None:
                raise
            return found.handle
        return self.know(service, task)

    def attach(self, task: Task, mark: str = "") -> Found | None:
        """The service of the task's name."""
        from docker.errors import NotFound

        if not task.name.startswith(OWN):
            return None
        try:
            with asking("find the service again"):
                service = self.services().get(task.name)
        except NotFound:
            return None
        said = service.attrs["Spec"]["TaskTemplate"]["ContainerSpec"].get("Env") or ()
        variables = dict(line.partition("=")[::2] for line in said)
        secrets = tuple((name, variables[name]) for name, _ in task.secrets if name in variables)
        return Found(self.know(service, task, Place.at(mark)), secrets)

    def know(self, service: Any, task: Task, place: Place | None = None) -> Handle:
        """The handle of a service."""
        self.runs[task.name] = Run(service, task, place or Place())
        return Handle(self.name, task.name)

    def follow(self, handle: Handle) -> Iterator[Update]:
        """Why it waits, its log, then outputs, then the end. Raises ``JobLost``, ``DockerLost``."""
        run = self.find(handle)
        failures = 0
        while run.end is None:
            before = run.place.count
            try:
                standing = self.look(run)
                state, ended = standing.get("State", "new"), standing.get("State") in ENDED
                if state not in BEGUN or state == "rejected":
                    yield from wait(run, standing)
                elif not run.announced:
                    run.announced = True
                    yield StateChange(JobState.RUNNING)
                if run.announced:
                    for text in self.log(run):
                        yield LogChunk(text, run.place.mark())
                if ended:
                    for name in self.finish(run, standing):
                        yield LogChunk(f"{LEFT_OUT} {name}\n")
                else:
                    self.watch_time(run, standing)
                    time.sleep(STEP)
                failures = 0
            except (errors.DockerLost, errors.DockerRefused):
                failures = 0 if run.place.count != before else failures + 1
                if failures == ATTEMPTS:
                    raise
                time.sleep(PAUSE * 2**failures)
        yield run.end

    def cancel(self, handle: Handle) -> None:
        """SIGTERM, the grace, SIGKILL; a job that waits is taken back."""
        run = self.find(handle)
        if run.end is not None:
            return
        try:
            standing = self.look(run)
        except errors.JobLost:
            return
        if standing.get("State") not in ENDED:
            run.cancelled = True
            self.stop(run, standing)

    def release(self, handle: Handle) -> None:
        """Remove the service, and with it its containers and their logs."""
        from docker.errors import NotFound

        run = self.find(handle)
        try:
            with asking("remove the service"):
                container = self.container(run, self.look(run))
                run.service.remove()
                if container is not None:
                    container.remove(v=True, force=True)
        except (NotFound, errors.JobLost, errors.DockerRefused):
            return

    # --- steps ----------------------------------------------------------------------------------------------------

    def services(self) -> Any:
        """The swarm's services, in the SDK's words, which have no types. Raises what ``connect`` raises."""
        return connect(self.options).services

    def look(self, run: Run) -> dict[str, Any]:
        """The status of the service's newest task, with its ``Node``; empty before there is one. Raises ``JobLost``."""
        from docker.errors import NotFound

        try:
            with asking("tell how the job stands"):
                tasks = run.service.tasks()
                if not tasks:
                    run.service.reload()
        except NotFound as error:
            raise errors.JobLost(engine=self.name, id=run.task.name) from error
        newest = max(tasks, key=lambda task: str(task["CreatedAt"]), default=None)
        return {**newest["Status"], "Node": newest.get("NodeID", "")} if newest else {}

    def log(self, run: Run) -> Iterator[str]:
        """What the service has said after its place. Raises ``DockerLost``, ``JobLost``."""
        from docker.errors import NotFound

        try:
            with asking("follow the log"):
                since = run.place.resume() or 0
                said = run.service.logs(stdout=True, stderr=True, timestamps=True, since=since, follow=False)
                yield from new_text(said, run.place)
        except NotFound as error:
            raise errors.JobLost(engine=self.name, id=run.task.name) from error

    def container(self, run: Run, standing: Mapping[str, Any]) -> Any:
        """The task's container, if it is on the node that we speak to."""
        from docker.errors import NotFound

        id = (standing.get("ContainerStatus") or {}).get("ContainerID")
        if not id:
            return None
        try:
            return connect(self.options).containers.get(id)
        except NotFound:
            return None

    def finish(self, run: Run, standing: Mapping[str, Any]) -> tuple[str, ...]:
        """Outputs and the end; names of outputs that were left out."""
        container = self.container(run, standing)
        status = (standing.get("ContainerStatus") or {}).get("ExitCode")
        if not run.announced or (not status and standing["State"] != "complete"):
            reason = str(standing.get("Err") or standing.get("Message") or "").rstrip(".")
            end = StateChange(JobState.FAILED, failure=errors.SwarmNoRoom(reason=reason))
            run.end = StateChange(JobState.CANCELLED) if run.cancelled else end
            return ()
        end = end_state(int(status or 0), run.cancelled, errors.JobKilled())
        if container is not None:
            end = how_ended(run, container.attrs["State"], int(status or 0))
        left: tuple[str, ...] = ()
        if self.options.get("outputs") == "registry":
            left, end = self.fetch(run, end)
        elif container is not None:
            left = fetch_outputs(container, run.task)
        else:
            end = StateChange(JobState.FAILED, status, errors.SwarmNodeAway(node=str(standing.get("Node", ""))))
        run.end = end
        return left

    def fetch(self, run: Run, end: StateChange) -> tuple[tuple[str, ...], StateChange]:
        """What the train process pushed; a job that succeeded and did not push has failed."""
        from jupyter_mlpack.engines.artefact import fetch_artefact
        from jupyter_mlpack.engines.kubernetes_job import artefact_of

        try:
            return fetch_artefact(artefact_of(run.task), run.task.output, bool(self.options.get("insecure"))), end
        except errors.OutputsNotDelivered as error:
            failed = StateChange(JobState.FAILED, end.exit_status, error)
            return (), failed if end.state is JobState.SUCCEEDED else end

    def watch_time(self, run: Run, standing: Mapping[str, Any]) -> None:
        """End a job whose time is over, by the clock of this machine and the swarm's stamp.

        Images of ours end by themselves.
        """
        most = run.task.resources.seconds
        if (
            most
            and standing.get("State") == "running"
            and time.time() - exact(str(standing["Timestamp"])) > most + late(self.grace)
        ):
            self.stop(run, standing)

    def stop(self, run: Run, standing: Mapping[str, Any]) -> None:
        """Stop the container. Where it is on another node, or waits for one, the service goes: no one else can."""
        from docker.errors import NotFound

        try:
            with asking("end the job"):
                container = self.container(run, standing)
                if container is not None:
                    container.stop(timeout=math.ceil(self.grace))
                else:
                    run.service.remove()
                    run.end = StateChange(JobState.CANCELLED)
        except NotFound:
            return

    def find(self, handle: Handle) -> Run:
        """The run behind a handle. Raises ``JobLost``."""
        run = self.runs.get(handle.id)
        if run is None:
            raise errors.JobLost(engine=self.name, id=handle.id)
        return run


def wait(run: Run, standing: Mapping[str, Any]) -> Iterator[Update]:
    """A sentence about why it waits, when it is a new one."""
    said = str(standing.get("Err") or "").rstrip(".")
    if said and said != run.told:
        run.told = said
        yield StateChange(JobState.QUEUED, reason=f"The swarm has no node for it yet: {said}.")
