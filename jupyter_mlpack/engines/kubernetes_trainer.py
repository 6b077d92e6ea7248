"""A task as a ``TrainJob`` of Kubeflow Trainer (``trainer.kubeflow.org/v1alpha1``). Pure, as ``kubernetes_job`` is.

The runtime that the target names brings the pods, torchrun's variables and the names by which nodes find each other;
the patch says what every pod of ours is. Trainer's webhook takes variables of the training only in ``trainer.env``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

from jupyter_mlpack.engines.kubernetes_job import (
    DELIVER_LOGIN,
    MANAGER,
    NODE,
    QUEUE,
    Options,
    container_of,
    frame,
    limits,
    processes_of,
    said_to,
    volumes,
)  # fmt: skip
from jupyter_mlpack.values import Json, Task

PODS = "jobset.sigs.k8s.io/jobset-name={name},jobset.sigs.k8s.io/replicatedjob-name=node"
"""Selector of a TrainJob's nodes: Trainer calls its JobSet as the TrainJob, and the trainer's job in it ``node``."""

PATCHED = ("nodeSelector", "tolerations", "imagePullSecrets", "securityContext", "serviceAccountName", "volumes",
           "terminationGracePeriodSeconds")  # fmt: skip
"""Fields of a pod that a TrainJob may set; priority and restarts are the runtime's."""

WRITER = "jupyter-mlpack.org/engine"
"""Whose patch it is: each has one."""

Document = Mapping[str, Any]


def train_job_of(task: Task, options: Options, grace: float) -> dict[str, Json]:
    """The TrainJob. Values of secrets are not in it."""
    resources = limits(task.resources, options)
    container = container_of(task, options, resources)
    pod = {**frame(container, options, grace), "volumes": volumes(options)}
    patch: dict[str, Json] = {name: pod[name] for name in PATCHED if name in pod}
    patch["containers"] = [
        {"name": NODE, "securityContext": container["securityContext"], "volumeMounts": container["volumeMounts"]}
    ]
    trainer: dict[str, Json] = {
        "image": task.reference,
        "numNodes": task.resources.nodes,
        # Without it Trainer starts one process for each core.
        "numProcPerNode": int(processes_of(task)),
    }
    if resources:
        trainer["resourcesPerNode"] = container["resources"]
    spec: dict[str, Json] = {
        "runtimeRef": {"name": str(options["trainer"])},
        "trainer": trainer,
        "runtimePatches": [{"manager": WRITER, "trainingRuntimeSpec": nested(patch)}],
    }
    if task.resources.seconds:
        spec["activeDeadlineSeconds"] = task.resources.seconds
    labels: dict[str, Json] = {MANAGER: "jupyter-mlpack", "app.kubernetes.io/name": "mlpack-job"}
    if options.get("queue"):
        labels[QUEUE] = str(options["queue"])
    metadata: dict[str, Json] = {"name": task.name, "labels": labels}
    return {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "TrainJob", "metadata": metadata, "spec": spec}


def nested(pod: dict[str, Json]) -> dict[str, Json]:
    """A patch of a node's pod where a runtime has it."""
    job: dict[str, Json] = {"name": NODE, "template": {"spec": {"template": {"spec": pod}}}}
    return {"template": {"spec": {"replicatedJobs": [job]}}}


def patched_pod(job: dict[str, Any]) -> dict[str, Any]:
    """The pod's fields in a TrainJob of ours."""
    spec = job["spec"]["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]
    return cast(dict[str, Any], spec["replicatedJobs"][0]["template"]["spec"]["template"]["spec"])


def trainer_of(task: Task, options: Options, grace: float, login: bool) -> dict[str, Json]:
    """Arguments and environment; secrets by reference, one by one, since a patch knows no ``envFrom``."""
    said = said_to(task, options, grace)
    names = [name for name, _ in task.secrets] + [DELIVER_LOGIN] * login
    secrets: list[Json] = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": task.name, "key": name}}} for name in names
    ]
    plain = [entry for entry in cast(list[dict[str, Json]], said["env"]) if not str(entry["name"]).startswith("PET_")]
    return {"args": said["args"], "env": [*plain, *secrets]}


def one_attempt(pod: Document) -> Document:
    """A pod whose runtime starts a failed container again, as it was at the end of its first attempt.

    A notebook that failed is not run again: what it had written would be there already.
    """
    found = copy.deepcopy(dict(pod))
    for status in (found.get("status") or {}).get("containerStatuses") or ():
        before = (status.get("lastState") or {}).get("terminated")
        if status["name"] == NODE and before and status.get("restartCount"):
            status["state"] = {"terminated": before}
    return found
