"""What a Job and its pod say, as states and sentences: rows of documents as clusters give them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines import kubernetes_state as states
from jupyter_mlpack.engines.kubernetes_job import job_of, limits, secret_of
from jupyter_mlpack.values import JobState, Resources, Task

BACK_OFF = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
NO_ROOM = {
    "type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
}  # fmt: skip
QUOTA = {"reason": "FailedCreate", "message": 'pods "x" is forbidden: exceeded quota: team, requested: cpu=2'}
POLICY = {"reason": "FailedCreate", "message": 'pods "x" is forbidden: violates PodSecurity "restricted"'}


def job(notes: dict[str, str] | None = None, queue: str = "", **spec: Any) -> dict[str, Any]:
    labels = {"kueue.x-k8s.io/queue-name": queue} if queue else {}
    return {"metadata": {"name": "j", "annotations": notes or {}, "labels": labels}, "spec": spec, "status": {}}


def pod(state: dict[str, Any] | None = None, *conditions: dict[str, Any], **status: Any) -> dict[str, Any]:
    own = [{"name": "job", "state": state}] if state else []
    found = {"containerStatuses": own, "conditions": list(conditions), **status}
    return {"metadata": {"name": "j-x"}, "spec": {"containers": [{"image": "reg/a@sha256:1"}]}, "status": found}


def ended(code: int, reason: str = "Error", **more: Any) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason, **more}}


@pytest.mark.parametrize(
    ("held", "found", "events", "failure", "said"),
    [
        (job(), pod({"waiting": BACK_OFF}), [], errors.PodImageNotPulled, "cannot pull the image: Back-off"),
        (job(), pod(None, NO_ROOM), [], errors.PodNotPlaced, "No node has room yet: 0/1 nodes"),
        (job(), None, [QUOTA], errors.PodOverQuota, "quota is used up: .*exceeded quota"),
        (job(), None, [POLICY], errors.PodNotStarted, "refuses the pod: .*PodSecurity"),
        (job(suspend=True, queue="team"), None, [], errors.PodNotPlaced, "in the queue team"),
        (job(), pod({"waiting": {"reason": "CreateContainerError", "message": "no such volume"}}), [],
         errors.PodNotStarted, "cannot start the container: no such volume"),
    ],
    ids=["image", "no room", "quota", "policy", "queue", "container"],
)  # fmt: skip
def test_why_waiting__something_keeps_it__is_a_sentence(
    held: dict[str, Any], found: dict[str, Any] | None, events: list[dict[str, Any]], failure: type, said: str
) -> None:
    waiting = states.why_waiting(held, found, events, 60)
    assert waiting is not None
    assert isinstance(waiting.failure, failure)
    assert re.search(said, waiting.reason)
    assert waiting.reason.endswith(".")


@pytest.mark.parametrize(
    "found", [None, pod({"waiting": {"reason": "ContainerCreating"}}), pod({"running": {}})],
    ids=["no pod yet", "being made", "runs"],
)  # fmt: skip
def test_why_waiting__all_goes_its_way__nothing_is_said(found: dict[str, Any] | None) -> None:
    assert states.why_waiting(job(), found, [], 0) is None


DISRUPTED = {"type": "DisruptionTarget", "status": "True", "message": "preempted by a higher priority"}
IN_TIME = job(template={"spec": {"activeDeadlineSeconds": 60}})
CANCELLED = {states.CANCELLED: "1"}


@pytest.mark.parametrize(
    ("held", "found", "state", "status", "failure"),
    [
        (job(), pod(ended(0, "Completed")), JobState.SUCCEEDED, 0, None),
        (job(), pod(ended(1)), JobState.FAILED, 1, None),
        (job(), pod(ended(137)), JobState.FAILED, 137, errors.JobKilled),
        (job(), pod(ended(137, "OOMKilled")), JobState.FAILED, 137, errors.OutOfMemory),
        (job(), pod(ended(128, "StartError", message="exec format error")), JobState.FAILED, 128, errors.PodNotStarted),
        (IN_TIME, pod(ended(143), reason="DeadlineExceeded"), JobState.FAILED, 143, errors.JobTimeUp),
        (job(), pod(None, reason="Evicted", message="The node was low on memory"), JobState.FAILED, None,
         errors.PodEvicted),
        (job(), pod(ended(137), DISRUPTED), JobState.FAILED, 137, errors.PodEvicted),
        (job(), None, JobState.FAILED, None, errors.PodVanished),
        (job(), pod(ended(137, "ContainerStatusUnknown"), phase="Failed"), JobState.FAILED, None, errors.PodVanished),
        (job(CANCELLED), pod(ended(143)), JobState.CANCELLED, 143, None),
        (job(CANCELLED), pod(ended(0, "Completed")), JobState.SUCCEEDED, 0, None),
        (job(CANCELLED, suspend=True), None, JobState.CANCELLED, None, None),
    ],
    ids=[
        "done", "failed", "killed", "memory", "other processor", "time", "evicted", "preempted", "deleted", "lost",
        "cancelled", "cancelled too late", "cancelled while it waited",
    ],
)  # fmt: skip
def test_how_ended__what_pod_and_job_say__is_the_true_reason(
    held: dict[str, Any], found: dict[str, Any] | None, state: JobState, status: int | None, failure: type | None
) -> None:
    end = states.how_ended(held, found)
    assert (end.state, end.exit_status) == (state, status)
    assert type(end.failure) is (failure or type(None))


def test_read_failure__job_was_given_up__says_the_same_to_whoever_looks_later() -> None:
    failure = errors.PodNotPlaced(seconds=60, reason="0/1 nodes are available.")
    later = states.how_ended(job({states.GIVEN_UP: states.note_failure(failure)}, suspend=True), None)
    assert isinstance(later.failure, errors.PodNotPlaced)
    assert later.failure.sentence("why") == "0/1 nodes are available."


@pytest.mark.parametrize(
    ("wished", "options", "found"),
    [
        (Resources(), {}, {}),
        (Resources(cpus=1.5, memory=2_000_000_000), {}, {"cpu": "1500m", "memory": "2000000000"}),
        (Resources(gpus=2, accelerator="rocm"), {}, {"amd.com/gpu": "2"}),
        (Resources(gpus=1), {"gpu_resource": "nvidia.com/mig-1g.5gb"}, {"nvidia.com/mig-1g.5gb": "1"}),
    ],
    ids=["none", "cpu and memory", "of the table", "named by the target"],
)
def test_limits__wishes__in_the_words_of_kubernetes(
    wished: Resources, options: dict[str, str], found: dict[str, str]
) -> None:
    assert limits(wished, options) == found


def test_job_of__secrets__are_in_the_secret_and_not_in_the_job(tmp_path) -> None:
    task = Task("mlpack-a-1", "a", (), (), tmp_path, secrets=(("TOKEN", "hunter2"),), reference="reg/a@sha256:1")
    assert "hunter2" not in repr(job_of(task, {"queue": "team"}, 10))
    assert secret_of(task, "me:pw")["data"] == {"TOKEN": "aHVudGVyMg==", "MLPACK_DELIVER_LOGIN": "bWU6cHc="}
