"""A task in the words of a swarm: a service whose only replica runs once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jupyter_mlpack.engines.docker_request import LABEL, NANO, SHARED_MEMORY, time_limit
from jupyter_mlpack.engines.engine import OUTPUT
from jupyter_mlpack.engines.kubernetes_job import DELIVER, DELIVER_PLAIN, artefact_of
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.values import Json, Task

GPU = "NVIDIA-GPU"


def make_request(task: Task, options: Mapping[str, Any], grace: float) -> dict[str, Json]:
    """What the service is created with, but for image, environment, secrets and user."""
    wished = task.resources
    resources: dict[str, Json] = {}
    if wished.cpus:
        resources["cpu_limit"] = resources["cpu_reservation"] = round(wished.cpus * NANO)
    if wished.memory:
        resources["mem_limit"] = resources["mem_reservation"] = wished.memory
    if wished.gpus:
        resources["generic_resources"] = {str(options.get("gpu_resource") or GPU): wished.gpus}
    return {
        "name": task.name,
        "labels": {LABEL: task.name},
        "container_labels": {LABEL: task.name},
        "constraints": [str(word) for word in options.get("constraints") or ()],
        "networks": [str(options.get("network") or "host")],
        "cap_drop": ["ALL"],
        "init": True,
        "read_only": True,
        "stop_grace_period": math.ceil(grace) * NANO,
        "restart_policy": {"condition": "none"},
        "resources": resources,
        "mounts": [
            {"target": "/tmp", "source": "", "type": "tmpfs"},
            {"target": "/dev/shm", "source": "", "type": "tmpfs", "tmpfs_size": SHARED_MEMORY},
            {"target": OUTPUT, "source": "", "type": "volume"},
            *(volume(name, str(place)) for name, place in sorted(dict(options.get("volumes") or {}).items())),
        ],
    }


def volume(name: str, place: str) -> Json:
    """A volume of the nodes, where jobs see it."""
    target, _, how = place.partition(":")
    return {"target": target, "source": name, "type": "volume", "read_only": how == "ro"}


def delivery(task: Task, options: Mapping[str, Any]) -> dict[str, str]:
    """Where the train process leaves its outputs, if they are to come through the registry."""
    if options.get("outputs") != "registry":
        return {}
    return {DELIVER: artefact_of(task), **({DELIVER_PLAIN: "1"} if options.get("insecure") else {})}


def create_options(
    request: Mapping[str, Any], task: Task, image: StoredImage, more: Mapping[str, str]
) -> dict[str, Any]:
    """The request's words as the SDK takes them, with what the image and the task's secrets add."""
    from docker.types import Mount, Resources, RestartPolicy, ServiceMode

    options = dict(request)
    user = image.config.user
    variables = {**dict(task.environment), **dict(task.secrets), **time_limit(task), **more}
    options["args"] = list(task.arguments)
    options["env"] = [f"{name}={value}" for name, value in variables.items()]
    options["user"] = "1000:1000" if user.partition(":")[0] in ("", "root", "0") else user
    options["mode"] = ServiceMode("replicated-job", replicas=1, concurrency=1)
    options["restart_policy"] = RestartPolicy(**options["restart_policy"])
    options["resources"] = Resources(**options["resources"])
    options["mounts"] = [Mount(**mount) for mount in options["mounts"]]
    return options
