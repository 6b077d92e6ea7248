"""One job on several nodes: its request and its pods as data, and two pods of it on a true node."""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines import kubernetes_state as states
from jupyter_mlpack.engines.docker_log import Place
from jupyter_mlpack.engines.engine import LogChunk, StateChange, Update
from jupyter_mlpack.engines.kubernetes import KubernetesEngine
from jupyter_mlpack.engines.kubernetes_job import INDEX, job_of, meeting_of, said_to, world_of
from jupyter_mlpack.engines.kubernetes_log import NodesLog, fresh
from jupyter_mlpack.engines.kubernetes_nodes import Seen, see
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.ledger import new_id
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.submission.submitting import task_name
from jupyter_mlpack.values import JobState, Resources, Task

TWO = Resources(nodes=2)


def task(output: Path, mode: str, **changes: Any) -> Task:
    output.mkdir(exist_ok=True)
    name = f"mlpack-test-{uuid.uuid4().hex[:18]}"
    return replace(Task(name, "test/train:1", ("-p", f"mode={json.dumps(mode)}"), (), output), **changes)


def text(updates: list[Update]) -> str:
    return "".join(update.text for update in updates if isinstance(update, LogChunk))


def again(engine: Any, store: Store, **options: Any) -> KubernetesEngine:
    """The engine of another process."""
    return KubernetesEngine(store, grace=2, options={**engine.options, **options})


def pod(state: dict[str, Any], **status: Any) -> dict[str, Any]:
    found = {"containerStatuses": [{"name": "job", "state": state}], "conditions": [], **status}
    return {"metadata": {"name": "j-x"}, "spec": {"containers": [{"image": "reg/a@sha256:1"}]}, "status": found}


HELD = {"metadata": {"name": "j"}, "spec": {}, "status": {}}
TAKEN_BACK = {"metadata": {"annotations": {states.CANCELLED: "1"}}, "spec": {"suspend": True}}
RUNS = pod({"running": {}})
COMES = pod({"waiting": {"reason": "ContainerCreating"}})


def over(code: int, second: int = 0, **more: Any) -> dict[str, Any]:
    ended = {"exitCode": code, "reason": "Error", "finishedAt": f"2026-01-01T00:00:{second:02}Z"}
    return pod({"terminated": ended}, **more)


def seen(first: dict[str, Any] | None, second: dict[str, Any] | None, job: dict[str, Any] = HELD) -> Seen:
    return Seen(job, {node: found for node, found in enumerate((first, second)) if found}, 2)


def asked(**changes: Any) -> Task:
    plain = Task("mlpack-a-1", "a", (), (), Path("/o"), reference="reg/a@sha256:1", resources=TWO)
    return replace(plain, **changes)


# --- the request --------------------------------------------------------------------------------------------------


def test_job_of__several_nodes__an_index_each_and_names_to_meet_by() -> None:
    spec: Any = job_of(asked(), {}, 10)["spec"]
    assert (spec["completions"], spec["parallelism"], spec["completionMode"]) == (2, 2, "Indexed")
    assert spec["backoffLimitPerIndex"] == 0
    service: Any = meeting_of(asked())
    assert spec["template"]["spec"]["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None"


def test_job_of__one_node__knows_nothing_of_others() -> None:
    job = repr(job_of(asked(resources=Resources()), {}, 10))
    assert "Indexed" not in job
    assert "PET_" not in job
    assert "subdomain" not in job


@pytest.mark.parametrize(
    ("changes", "processes"),
    [
        ({}, "1"),
        ({"resources": Resources(nodes=2, gpus=4, accelerator="cuda12")}, "4"),
        ({"resources": Resources(nodes=2, gpus=4, accelerator="tpu")}, "1"),
        ({"resources": Resources(nodes=2, gpus=4, accelerator="cuda12"),
          "environment": (("MLPACK_PROCESSES", "2"),)}, "2"),
    ],
    ids=["no GPU", "a process each", "one process for all", "as wished"],
)  # fmt: skip
def test_world_of__gpus_of_a_node__are_processes(changes: dict[str, Any], processes: str) -> None:
    world = {entry["name"]: entry.get("value") for entry in world_of(asked(**changes))}
    assert world["PET_NPROC_PER_NODE"] == processes
    assert world["PET_MASTER_ADDR"] == "mlpack-a-1-0.mlpack-a-1"


def test_said_to__variable_of_the_user__is_there_once() -> None:
    said: Any = said_to(asked(environment=(("PET_MASTER_PORT", "1234"),)), {}, 10)
    assert [entry["value"] for entry in said["env"] if entry["name"] == "PET_MASTER_PORT"] == ["1234"]


# --- what pods say ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "begun", "over_now", "state", "status"),
    [
        (seen(RUNS, COMES), False, False, None, None),
        (seen(RUNS, None), False, False, None, None),
        (seen(RUNS, RUNS), True, False, None, None),
        (seen(over(0), RUNS), True, False, None, None),
        (seen(RUNS, over(3)), True, False, None, None),
        (seen(over(0, 2), over(0, 1)), True, True, JobState.SUCCEEDED, 0),
        (seen(over(143, 9, reason="DeadlineExceeded"), over(3, 7)), True, True, JobState.FAILED, 3),
        (seen(over(143, 7, reason="DeadlineExceeded"), over(3, 7)), True, True, JobState.FAILED, 3),
        (seen(over(0, 5), over(1, 9)), True, True, JobState.FAILED, 1),
        (seen(over(143), None, TAKEN_BACK), True, True, JobState.CANCELLED, 143),
        (seen(None, None, TAKEN_BACK), False, True, JobState.CANCELLED, None),
        (seen(RUNS, None, TAKEN_BACK), False, False, None, None),
    ],
    ids=[
        "one comes", "one is not made", "both run", "first is ready", "second failed", "done", "second failed first",
        "in the same second", "only second failed", "cancelled", "cancelled while it waited", "still ending",
    ],
)  # fmt: skip
def test_seen__two_pods__are_one_job(
    found: Seen, *, begun: bool, over_now: bool, state: JobState | None, status: int | None
) -> None:
    assert (found.has_begun, found.has_ended) == (begun, over_now)
    if state:
        assert (found.end().state, found.end().exit_status) == (state, status)


