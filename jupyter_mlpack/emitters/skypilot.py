"""A task file of SkyPilot, which runs it on the cloud, cluster or Slurm that it knows. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from jupyter_mlpack.emitters.given import gibibytes, needed
from jupyter_mlpack.values import Json, Task

OPTIONS: dict[str, tuple[type, str]] = {
    "accelerator": (str, "the GPUs as SkyPilot calls them, e.g. L4"),
    "infra": (str, "where: aws, gcp/us-central1, kubernetes/context, slurm/cluster ..."),
    "output": (str, "a bucket that becomes /output, e.g. s3://bucket/folder"),
    "spot": (bool, "whether machines may be taken away"),
}
SEND = "sky launch REQUEST.yaml"
SECRETS = "Give the values to SkyPilot when you launch it: sky launch --secret NAME ..."
TRAIN = "/cnb/process/train"


def sky_task(task: Task, options: Mapping[str, Any]) -> dict[str, Json]:
    """The task. SkyPilot runs its own commands in the image, so the training is one of them.

    Raises ``EmitterOptionMissing``.
    """
    wish = task.resources
    resources: dict[str, Json] = {"image_id": f"docker:{task.reference or task.image}"}
    if options.get("infra"):
        resources["infra"] = str(options["infra"])
    if wish.gpus:
        resources["accelerators"] = f"{needed('SkyPilot', options, 'accelerator', 'L4')}:{wish.gpus}"
    if wish.cpus:
        resources["cpus"] = f"{wish.cpus:g}+"
    if wish.memory:
        resources["memory"] = f"{gibibytes(wish.memory)}+"
    if options.get("spot"):
        resources["use_spot"] = True
    body: dict[str, Json] = {"name": task.name, "num_nodes": wish.nodes, "resources": resources}
    if task.environment:
        body["envs"] = dict(task.environment)
    if task.secrets:
        body["secrets"] = {name: None for name, _ in task.secrets}
    if options.get("output"):
        body["file_mounts"] = {"/output": {"source": str(options["output"]), "mode": "MOUNT"}}
    body["run"] = shlex.join([TRAIN, *task.arguments])
    return body


def as_yaml(body: Mapping[str, Json]) -> str:
    """The task as YAML: keys in their order, each value as JSON, which YAML reads."""
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in body.items())
