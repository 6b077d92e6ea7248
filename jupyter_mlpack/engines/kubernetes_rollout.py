"""What a Deployment or an InferenceService and its pods say: how far it is, and why it is not ready. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines import kubernetes_state as states
from jupyter_mlpack.engines.kubernetes_job import CONTAINERS, MANAGER
from jupyter_mlpack.engines.kubernetes_service import IMAGE, KIND, OURS, OUTSIDE, OWNER, pod_within
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.values import Json

REVISION, HASH = "deployment.kubernetes.io/revision", "pod-template-hash"
CRASHES = 2
"""Ends of a container after which it is not only unlucky."""

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Crash:
    """A container that ended instead of serving: how often, with which status, and what the node says of that.

    ``lines`` are its last ones, which the node keeps in the pod where it ended with an error; ``again``: it runs anew.
    """

    pod: str
    times: int
    status: int
    said: str
    lines: str = ""
    again: bool = False


@dataclass(frozen=True)
class Stage:
    """How far a service is. ``reason`` is a sentence about why it is no further; ``sure``: waiting will not help."""

    ready: int
    wanted: int
    done: bool = False
    reason: str = ""
    sure: bool = False
    crash: Crash | None = None
    unpulled: errors.EngineError | None = None


@dataclass(frozen=True)
class Deployed:
    """A service on a cluster, as ``deployments`` lists it. ``service`` is what a port can be forwarded to."""

    name: str
    kind: str
    owner: str
    image: str
    reference: str
    ready: int
    wanted: int
    namespace: str
    address: str
    service: str

    @property
    def digest(self) -> str:
        """The image's; empty for one that somebody set by a tag."""
        return self.reference.partition("@")[2]


def is_ours(document: Document) -> bool:
    """Whether we made it."""
    found = document["metadata"].get("labels") or {}
    return bool(found.get(MANAGER) == OURS and found.get(KIND) == "mlpack-service")


def owner_of(document: Document) -> str:
    """Whose it is; empty where nobody knew."""
    return str((document["metadata"].get("labels") or {}).get(OWNER, ""))


def stage_of(document: Document, sets: Iterable[Document], pods: Iterable[Document], patience: int) -> Stage:
    """How far a Deployment or an InferenceService is; ``sets`` are a Deployment's ReplicaSets."""
    if document["kind"] == "InferenceService":
        return stage_of_inference(document, list(pods), patience)
    status, wanted = document.get("status") or {}, int(document["spec"].get("replicas", 1))
    current = newest(document, sets)
    if not is_observed(document) or current is None:
        return Stage(0, wanted)
    made = [pod for pod in pods if hash_of(pod) == hash_of(current)]
    updated, available = int(status.get("updatedReplicas", 0)), int(status.get("availableReplicas", 0))
    old = int(status.get("replicas", 0)) - updated
    ready = min(updated, int((current.get("status") or {}).get("readyReplicas", 0)))
    if updated >= wanted and ready >= wanted and available >= wanted and not old:
        return Stage(ready, wanted, done=True)
    for word in states.conditions(document):
        if word["type"] == "ReplicaFailure" and word["status"] == "True":
            said = states.sentence(str(word.get("message", "")))
            passing = "exceeded quota" in said or "must specify" in said
            return Stage(ready, wanted, reason=f"The cluster refuses its pods: {said}", sure=not passing)
    left = f"{old} of an earlier deployment still end." if old > 0 and ready >= wanted else ""
    return troubled(Stage(ready, wanted, reason=left), made, patience)


def stage_of_inference(document: Document, pods: Sequence[Document], patience: int) -> Stage:
    """How far KServe is with it: it says so itself."""
    predictor = document["spec"]["predictor"]
    made = [pod for pod in pods if image_of(pod) == image_of(document)]
    ready = sum(is_ready(pod) for pod in made)
    stage = Stage(ready, int(predictor.get("minReplicas") or 1))
    for word in states.conditions(document):
        if word["type"] == "Ready" and is_observed(document):
            if word["status"] == "True":
                return Stage(ready, stage.wanted, done=True)
            said = states.sentence(str(word.get("message") or word.get("reason") or ""))
            stage = Stage(ready, stage.wanted, reason=f"KServe: {said}" if said else "")
    return troubled(stage, made, patience)