def test_see__a_node_was_started_again__its_newest_pod_counts() -> None:
    pods = []
    for number, (node, second) in enumerate(((1, 2), (0, 1), (1, 1))):
        about = {"name": str(number), "labels": {INDEX: str(node)}, "creationTimestamp": f"2026-01-01T00:00:0{second}Z"}
        pods.append({**RUNS, "metadata": about})
    assert {node: found["metadata"]["name"] for node, found in see(HELD, pods, 2).pods.items()} == {0: "1", 1: "0"}


# --- the log ------------------------------------------------------------------------------------------------------


class Said:
    """What the pods of a job have said: of each its lines up to now, as an API server gives them."""

    def __init__(self, *logs: list[str]) -> None:
        self.logs = {f"j-{node}": log for node, log in enumerate(logs)}

    def log(self, pod: str, **query: str) -> Any:
        since = query.get("sinceTime", "")[:19]
        lines = [line for line in self.logs[pod] if line[:19] >= since]
        return contextlib.nullcontext([f"{line}\n".encode() for line in lines])


def pods_of(said: Said, state: dict[str, Any]) -> dict[int, Any]:
    return {node: {**pod(state), "metadata": {"name": name}} for node, name in enumerate(said.logs)}


SAID = (
    ["2026-01-01T00:00:01.1Z a", "2026-01-01T00:00:03.1Z b", "2026-01-01T00:00:03.2Z b"],
    ["2026-01-01T00:00:01.0Z A", "2026-01-01T00:00:02.1Z B", "2026-01-01T00:00:03.0Z C"],
)
WHOLE = ["a", "[node 1] A", "[node 1] B", "b", "b", "[node 1] C"]


def test_nodes_log__read_whole__is_in_the_order_of_seconds_and_nodes() -> None:
    said = Said(*SAID)
    chunks = list(NodesLog.at("", 2).read(said, pods_of(said, {"terminated": {"exitCode": 0}})))  # type: ignore[arg-type]
    assert "".join(chunk.text for chunk in chunks).splitlines() == WHOLE


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_nodes_log__read_on_from_any_mark__nothing_is_missing_or_doubled(count: int) -> None:
    said = Said(*SAID)
    ends = pods_of(said, {"terminated": {"exitCode": 0}})
    first = list(NodesLog.at("", 2).read(said, ends))[:count]  # type: ignore[arg-type]
    rest = NodesLog.at(first[-1].mark if first else "", 2).read(said, ends)  # type: ignore[arg-type]
    assert "".join(chunk.text for chunk in (*first, *rest)).splitlines() == WHOLE


def test_nodes_log__node_cannot_read_it_just_now__is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    said, paused = Said(["failed to try resolving symlinks in path: no such file"], list(SAID[1])), []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        said.logs["j-0"] = list(SAID[0])

    monkeypatch.setattr("time.sleep", pause)
    chunks = list(NodesLog.at("", 2).read(said, pods_of(said, {"terminated": {"exitCode": 0}})))  # type: ignore[arg-type]
    assert "".join(chunk.text for chunk in chunks).splitlines() == WHOLE
    assert len(paused) == 1


