"""The kubernetes engine: a ``batch/v1`` Job for each task, on any cluster, with nothing installed there.

The Job, its Secret and the tag of its outputs are all called as the task, so each is found again by it. Outputs come
back without a shared disk: the train process pushes them into the image's repository as an OCI artefact. Where pod and
notebook see one volume, they come from there (options ``volume`` and ``folder``).

A log that a node has rotated away (10 MB by default) is gone for those who did not follow meanwhile.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from jupyter_mlpack import errors
from jupyter_mlpack.engines import kubernetes_company as company
from jupyter_mlpack.engines import kubernetes_state as states
from jupyter_mlpack.engines.docker_log import Place
from jupyter_mlpack.engines.engine import (
    Availability,
    Found,
    Handle,
    LogChunk,
    Request,
    StateChange,
    Update,
    refusal,
)  # fmt: skip
from jupyter_mlpack.engines.kubernetes_api import SECONDS, Api
from jupyter_mlpack.engines.kubernetes_job import artefact_of, secret_of
from jupyter_mlpack.engines.kubernetes_kinds import kind_of
from jupyter_mlpack.engines.kubernetes_log import NodesLog, new_lines
from jupyter_mlpack.engines.kubernetes_nodes import Seen, see, status
from jupyter_mlpack.events import Emit, ignore
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Json, Task

GRACE = 120.0
"""Seconds between SIGTERM and SIGKILL: 25 for the notebook, the others for pushing what it wrote."""
PAUSE = 0.5
"""Seconds between two looks at a job that does not say anything."""
PULLING = 120
"""Seconds for which an image that cannot be pulled is tried: a registry may be away for a moment."""
ATTEMPTS = 20
"""Times in a row that the cluster may not answer while a job is followed."""


@dataclass
class Run:
    """A job on the cluster. ``place`` is how far its log has been handed out, ``logs`` the same of several nodes."""

    task: Task
    place: Place = field(default_factory=Place)
    logs: NodesLog | None = None
    announced: bool = False
    told: str = ""
    since: float = 0.0
    stopped: bool = False
    end: StateChange | None = None


class KubernetesEngine:
    """Runs images of a registry as Jobs. See ``engine.py`` for the contract."""

    name = "kubernetes"
    needs_registry = True
    OPTIONS: Mapping[str, tuple[type, str]] = {
        "kubeconfig": (str, "path of the file that says where the cluster is; empty: kubectl's own, or the pod's"),
        "context": (str, "the context in it; empty: the current one"),
        "namespace": (str, "where jobs are made; empty: the context's"),
        "queue": (str, "Kueue's LocalQueue that admits them"),
        "nodes_with": (dict, "labels that a node must have"),
        "tolerations": (list, "taints that jobs tolerate, as Kubernetes writes them"),
        "gpu_resource": (
            str,
            "what a GPU is called there; empty: nvidia.com/gpu and the like",
        ),
        "pull_secret": (str, "the Secret with which nodes pull the image"),
        "service_account": (str, "the ServiceAccount of the pods"),
        "priority": (str, "the PriorityClass of the pods"),
        "volume": (str, "a PersistentVolumeClaim for outputs, instead of the registry"),
        "folder": (str, "where this machine sees that volume"),
        "serving": (str, "kserve: deploy as KServe's InferenceService; empty: as a Deployment and a Service"),
        "claims": (dict, "PersistentVolumeClaims that services read, and where: {'models/digits': '/mnt/models'}"),
        "trainer": (str, "a ClusterTrainingRuntime of Kubeflow Trainer: jobs go as TrainJobs; empty: as plain Jobs"),
        "patience": (int, "seconds that a job waits for room before it fails; 0: for ever"),
        "keep": (int, "seconds for which the cluster keeps a job that nobody asks for; 604800"),
    }

    def __init__(
        self, store: Store, grace: float = GRACE, emit: Emit = ignore, options: Mapping[str, Json] | None = None
    ) -> None:
        self.store = store
        self.emit = emit
        self.grace = grace
        self.options: dict[str, Any] = dict(options or {})
        self.runs: dict[str, Run] = {}
        self.known: Api | None = None
        self.kind = kind_of(self.options, grace)

    @property
    def api(self) -> Api:
        """The cluster. Raises ``KubernetesClientMissing`` and ``KubernetesNotConfigured``."""
        if self.known is None:
            words = (str(self.options.get(name, "")) for name in ("kubeconfig", "context", "namespace"))
            self.known = Api(*words)
        return self.known

    def probe(self) -> Availability:
        """Ask for the version, and whether jobs may be made."""
        try:
            api = self.api
            version = api.get("/version").get("gitVersion", "")
            group = self.kind.api_version.partition("/")[0]
            asked = {"namespace": api.namespace, "verb": "create", "group": group, "resource": self.kind.plural}
            self.kind.check(api)
            review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
            path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            answer = api.create(path, {**review, "spec": {"resourceAttributes": asked}}, "ask for our permissions")
            if not answer.get("status", {}).get("allowed"):
                why = states.sentence(str(answer.get("status", {}).get("reason") or ""))
                raise errors.KubernetesForbidden(action="make jobs", namespace=api.namespace, reason=why)
        except errors.EngineError as error:
            return refusal(error)
        except (KeyError, FileExistsError) as error:
            return Availability(False, f"What answers at {self.api.address} is no Kubernetes API server: {error}")
        return Availability(True, f"Kubernetes {version} answers at {api.address}; jobs go to {api.namespace}.")

    def prepare(self, task: Task) -> Request:
        """The Job, but for arguments and environment, and what the image says of its user and processor."""
        return Request(self.name, task, tuple(sorted(self.kind.request(task).items())))

    def start(self, request: Request) -> Handle:
        """Make Secret and Job; the cluster does the rest. Raises ``EngineError`` leaves, ``ImageUnknown``."""
        task = request.task
        image = self.store.image(task.image)
        if image is None:
            raise errors.ImageUnknown(name=task.image, known=", ".join(known.name for known in self.store.images()))
        check_wish(task)
        job, login = copy.deepcopy(cast(dict[str, Any], dict(request.options))), self.login(task)
        self.kind.check(self.api)
        self.kind.complete(job, task, image.config, bool(login))
        secret = secret_of(task, login)
        action = "take the job"
        try:
            self.api.create(self.api.place("secrets"), secret, action)
        except FileExistsError:
            found = self.attach(task)
            if found is not None:
                return found.handle
            self.api.create(self.api.place("secrets"), secret, action)
        made = False
        try:
            company.make_names(self.api, self.kind, task)
            company.own(self.api, self.kind, self.api.create(self.api.place(self.kind.plural), job, action), task)
            made = True
        except FileExistsError:
            made = True
        finally:
            if not made:
                company.remove(self.api, self.kind, task)
        return self.know(task)

    def attach(self, task: Task, mark: str = "") -> Found | None:
        """The Job of the task's name. A Secret alone was left by a start that was cut off: it goes."""
        try:
            job = self.api.get(self.api.place(self.kind.plural, task.name))
        except KeyError:
            company.remove(self.api, self.kind, task)
            return None
        return Found(self.know(task, mark), company.secrets_of(self.api, self.kind, job, task))

    def follow(self, handle: Handle) -> Iterator[Update]:
        """Why it waits, its log, then outputs, then the end. Raises ``JobLost``, ``KubernetesUnreachable``."""
        run = self.find(handle)
        while run.end is None:
            seen = self.look(run)
            if seen.has_begun:
                if not run.announced:
                    run.announced = True
                    yield StateChange(JobState.RUNNING)
                yield from self.new_log(run, seen)
            if self.kind.retries and seen.failed and not run.stopped and not states.is_final(seen.job):
                self.stop(run, seen, {states.ENDED: str(status(seen.pods[seen.failed[0]]) or 1)})
            # It had ended before its log was read: so that was all of it, also where a connection was lost.
            if seen.has_ended:
                yield from self.finish(run, seen)
                break
            if seen.failed and not run.stopped:
                # The others would wait for it, perhaps for ever.
                self.stop(run, seen, {})
            waiting = self.wait(run, seen)
            if waiting:
                yield waiting
            time.sleep(PAUSE)
        assert run.end is not None
        if not run.announced and run.end.state is not JobState.CANCELLED and run.end.exit_status is not None:
            run.announced = True
            yield StateChange(JobState.RUNNING)
        yield run.end

    def new_log(self, run: Run, seen: Seen) -> Iterator[LogChunk]:
        """What the nodes say: one until it says nothing for a while, several as far as they have come."""
        if run.logs is not None:
            yield from run.logs.read(self.api, seen.pods)
        elif 0 in seen.pods:
            yield from new_lines(self.api, str(seen.pods[0]["metadata"]["name"]), run.place)

    def wait(self, run: Run, seen: Seen) -> StateChange | None:
        """A sentence about why it does not run yet, when it is a new one; when patience is over, the end is near."""
        patience = int(self.options.get("patience", 0))
        job, pod = seen.job, seen.waiting
        events = self.events(run.task) if pod is None and seen.is_waiting else ()
        waiting = states.why_waiting(job, pod, events, patience) if seen.is_waiting and not run.stopped else None
        if waiting is None:
            run.since = 0.0
            return None
        run.since = run.since or time.monotonic()
        most = patience_with(waiting, patience)
        if most is not None and time.monotonic() - run.since > most:
            note = {states.GIVEN_UP: states.note_failure(waiting.failure)}
            self.stop(run, seen, {} if states.is_cancelled(job) else note)
        if waiting.reason == run.told:
            return None
        run.told = waiting.reason
        return StateChange(JobState.QUEUED, reason=waiting.reason)

    def cancel(self, handle: Handle) -> None:
        """SIGTERM to the pod's process, the grace, SIGKILL; a job that waits is only taken back."""
        run = self.find(handle)
        if run.end is not None:
            return
        try:
            seen = self.look(run)
        except errors.JobLost:
            return
        if not seen.has_ended:
            self.stop(run, seen, {states.CANCELLED: "1"})

    def release(self, handle: Handle) -> None:
        """Remove the Job with its pod, the Secret, and what was pushed for us."""
        task = self.find(handle).task
        self.api.delete(self.api.place(self.kind.plural, task.name), "remove the job")
        company.remove(self.api, self.kind, task)

    # --- steps ----------------------------------------------------------------------------------------------------

    def stop(self, run: Run, seen: Seen, notes: dict[str, str]) -> None:
        """End a job so that its pods, and with them log and exit status, stay.

        Pods that run get a deadline in the past: the kubelet ends them as it ends all others. A job of which a node
        waits is taken back. ``notes`` say why, for whoever looks at the job later.
        """
        # One that is tried again would get another pod for that which had its deadline.
        action, waits = "end the job", seen.is_waiting or self.kind.retries
        change: dict[str, Any] = {"metadata": {"annotations": notes}, **({"spec": {"suspend": True}} if waits else {})}
        try:
            self.api.patch(self.api.place(self.kind.plural, run.task.name), change, action)
        except KeyError:
            return
        run.stopped = run.stopped or seen.nodes > 1 or self.kind.retries
        for pod in () if waits else seen.running:
            path = self.api.place("pods", str(pod["metadata"]["name"]))
            with suppress(KeyError):
                self.api.patch(path, {"spec": {"activeDeadlineSeconds": 1}}, action)

    def look(self, run: Run) -> Seen:
        """The Job and the newest pod of each node, also after some unanswered attempts. Raises ``JobLost``."""
        name = run.task.name
        for attempt in range(ATTEMPTS):
            try:
                job = self.api.get(self.api.place(self.kind.plural, name))
                selector = self.kind.selector(name)
                pods = self.api.get(self.api.place("pods"), labelSelector=selector).get("items") or ()
            except KeyError:
                raise errors.JobLost(engine=self.name, id=name) from None
            except errors.KubernetesUnreachable:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(min(PAUSE * 2**attempt, SECONDS))
                continue
            return see(job, self.kind.pods(pods), run.task.resources.nodes)
        raise AssertionError

    def events(self, task: Task) -> list[states.Document]:
        """What the cluster says about a Job, the newest first."""
        selector = f"involvedObject.kind=Job,involvedObject.name={self.kind.job_of_pods(task.name)}"
        try:
            found = self.api.get(self.api.place("events"), fieldSelector=selector).get("items") or []
        except (KeyError, errors.KubernetesForbidden):
            return []
        return list(reversed(found))

    def finish(self, run: Run, seen: Seen) -> Iterator[Update]:
        """Outputs, then the end."""
        from jupyter_mlpack.engines.artefact import fetch_artefact
        from jupyter_mlpack.engines.shared import fetch_folder

        end = seen.end()
        if seen.nodes > 1 and end.state is JobState.FAILED and seen.failed:
            yield LogChunk(told_of_node(seen))
        run.task.output.mkdir(parents=True, exist_ok=True)
        try:
            if self.options.get("volume"):
                left = fetch_folder(Path(str(self.options.get("folder", ""))) / run.task.name, run.task.output)
            else:
                left = fetch_artefact(artefact_of(run.task), run.task.output, bool(self.options.get("insecure")))
            for name in left:
                yield LogChunk(f"[mlpack] not brought back, it is no file or leads out of the folder: {name}\n")
        except errors.OutputsNotDelivered as error:
            # A job that never ran, or was killed, could not deliver: its own end says more.
            if end.state is JobState.SUCCEEDED:
                end = StateChange(JobState.FAILED, end.exit_status, error)
        run.end = end

    def login(self, task: Task) -> str:
        """``user:password`` with which the pod pushes its outputs; empty where nobody asks for one."""
        from jupyter_mlpack.oci.credentials import stored_credential

        if self.options.get("volume"):
            return ""
        place = parse_reference(task.reference)
        found = stored_credential(place.registry, place.repository)
        return f"{found.username}:{found.password}" if found and found.password else ""

    def know(self, task: Task, mark: str = "") -> Handle:
        """The handle of a job, whose log was told up to ``mark``."""
        self.runs[task.name] = Run(task, Place.at(mark), self.kind.logs(task, mark))
        return Handle(self.name, task.name)

    def find(self, handle: Handle) -> Run:
        """The job behind a handle. Raises ``JobLost``."""
        run = self.runs.get(handle.id)
        if run is None:
            raise errors.JobLost(engine=self.name, id=handle.id)
        return run


def patience_with(waiting: states.Waiting, patience: int) -> float | None:
    """Seconds that a reason may last; ``None`` for ever."""
    if not waiting.may_pass:
        return 0
    if isinstance(waiting.failure, errors.PodImageNotPulled | errors.PodNotStarted):
        return min(PULLING, patience or PULLING)
    return patience or None


def told_of_node(seen: Seen) -> str:
    """The line that says which node failed first."""
    node = seen.failed[0]
    code = status(seen.pods[node])
    ended = "was taken away" if code is None else f"ended with status {code}"
    return f"[mlpack] node {node} of {seen.nodes} {ended} first, so that all others were ended.\n"


def check_wish(task: Task) -> None:
    """Raises for what a pod elsewhere cannot have, and for an image that it cannot pull."""
    if task.mounts:
        raise errors.KubernetesCannotServe(wish=f"the folder {task.mounts[0].source}")
    if task.listen:
        raise errors.KubernetesCannotServe(wish=f"the port {task.listen[1]}")
    if not task.reference:
        raise errors.KubernetesNeedsReference(image=task.image)
