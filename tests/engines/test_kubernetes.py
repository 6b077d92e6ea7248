"""What only the kubernetes engine does, on a true node: found again, given up, and why a cluster ended a job."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines import kubernetes
from jupyter_mlpack.engines.engine import Engine, Handle, LogChunk, StateChange, Update
from jupyter_mlpack.engines.kubernetes import KubernetesEngine
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Resources, Task

IMAGE = "test/train:1"
GPU = "nvidia.com/gpu"


def task(output: Path, mode: str = "plain", **changes: Any) -> Task:
    output.mkdir(exist_ok=True)
    name = f"mlpack-test-{uuid.uuid4().hex[:18]}"
    return replace(Task(name, IMAGE, ("-p", f"mode={json.dumps(mode)}"), (), output), **changes)


def text(updates: list[Update]) -> str:
    return "".join(update.text for update in updates if isinstance(update, LogChunk))


def again(engine: Any, store: Store, **options: Any) -> KubernetesEngine:
    """The engine of another process."""
    return KubernetesEngine(store, grace=2, options={**engine.options, **options})


@pytest.mark.kubernetes
def test_attach__another_process__has_the_rest_of_the_log_the_secrets_and_one_job(
    kubernetes_engine: Any, store: Store, cluster: Any, tmp_path: Path
) -> None:
    asked = task(tmp_path, "wait", secrets=(("TOKEN", "hunter2"),))
    request = kubernetes_engine.prepare(asked)
    assert kubernetes_engine.start(request) == kubernetes_engine.start(request)
    handle, first = Handle("kubernetes", asked.name), list[Update]()
    following = kubernetes_engine.follow(handle)
    while "waiting" not in text(first):
        first.append(next(following))
    following.close()
    mark = [update.mark for update in first if isinstance(update, LogChunk)][-1]
    other = again(kubernetes_engine, store)
    found = other.attach(replace(request.task, secrets=(("TOKEN", ""),)), mark)
    assert found is not None
    assert found.secrets == (("TOKEN", "hunter2"),)
    other.cancel(found.handle)
    rest = list(other.follow(found.handle))
    assert rest[-1] == StateChange(JobState.CANCELLED, 143)
    assert text(rest).splitlines() == ["terminated"]
    jobs = cluster.ask("GET", "/apis/batch/v1/namespaces/default/jobs").json()["items"]
    assert [job["metadata"]["name"] for job in jobs].count(asked.name) == 1
    third = again(kubernetes_engine, store)
    found = third.attach(request.task)
    assert found is not None
    whole = list(third.follow(found.handle))
    assert text(whole) == text(first) + text(rest)
    assert whole[-1] == rest[-1]
    third.release(found.handle)
    third.release(found.handle)
    assert again(kubernetes_engine, store).attach(request.task) is None
    assert cluster.ask("GET", f"/api/v1/namespaces/default/secrets/{asked.name}").status_code == 404


@pytest.mark.kubernetes
def test_attach__start_was_cut_off_before_the_job__its_secret_does_not_stay(
    kubernetes_engine: Any, cluster: Any, tmp_path: Path
) -> None:
    asked = task(tmp_path)
    path = "/api/v1/namespaces/default/secrets"
    assert cluster.ask("POST", path, {"metadata": {"name": asked.name}}).status_code == 201
    assert kubernetes_engine.attach(asked) is None
    assert cluster.ask("GET", f"{path}/{asked.name}").status_code == 404


@pytest.mark.kubernetes
@pytest.mark.parametrize(
    ("mode", "resources", "status", "failure"),
    [
        ("hungry", Resources(memory=48 << 20), 137, errors.OutOfMemory),
        ("wait", Resources(seconds=3), 143, errors.JobTimeUp),
    ],
    ids=["memory", "time"],
)
def test_follow__cluster_ends_the_job__says_why(
    kubernetes_engine: Any, tmp_path: Path, *, mode: str, resources: Resources, status: int, failure: type
) -> None:
    request = kubernetes_engine.prepare(task(tmp_path, mode, resources=resources))
    end = list(kubernetes_engine.follow(kubernetes_engine.start(request)))[-1]
    assert (end.state, end.exit_status, type(end.failure)) == (JobState.FAILED, status, failure)


@pytest.mark.kubernetes
def test_follow__no_node_has_a_gpu__waits_with_a_sentence_then_one_gets_it(
    kubernetes_engine: Any, cluster: Any, tmp_path: Path
) -> None:
    request = kubernetes_engine.prepare(task(tmp_path, resources=Resources(gpus=1, accelerator="cuda")))
    following = kubernetes_engine.follow(kubernetes_engine.start(request))
    waiting = next(following)
    assert isinstance(waiting, StateChange)
    assert waiting.state is JobState.QUEUED
    assert f"Insufficient {GPU}" in waiting.reason
    cluster.give_gpus(1)
    try:
        assert list(following)[-1] == StateChange(JobState.SUCCEEDED, 0)
    finally:
        cluster.give_gpus(0)


def ends_given_up(engine: Engine, request: Any) -> tuple[list[str], Any]:
    updates = list(engine.follow(engine.start(request)))
    reasons = [update.reason for update in updates if isinstance(update, StateChange) and update.reason]
    return reasons, updates[-1]


@pytest.mark.kubernetes
@pytest.mark.parametrize(
    ("changes", "failure", "said"),
    [
        ({"resources": Resources(cpus=4000)}, errors.PodNotPlaced, "Insufficient cpu"),
        ({"reference": "10.213.97.1:1/none@sha256:" + 64 * "0"}, errors.PodImageNotPulled, "10.213.97.1:1"),
    ],
    ids=["no room", "image"],
)
def test_follow__patience_is_over__fails_with_the_reason_also_for_the_next_who_looks(
    kubernetes_engine: Any, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    *, changes: dict[str, Any], failure: type, said: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(kubernetes, "PULLING", 2)
    request = kubernetes_engine.prepare(task(tmp_path, **changes))
    engine = again(kubernetes_engine, store, patience=2)
    reasons, end = ends_given_up(engine, request)
    assert reasons
    assert (end.state, end.exit_status, type(end.failure)) == (JobState.FAILED, None, failure)
    assert said in end.failure.sentence("why")
    other = again(kubernetes_engine, store)
    found = other.attach(request.task)
    assert found is not None
    last: Any = list(other.follow(found.handle))[-1]
    assert (type(last.failure), last.failure.sentence("why")) == (failure, end.failure.sentence("why"))
    other.release(found.handle)


@pytest.mark.kubernetes
def test_follow__quota_is_used_up__is_told_and_cancelled_without_having_run(
    kubernetes_engine: Any, store: Store, full_namespace: str, tmp_path: Path
) -> None:
    request = kubernetes_engine.prepare(task(tmp_path, resources=Resources(cpus=2)))
    engine = again(kubernetes_engine, store, namespace=full_namespace)
    handle = engine.start(request)
    following = engine.follow(handle)
    waiting = next(following)
    assert isinstance(waiting, StateChange)
    assert "exceeded quota: small" in waiting.reason
    engine.cancel(handle)
    assert list(following)[-1] == StateChange(JobState.CANCELLED)


@pytest.mark.kubernetes
def test_probe__user_without_the_role__says_what_is_missing(cluster: Any, store: Store) -> None:
    assert os.path.exists(cluster.guest)
    availability = KubernetesEngine(store, options={"kubeconfig": str(cluster.guest)}).probe()
    assert not availability.available
    assert "make jobs in the namespace default" in availability.reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "how to reach"),
        ('{"apiVersion": "v1", "kind": "Config", "clusters": [], "contexts": [], "users": []}', "how to reach"),
    ],
    ids=["no file", "empty"],
)
def test_probe__no_cluster__says_what_to_do(tmp_path: Path, content: str | None, said: str) -> None:
    if content:
        (tmp_path / "config").write_text(content)
    availability = KubernetesEngine(Store(tmp_path / "store"), options={"kubeconfig": f"{tmp_path}/config"}).probe()
    assert not availability.available
    assert said in availability.reason
    assert "kubectl" in availability.reason


def test_probe__nothing_answers__says_where(tmp_path: Path) -> None:
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "a", "users": [{"name": "u", "user": {}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    (tmp_path / "config").write_text(json.dumps(config))
    availability = KubernetesEngine(Store(tmp_path / "store"), options={"kubeconfig": f"{tmp_path}/config"}).probe()
    assert not availability.available
    assert "http://127.0.0.1:1" in availability.reason
