"""What a Job, its pod and its events say: whether it waits and why, and how it ended. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import StateChange, end_state
from jupyter_mlpack.engines.kubernetes_job import CONTAINERS, QUEUE
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.values import JobState

CANCELLED = "org.jupyter-mlpack.cancelled"
"""Annotation of a Job whose end was asked for."""

GIVEN_UP = "org.jupyter-mlpack.given-up"
"""Annotation of a Job that was taken back because waiting had not helped: code and reason of the error."""

ENDED = "org.jupyter-mlpack.ended"
"""Annotation of a TrainJob of which a node failed: the exit status. It is suspended then, and its pods go."""

UNPULLED = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
UNSTARTED = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError")
DISRUPTED = ("DisruptionTarget",)

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Waiting:
    """Why a job does not run yet: a sentence, the error that it becomes, and whether waiting may well help."""

    reason: str
    failure: errors.EngineError
    may_pass: bool = True


def is_cancelled(job: Document) -> bool:
    """Whether somebody asked for its end."""
    return CANCELLED in (job["metadata"].get("annotations") or {})


def is_taken_back(job: Document) -> bool:
    """Whether it is suspended because we do not want it any more."""
    notes = job["metadata"].get("annotations") or {}
    return bool(job["spec"].get("suspend")) and any(note in notes for note in (CANCELLED, GIVEN_UP, ENDED))


def has_ended(job: Document, pod: Document | None) -> bool:
    """Whether the cluster does nothing for it any more."""
    if pod is None:
        return is_taken_back(job) or is_final(job)
    return is_final(job) or is_over(pod)


def is_final(job: Document) -> bool:
    """Whether the cluster calls it complete or failed."""
    return any(word["type"] in ("Complete", "Failed") and word["status"] == "True" for word in conditions(job))


def has_run(pod: Document) -> bool:
    """Whether the container was started: then there is a log."""
    state = state_of(pod)
    return "running" in state or "terminated" in state


def is_over(pod: Document) -> bool:
    """Whether the container has ended, or never will start."""
    state = state_of(pod)
    return "terminated" in state or ("running" not in state and phase(pod) in ("Succeeded", "Failed"))


def why_waiting(job: Document, pod: Document | None, events: Iterable[Document], patience: int) -> Waiting | None:
    """What keeps a job from running that a person should know; ``None`` while all goes its way."""
    if pod is None:
        return held_back(job, events, patience)
    image = str(pod["spec"]["containers"][0].get("image", ""))
    waiting = state_of(pod).get("waiting") or {}
    word, said = str(waiting.get("reason", "")), sentence(str(waiting.get("message", "")))
    if word in UNPULLED:
        failure: errors.EngineError = errors.PodImageNotPulled(image=image, reason=said or f"{word}.")
        sure = word in ("InvalidImageName", "ErrImageNeverPull")
        return Waiting(f"The node cannot pull the image: {said or word}", failure, may_pass=not sure)
    if word in UNSTARTED and "secret" not in said:
        return Waiting(f"The node cannot start the container: {said}", errors.PodNotStarted(reason=said or f"{word}."))
    for condition in conditions(pod):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            said = sentence(str(condition.get("message", "")))
            return Waiting(f"No node has room yet: {said}", errors.PodNotPlaced(seconds=patience, reason=said))
    return None


def held_back(job: Document, events: Iterable[Document], patience: int) -> Waiting | None:
    """Why there is no pod: a queue holds the job, or the namespace's quota."""
    if job["spec"].get("suspend"):
        queue = (job["metadata"].get("labels") or {}).get(QUEUE, "")
        said = f"It waits in the queue {queue}." if queue else "It was suspended on the cluster."
        return Waiting(said, errors.PodNotPlaced(seconds=patience, reason=said))
    for event in events:
        if event.get("reason") != "FailedCreate":
            continue
        said = sentence(str(event.get("message", "")))
        if "exceeded quota" in said or "must specify" in said:
            failure: errors.EngineError = errors.PodOverQuota(seconds=patience, reason=said)
            return Waiting(f"The namespace's quota is used up: {said}", failure)
        return Waiting(f"The cluster refuses the pod: {said}", errors.PodNotStarted(reason=said), may_pass=False)
    return None


def how_ended(job: Document, pod: Document | None) -> StateChange:
    """The terminal state of a job that has ended, by what its pod and the job itself say."""
    cancelled = is_cancelled(job)
    ended = state_of(pod).get("terminated") if pod else None
    if ended is None:
        if cancelled:
            return StateChange(JobState.CANCELLED)
        return StateChange(JobState.FAILED, None, without_status(job, pod))
    status = int(ended["exitCode"])
    if cancelled or not status:
        return end_state(status, cancelled and status != 0, errors.JobKilled())
    failure = why_failed(job, pod or {}, ended)
    return StateChange(JobState.FAILED, status, failure) if failure else end_state(status, False, errors.JobKilled())


