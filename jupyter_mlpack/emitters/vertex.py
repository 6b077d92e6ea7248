"""Vertex AI's ``CustomJob``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mlpack.emitters.given import needed
from jupyter_mlpack.values import Json, Task

OPTIONS: dict[str, tuple[type, str]] = {
    "machine_type": (str, "what it runs on, e.g. g2-standard-4"),
    "accelerator_type": (str, "the GPUs of that machine, e.g. NVIDIA_L4"),
    "output": (str, "where model and outputs go, e.g. gs://bucket/folder"),
    "service_account": (str, "e-mail of the account as which it runs"),
    "disk": (int, "GB of its disk (default: 100)"),
}
SEND = "POST https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION/customJobs"
SECRETS = "Vertex takes no secrets by name: let the service account read them, or add them to env yourself"


def custom_job(task: Task, options: Mapping[str, Any]) -> dict[str, Json]:
    """The request's body. The image's own entry point trains; outputs go below the output directory.

    Raises ``EmitterOptionMissing``.
    """
    machine: dict[str, Json] = {"machineType": needed("Vertex", options, "machine_type", "g2-standard-4")}
    if task.resources.gpus:
        machine["acceleratorType"] = needed("Vertex", options, "accelerator_type", "NVIDIA_L4")
        machine["acceleratorCount"] = task.resources.gpus
    container: dict[str, Json] = {"imageUri": task.reference or task.image, "args": list(task.arguments)}
    if task.environment:
        container["env"] = [{"name": name, "value": value} for name, value in task.environment]
    disk: dict[str, Json] = {"bootDiskType": "pd-ssd", "bootDiskSizeGb": int(options.get("disk", 100))}
    spec: dict[str, Json] = {
        "workerPoolSpecs": pools(machine, container, disk, task.resources.nodes),
        "baseOutputDirectory": {"outputUriPrefix": needed("Vertex", options, "output", "gs://bucket/folder")},
    }
    if task.resources.seconds:
        spec["scheduling"] = {"timeout": f"{task.resources.seconds}s"}
    if options.get("service_account"):
        spec["serviceAccount"] = str(options["service_account"])
    return {"displayName": task.name, "labels": {"mlpack-job": task.name}, "jobSpec": spec}


def pools(machine: dict[str, Json], container: dict[str, Json], disk: dict[str, Json], nodes: int) -> list[Json]:
    """The chief is a pool of its own; the others are one more."""
    counts = (1, nodes - 1) if nodes > 1 else (1,)
    return [
        {"machineSpec": dict(machine), "replicaCount": count, "containerSpec": dict(container), "diskSpec": dict(disk)}
        for count in counts
    ]