def test_fresh__words_of_the_node_itself__are_no_log() -> None:
    lines = [b"unable to retrieve container logs for containerd://0", b"", b"2026-01-01T00:00:01.1Z a"]
    assert fresh(lines, Place()) == "a\n"


def test_nodes_log__a_node_is_late__its_lines_come_before_those_that_were_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = Said(list(SAID[0]), [])
    runs, log, now = pods_of(said, {"running": {}}), NodesLog.at("", 2), [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    assert not list(log.read(said, runs))  # type: ignore[arg-type]
    said.logs["j-1"] += SAID[1]
    now[0] += 1
    assert not list(log.read(said, runs))  # type: ignore[arg-type]
    now[0] += 9
    assert "".join(chunk.text for chunk in log.read(said, runs)).splitlines() == WHOLE  # type: ignore[arg-type]


# --- on a true node -----------------------------------------------------------------------------------------------


def of_node(updates: list[Update], node: int) -> list[str]:
    """What one of two nodes said."""
    prefix, lines = "[node 1] ", text(updates).splitlines()
    if node:
        return [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
    return [line for line in lines if not line.startswith((prefix, "[mlpack] node"))]


@pytest.mark.kubernetes
def test_follow__two_nodes__know_each_other_and_bring_their_outputs(
    kubernetes_engine: Any, store: Store, cluster: Any, tmp_path: Path
) -> None:
    request = kubernetes_engine.prepare(task(tmp_path, "nodes", resources=TWO))
    name = request.task.name
    handle = kubernetes_engine.start(request)
    service = cluster.ask("GET", f"/api/v1/namespaces/default/services/{name}").json()
    assert service["spec"]["clusterIP"] == "None"
    updates = list(kubernetes_engine.follow(handle))
    assert updates[-1] == StateChange(JobState.SUCCEEDED, 0)
    assert [update for update in updates if isinstance(update, StateChange)][-2:] == [
        StateChange(JobState.RUNNING), StateChange(JobState.SUCCEEDED, 0),
    ]  # fmt: skip
    for node in (0, 1):
        lines = of_node(updates, node)
        assert f"at {name}-{node}" in lines
        assert {
            "env PET_NNODES=2", "env PET_NPROC_PER_NODE=1", f"env PET_NODE_RANK={node}",
            f"env PET_MASTER_ADDR={name}-0.{name}", "env PET_MASTER_PORT=29500",
        } <= set(lines)  # fmt: skip
        assert [line for line in lines if line.startswith("line")] == [f"line {number}" for number in range(1, 7)]
    assert (tmp_path / "w.bin").read_text() == "of 0\n"
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    found = cluster.ask("GET", f"{slices}?labelSelector=kubernetes.io/service-name={name}").json()["items"]
    assert found, "the headless Service has its slice"
    marks = [update.mark for update in updates if isinstance(update, LogChunk) and update.mark]
    for mark in ("", *marks):
        other = again(kubernetes_engine, store)
        attached = other.attach(request.task, mark)
        assert attached is not None
        at = marks.index(mark) + 1 if mark else 0
        assert text(list(other.follow(attached.handle))) == text(updates[1:][at:])
    kubernetes_engine.release(handle)
    assert again(kubernetes_engine, store).attach(request.task) is None
    for kind in ("services", "secrets"):
        assert cluster.ask("GET", f"/api/v1/namespaces/default/{kind}/{name}").status_code == 404


@pytest.mark.kubernetes
def test_follow__two_nodes__meet_by_the_name_that_they_are_given(kubernetes_engine: Any, tmp_path: Path) -> None:
    request = kubernetes_engine.prepare(task(tmp_path, "meet", resources=TWO))
    handle = kubernetes_engine.start(request)
    updates = list(kubernetes_engine.follow(handle))
    assert updates[-1] == StateChange(JobState.SUCCEEDED, 0)
    assert "met node 1" in of_node(updates, 0)
    kubernetes_engine.release(handle)


@pytest.mark.kubernetes
@pytest.mark.parametrize("failing", [0, 1])
def test_follow__one_of_two_nodes_fails__its_status_is_the_job_s_and_the_other_is_ended(
    kubernetes_engine: Any, store: Store, tmp_path: Path, failing: int
) -> None:
    environment = (("FAILING", str(failing)),)
    request = kubernetes_engine.prepare(task(tmp_path, "nodes", resources=TWO, environment=environment))
    updates = list(kubernetes_engine.follow(kubernetes_engine.start(request)))
    assert updates[-1] == StateChange(JobState.FAILED, 3)
    assert f"[mlpack] node {failing} of 2 ended with status 3 first" in text(updates)
    assert of_node(updates, 1 - failing)[-1] == "terminated"
    other = again(kubernetes_engine, store)
    attached = other.attach(request.task)
    assert attached is not None
    later = list(other.follow(attached.handle))
    assert (text(later), later[-1]) == (text(updates), updates[-1])


@pytest.mark.kubernetes
def test_cancel__two_nodes_run__both_are_ended_and_their_logs_stay(
    kubernetes_engine: Any, store: Store, tmp_path: Path
) -> None:
    request = kubernetes_engine.prepare(task(tmp_path, "wait", resources=TWO))
    handle = kubernetes_engine.start(request)
    updates: list[Update] = []
    following = kubernetes_engine.follow(handle)
    while not ("waiting" in of_node(updates, 0) and "waiting" in of_node(updates, 1)):
        updates.append(next(following))
    other = again(kubernetes_engine, store)
    attached = other.attach(request.task)
    assert attached is not None
    other.cancel(attached.handle)
    other.cancel(attached.handle)
    updates += following
    assert updates[-1] == StateChange(JobState.CANCELLED, 143)
    for node in (0, 1):
        assert of_node(updates, node)[-1] == "terminated"


@pytest.mark.kubernetes
def test_follow__only_one_of_two_nodes_has_room__waits_with_a_sentence_and_is_given_up(
    kubernetes_engine: Any, store: Store, cluster: Any, tmp_path: Path
) -> None:
    node = cluster.ask("GET", "/api/v1/nodes").json()["items"][0]["status"]["allocatable"]["cpu"]
    share = int(node) * 0.7
    request = kubernetes_engine.prepare(task(tmp_path, "wait", resources=Resources(nodes=2, cpus=share)))
    engine = again(kubernetes_engine, store, patience=3)
    updates = list(engine.follow(engine.start(request)))
    reasons = [update.reason for update in updates if isinstance(update, StateChange) and update.reason]
    assert any(re.search("No node has room yet: .*Insufficient cpu", reason) for reason in reasons)
    end: Any = updates[-1]
    assert (end.state, type(end.failure)) == (JobState.FAILED, errors.PodNotPlaced)
    engine.release(engine.attach(request.task).handle)  # type: ignore[union-attr]


@pytest.mark.kubernetes
def test_follow__the_quota_has_room_for_one_of_two_nodes__waits_with_a_sentence_and_is_given_up(
    kubernetes_engine: Any, store: Store, full_namespace: str, tmp_path: Path
) -> None:
    asked = kubernetes_engine.prepare(task(tmp_path, "wait", resources=Resources(nodes=2, cpus=0.4))).task
    engine = again(kubernetes_engine, store, patience=5, namespace=full_namespace, volume="")
    request = engine.prepare(asked)
    updates = list(engine.follow(engine.start(request)))
    reasons = [update.reason for update in updates if isinstance(update, StateChange) and update.reason]
    assert any("exceeded quota: small" in reason for reason in reasons)
    end: Any = updates[-1]
    assert (end.state, type(end.failure)) == (JobState.FAILED, errors.PodOverQuota)
    engine.release(engine.attach(request.task).handle)  # type: ignore[union-attr]


@pytest.mark.kubernetes
def test_follow__a_pod_of_two_is_deleted__says_so(kubernetes_engine: Any, cluster: Any, tmp_path: Path) -> None:
    request = kubernetes_engine.prepare(task(tmp_path, "wait", resources=TWO))
    following = kubernetes_engine.follow(kubernetes_engine.start(request))
    updates: list[Update] = []
    while not ("waiting" in of_node(updates, 0) and "waiting" in of_node(updates, 1)):
        updates.append(next(following))
    selector = f"batch.kubernetes.io/job-name={request.task.name},{INDEX}=1"
    path = "/api/v1/namespaces/default/pods"
    names = [
        found["metadata"]["name"] for found in cluster.ask("GET", f"{path}?labelSelector={selector}").json()["items"]
    ]
    assert cluster.ask("DELETE", f"{path}/{names[0]}").status_code == 200
    updates += following
    end: Any = updates[-1]
    assert end.state is JobState.FAILED


def test_task_name__longest_user_and_many_nodes__a_pod_s_name_is_a_label_of_dns() -> None:
    assert len(f"{task_name('a' * 60, new_id(2e9))}-999") <= 63
