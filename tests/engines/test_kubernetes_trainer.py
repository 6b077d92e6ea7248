"""Jobs as TrainJobs of Kubeflow Trainer: the request as data, held to the true definitions, and their pods followed."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trainer import TRAIN_JOBS, Controllers, teach, trainer_source

from jupyter_mlpack.engines import kubernetes_state as states
from jupyter_mlpack.engines.engine import Handle, LogChunk, StateChange, Update
from jupyter_mlpack.engines.kubernetes import KubernetesEngine
from jupyter_mlpack.engines.kubernetes_nodes import Seen
from jupyter_mlpack.engines.kubernetes_trainer import one_attempt, patched_pod, train_job_of, trainer_of
from jupyter_mlpack.errors import JobTimeUp
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Resources, Task

OPTIONS = {"trainer": "torch-distributed"}
TWO = Resources(nodes=2)


def task(output: Path, mode: str = "nodes", **changes: Any) -> Task:
    output.mkdir(exist_ok=True)
    name = f"mlpack-test-{uuid.uuid4().hex[:18]}"
    made = Task(name, "test/train:1", ("-p", f"mode={json.dumps(mode)}"), (), output, reference="reg/a@sha256:1")
    return replace(made, **changes)


def text(updates: list[Update]) -> str:
    return "".join(update.text for update in updates if isinstance(update, LogChunk))


# --- the request --------------------------------------------------------------------------------------------------


def test_train_job_of__wishes__stand_where_trainer_has_them(tmp_path: Path) -> None:
    wished = Resources(nodes=3, gpus=4, cpus=2, memory=1 << 30, seconds=60, accelerator="cuda12")
    options = {**OPTIONS, "queue": "team", "pull_secret": "login", "nodes_with": {"zone": "a"}}
    job: Any = train_job_of(task(tmp_path, resources=wished), options, 120)
    trainer = job["spec"]["trainer"]
    assert job["spec"]["runtimeRef"] == {"name": "torch-distributed"}
    assert (trainer["numNodes"], trainer["numProcPerNode"], trainer["image"]) == (3, 4, "reg/a@sha256:1")
    assert trainer["resourcesPerNode"]["limits"] == {"cpu": "2000m", "memory": str(1 << 30), "nvidia.com/gpu": "4"}
    assert job["spec"]["activeDeadlineSeconds"] == 60
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "team"
    pod = patched_pod(job)
    assert pod["imagePullSecrets"] == [{"name": "login"}]
    assert pod["nodeSelector"] == {"zone": "a"}
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]


def test_train_job_of__no_gpu__is_one_process_and_not_one_for_each_core(tmp_path: Path) -> None:
    job: Any = train_job_of(task(tmp_path, resources=Resources(cpus=8)), OPTIONS, 120)
    assert job["spec"]["trainer"]["numProcPerNode"] == 1


def test_trainer_of__secrets__are_named_and_reserved_variables_are_left_out(tmp_path: Path) -> None:
    asked = task(tmp_path, resources=TWO, secrets=(("TOKEN", "hunter2"),), environment=(("A", "1"),))
    said: Any = trainer_of(asked, OPTIONS, 120, login=True)
    assert "hunter2" not in repr((said, train_job_of(asked, OPTIONS, 120)))
    found = {entry["name"]: entry for entry in said["env"]}
    assert found["TOKEN"]["valueFrom"] == {"secretKeyRef": {"name": asked.name, "key": "TOKEN"}}
    assert "MLPACK_DELIVER_LOGIN" in found
    assert found["A"]["value"] == "1"
    assert not [name for name in found if name.startswith("PET_")]


# --- what it says -------------------------------------------------------------------------------------------------


def train_job(notes: dict[str, str] | None = None, *conditions: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"annotations": notes or {}}, "spec": spec, "status": {"conditions": list(conditions)}}


LATE = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"}
DONE = {"type": "Complete", "status": "True", "reason": "JobsCompleted", "message": ""}


@pytest.mark.parametrize(
    ("job", "state", "status", "failure"),
    [
        (train_job({states.ENDED: "3"}, suspend=True), JobState.FAILED, 3, None),
        (train_job({states.ENDED: "3", states.CANCELLED: "1"}, suspend=True), JobState.CANCELLED, None, None),
        (train_job(None, LATE, activeDeadlineSeconds=60), JobState.FAILED, None, JobTimeUp),
    ],
    ids=["a node failed", "cancelled", "time"],
)
def test_end__pods_are_gone__the_train_job_still_says_how_it_ended(
    job: dict[str, Any], state: JobState, status: int | None, failure: type | None
) -> None:
    seen = Seen(job, {}, 2)
    assert seen.has_ended
    assert (seen.end().state, seen.end().exit_status) == (state, status)
    assert type(seen.end().failure) is (failure or type(None))


def test_one_attempt__container_was_started_again__is_its_first_end() -> None:
    before = {"exitCode": 3, "finishedAt": "2026-01-01T00:00:00Z"}
    status = {"name": "node", "state": {"running": {}}, "lastState": {"terminated": before}, "restartCount": 1}
    found = one_attempt({"metadata": {}, "status": {"containerStatuses": [status]}})
    assert states.is_over(found)
    assert states.state_of(found)["terminated"] == before


# --- on a true API server -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trainer_engine(
    kubernetes_engine: Any, cluster: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KubernetesEngine]:
    refused = type(kubernetes_engine)(kubernetes_engine.store, options={**kubernetes_engine.options, **OPTIONS}).probe()
    assert not refused.available
    assert "does not know TrainJobs" in refused.reason
    teach(cluster, trainer_source(tmp_path_factory.mktemp("go")))
    engine = type(kubernetes_engine)(kubernetes_engine.store, grace=2, options={**kubernetes_engine.options, **OPTIONS})
    engine.references = kubernetes_engine.references
    assert engine.probe().available
    with Controllers(cluster):
        yield engine
    for id in engine.runs:
        with contextlib.suppress(Exception):
            engine.release(Handle(engine.name, id))


def again(engine: KubernetesEngine) -> KubernetesEngine:
    return KubernetesEngine(engine.store, grace=2, options=engine.options)


@pytest.mark.kubernetes
def test_start__every_wish__is_what_the_definition_of_a_train_job_has(
    trainer_engine: Any, cluster: Any, tmp_path: Path
) -> None:
    wished = Resources(nodes=2, gpus=1, cpus=1, memory=1 << 28, seconds=900, accelerator="cuda12")
    options = {
        **trainer_engine.options, "queue": "team", "pull_secret": "login", "nodes_with": {"zone": "a"},
        "service_account": "default", "tolerations": [{"key": "a", "operator": "Exists"}],
    }  # fmt: skip
    engine = type(trainer_engine)(trainer_engine.store, grace=2, options=options)
    engine.references = trainer_engine.references
    request = engine.prepare(task(tmp_path, reference="", resources=wished, secrets=(("TOKEN", "hunter2"),)))
    engine.start(request)
    found = cluster.ask("GET", f"{TRAIN_JOBS}/{request.task.name}").json()
    engine.release(Handle("kubernetes", request.task.name))
    asked = {key: found[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": request.task.name}}
    answer = cluster.ask("POST", f"{TRAIN_JOBS}?dryRun=All&fieldValidation=Strict", {**dict(request.options)})
    assert answer.status_code in (201, 409), answer.text
    asked["metadata"]["name"] = "again"
    assert cluster.ask("POST", f"{TRAIN_JOBS}?dryRun=All&fieldValidation=Strict", asked).status_code == 201
    assert found["spec"]["trainer"]["command"] == ["/cnb/process/train"]
    asked["spec"]["trainer"]["envFrom"] = []
    refused = cluster.ask("POST", f"{TRAIN_JOBS}?dryRun=All&fieldValidation=Strict", asked)
    assert refused.status_code == 400, "a field that TrainJobs do not have is seen"


@pytest.mark.kubernetes
@pytest.mark.parametrize("nodes", [1, 2])
def test_follow__train_job__log_outputs_and_end(
    trainer_engine: Any, store: Store, cluster: Any, tmp_path: Path, nodes: int
) -> None:
    asked = task(tmp_path, reference="", resources=Resources(nodes=nodes), secrets=(("TOKEN", "hunter2"),))
    request = trainer_engine.prepare(asked)
    handle = trainer_engine.start(request)
    assert trainer_engine.start(request) == handle
    updates = list(trainer_engine.follow(handle))
    assert updates[-1] == StateChange(JobState.SUCCEEDED, 0)
    for node in range(nodes):
        prefix = f"[node {node}] " if node else ""
        assert f"{prefix}env PET_NODE_RANK={node}\n" in text(updates)
    assert (tmp_path / "w.bin").read_text() == "of 0\n"
    other = again(trainer_engine)
    found = other.attach(replace(request.task, secrets=(("TOKEN", ""),)))
    assert found is not None
    assert found.secrets == (("TOKEN", "hunter2"),)
    assert text(list(other.follow(found.handle))) == text(updates)
    other.release(found.handle)
    assert again(trainer_engine).attach(request.task) is None
    assert cluster.ask("GET", f"/api/v1/namespaces/default/secrets/{request.task.name}").status_code == 404
    del store


@pytest.mark.kubernetes
@pytest.mark.parametrize(("nodes", "failing"), [(1, 0), (2, 1)])
def test_follow__node_of_a_train_job_fails__is_not_run_again(
    trainer_engine: Any, tmp_path: Path, *, nodes: int, failing: int
) -> None:
    environment = (("FAILING", str(failing)),)
    asked = task(tmp_path, reference="", resources=Resources(nodes=nodes), environment=environment)
    request = trainer_engine.prepare(asked)
    updates = list(trainer_engine.follow(trainer_engine.start(request)))
    assert updates[-1] == StateChange(JobState.FAILED, 3)
    lines = text(updates).splitlines()
    prefix = f"[node {failing}] " if failing else ""
    assert lines.count(f"{prefix}line 6") == 1
    other = again(trainer_engine)
    found = other.attach(request.task)
    assert found is not None
    assert list(other.follow(found.handle))[-1] == updates[-1]


@pytest.mark.kubernetes
def test_cancel__train_job_of_two_nodes__is_cancelled_also_for_who_looks_later(
    trainer_engine: Any, tmp_path: Path
) -> None:
    request = trainer_engine.prepare(task(tmp_path, "wait", reference="", resources=TWO))
    handle = trainer_engine.start(request)
    following, updates = trainer_engine.follow(handle), list[Update]()
    while text(updates).count("waiting") < 2:
        updates.append(next(following))
    trainer_engine.cancel(handle)
    trainer_engine.cancel(handle)
    updates += following
    assert updates[-1].state is JobState.CANCELLED  # type: ignore[union-attr]
    other = again(trainer_engine)
    found = other.attach(request.task)
    assert found is not None
    assert list(other.follow(found.handle))[-1].state is JobState.CANCELLED  # type: ignore[union-attr]