def why_failed(job: Document, pod: Document, ended: Document) -> errors.EngineError | None:
    """What the cluster knows of a process that ended with an error; ``None`` when that is the process's own."""
    word = str(ended.get("reason", ""))
    if word == "OOMKilled":
        return errors.OutOfMemory()
    if word in ("StartError", "ContainerCannotRun"):
        return errors.PodNotStarted(reason=sentence(str(ended.get("message") or word)))
    if reason_of(pod) == "DeadlineExceeded":
        return errors.JobTimeUp(seconds=deadline(job))
    return without_status(job, pod) if reason_of(pod) == "Evicted" or was_disrupted(pod) else None


def without_status(job: Document, pod: Document | None) -> errors.EngineError:
    """Why there is no exit status of the job's own."""
    if GIVEN_UP in (job["metadata"].get("annotations") or {}):
        return read_failure(job)
    if (pod is not None and reason_of(pod) == "DeadlineExceeded") or was_late(job):
        return errors.JobTimeUp(seconds=deadline(job))
    said = sentence(str((pod or {}).get("status", {}).get("message") or ""))
    if pod is None:
        told = [sentence(str(word.get("message", ""))) for word in conditions(job) if word["type"] == "Failed"]
        return errors.PodVanished(reason=told[0] if told else "")
    if reason_of(pod) == "Evicted" or was_disrupted(pod):
        disrupted = [sentence(str(word.get("message", ""))) for word in conditions(pod) if word["type"] in DISRUPTED]
        return errors.PodEvicted(reason=said or (disrupted or [""])[0])
    if container(pod):
        return errors.PodVanished(reason=said)
    return errors.PodNotStarted(reason=said or sentence(reason_of(pod)))


def note_failure(failure: errors.EngineError) -> str:
    """What ``read_failure`` reads."""
    return json.dumps({"code": failure.code, "facts": {name: str(fact) for name, fact in failure.data.items()}})


def read_failure(job: Document) -> errors.EngineError:
    """Why a job was taken back, by its annotation."""
    try:
        note = json.loads(job["metadata"]["annotations"][GIVEN_UP])
        known = {kind.code: kind for kind in (errors.PodImageNotPulled, errors.PodNotPlaced, errors.PodOverQuota)}
        return known[note["code"]](**note["facts"])
    except (KeyError, ValueError, TypeError):
        return errors.PodNotStarted(reason="")


def was_disrupted(pod: Document | None) -> bool:
    """Whether the cluster took the node away: preempted, drained, lost."""
    return any(word["type"] in DISRUPTED and word["status"] == "True" for word in conditions(pod or {}))


def deadline(job: Document) -> int:
    """Seconds that the job was given; zero for no limit."""
    own = job["spec"].get("template", {}).get("spec", {}).get("activeDeadlineSeconds")
    return int(own or job["spec"].get("activeDeadlineSeconds") or 0)


def was_late(job: Document) -> bool:
    """Whether the cluster ended a TrainJob for its time."""
    failed = (word for word in conditions(job) if word["type"] == "Failed" and word["status"] == "True")
    return any(word.get("reason") == "DeadlineExceeded" for word in failed)


def state_of(pod: Document) -> Document:
    """How the container is: one of ``waiting``, ``running``, ``terminated``; empty where nobody knows.

    Of a container that never was, or that is gone with its node, the cluster says that it was killed.
    """
    state: Document = container(pod).get("state") or {}
    return {} if (state.get("terminated") or {}).get("reason") == "ContainerStatusUnknown" else state


def container(pod: Document) -> Document:
    """The status of our own container, beside those that a mesh may add; empty while there is none."""
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    return next((status for status in statuses if status["name"] in CONTAINERS), {})


def conditions(document: Document) -> list[Document]:
    """The conditions of a Job or a pod."""
    return list((document.get("status") or {}).get("conditions") or ())


def phase(pod: Document) -> str:
    """``Pending``, ``Running``, ``Succeeded``, ``Failed``."""
    return str((pod.get("status") or {}).get("phase", ""))


def reason_of(pod: Document) -> str:
    """Why the kubelet ended a pod: ``Evicted``, ``DeadlineExceeded``."""
    return str((pod.get("status") or {}).get("reason") or "")


def sentence(text: str) -> str:
    """One line with a full stop."""
    line = " ".join(text.split())
    return f"{line}." if line and not line.endswith((".", "!", "?")) else line