def troubled(stage: Stage, pods: Sequence[Document], patience: int) -> Stage:
    """The stage with what keeps its pods: a container that ends first, then what a person should know."""
    for crash in filter(None, map(crash_of, pods)):
        said = f"Its container ended with exit status {crash.status}{crash.said}; the node starts it again."
        return Stage(stage.ready, stage.wanted, reason=said, sure=crash.times >= CRASHES, crash=crash)
    for pod in pods:
        waiting = states.why_waiting({}, pod, (), patience)
        if waiting is not None:
            unpulled = waiting.failure if isinstance(waiting.failure, errors.PodImageNotPulled) else None
            sure = not waiting.may_pass
            return Stage(stage.ready, stage.wanted, reason=waiting.reason, sure=sure, unpulled=unpulled)
    return stage


def warning_of(events: Iterable[Document], pods: Iterable[Document]) -> str:
    """What a node says about a pod that does not come to its container: a folder, a network; no probe."""
    waiting = {str(pod["metadata"]["name"]) for pod in pods if not states.has_run(pod)}
    for event in reversed(list(events)):
        if event["involvedObject"].get("name") in waiting and event.get("reason") != "Unhealthy":
            return f"The node cannot start its pod yet: {states.sentence(str(event.get('message', '')))}"
    return ""


def crash_of(pod: Document) -> Crash | None:
    """How a pod's container ended, if it did although nobody ended the pod."""
    if pod["metadata"].get("deletionTimestamp"):
        return None
    status = states.container(pod)
    state = status.get("state") or {}
    last = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if last is None or is_ready(pod):
        return None
    said = " (it needed more memory than it was given)" if last.get("reason") == "OOMKilled" else ""
    again = "running" in state
    times = int(status.get("restartCount", 0)) + (0 if again else 1)
    lines = str(last.get("message") or "").rstrip()
    return Crash(str(pod["metadata"]["name"]), times, int(last["exitCode"]), said, lines, again)


def read_deployed(document: Document, namespace: str) -> Deployed:
    """A line of the list. Of an InferenceService KServe knows the address, once it has one."""
    about, status = document["metadata"], document.get("status") or {}
    name, kind = str(about["name"]), str(document["kind"])
    wanted, ready = int(document["spec"].get("replicas", 1)), int(status.get("readyReplicas", 0))
    address, service = f"http://{name}.{namespace}.svc", name
    if kind == "InferenceService":
        wanted = int(document["spec"]["predictor"].get("minReplicas") or 1)
        ready = wanted if stage_of_inference(document, (), 0).done else 0
        address = str((status.get("address") or {}).get("url") or status.get("url") or "")
        service = f"{name}-predictor"
    image = str((about.get("annotations") or {}).get(IMAGE, ""))
    reference = image_of(document)
    return Deployed(name, kind, owner_of(document), image, reference, ready, wanted, namespace, address, service)


def forward(deployed: Deployed, options: Mapping[str, Json]) -> str:
    """The line that brings the service to this machine, where it listens for this machine only."""
    return f"{kubectl(options)} --namespace {deployed.namespace} port-forward service/{deployed.service} 8080:{OUTSIDE}"


def kubectl(options: Mapping[str, Json]) -> str:
    """``kubectl`` for the cluster of a target."""
    words = (f" --{name} {options[name]}" for name in ("kubeconfig", "context") if options.get(name))
    return f"kubectl{''.join(words)}"


# --- small facts --------------------------------------------------------------------------------------------------


def newest(deployment: Document, sets: Iterable[Document]) -> Document | None:
    """The ReplicaSet of what is wanted now."""
    revision = (deployment["metadata"].get("annotations") or {}).get(REVISION)
    return next((one for one in sets if (one["metadata"].get("annotations") or {}).get(REVISION) == revision), None)


def is_observed(document: Document) -> bool:
    """Whether the cluster has seen the last change: before that its status is about an earlier one."""
    seen = (document.get("status") or {}).get("observedGeneration")
    return seen is not None and int(seen) >= int(document["metadata"].get("generation", 0))


def is_ready(pod: Document) -> bool:
    """Whether requests are sent to it."""
    return any(word["type"] == "Ready" and word["status"] == "True" for word in states.conditions(pod))


def hash_of(document: Document) -> str:
    """What a ReplicaSet and its pods share."""
    return str((document["metadata"].get("labels") or {}).get(HASH, ""))


def image_of(document: Document) -> str:
    """The image of a pod, a Deployment, an InferenceService."""
    pod = document["spec"] if document.get("kind") in (None, "Pod") else pod_within(document) or {}
    return next((str(one["image"]) for one in pod.get("containers", ()) if one.get("name") in CONTAINERS), "")


def secret_of(document: Document) -> str:
    """The Secret whose values its pods get; empty for none."""
    for container in (pod_within(document) or {}).get("containers", ()):
        for source in container.get("envFrom", ()):
            return str(source["secretRef"]["name"])
    return ""
