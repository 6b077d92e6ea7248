"""A task in the words of Docker's engine: what it may do, how much it gets, and where it finds data."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from jupyter_mlpack import errors
from jupyter_mlpack.engines import docker_client
from jupyter_mlpack.engines.docker_client import asking
from jupyter_mlpack.engines.engine import OUTPUT
from jupyter_mlpack.events import Emit
from jupyter_mlpack.inspection.hardware.images import hardware_images
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Json, Resources, Task

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "org.jupyter-mlpack.job"
OWN = "mlpack-"
"""How the names of submitted jobs begin; others (``train``) are not unique."""

SECONDS = "MLPACK_SECONDS"
TMP = "rw,exec,nosuid,nodev,mode=1777"
SHARED_MEMORY = 1 << 30
"""Bytes of /dev/shm at most; Docker's own 64 MiB is too little for the worker processes of data loaders."""

NANO = 10**9
AMD = ("/dev/kfd", "/dev/dri")
"""What a container needs of AMD's driver; groups of the host own them."""

OPTIONS: Mapping[str, tuple[type, str]] = {
    **docker_client.OPTIONS,
    "volumes": (dict, 'volumes of that engine by name, and where jobs see them: {"datasets": "/data:ro"}'),
    "network": (str, "a network of that engine, by name"),
    "gpu_requests": (
        str,
        "how GPUs are asked for: request (Docker with NVIDIA's toolkit) or cdi (Podman, newer Docker)",
    ),
    "log_driver": (str, "the engine's log driver for jobs; json-file: all of the log is kept until it was fetched"),
}


def make_request(task: Task, options: Mapping[str, Any]) -> dict[str, Json]:
    """What the container is created with, in the SDK's words, but for image and environment."""
    made: dict[str, Json] = {
        "cap_drop": ["ALL"],
        "init": True,
        "labels": {LABEL: task.name},
        "read_only": True,
        "security_opt": ["no-new-privileges"],
        "shm_size": SHARED_MEMORY,
        "tmpfs": {"/tmp": TMP},
        "volumes": [OUTPUT, *named_volumes(options)],
    }
    if task.name.startswith(OWN):
        # The daemon has each name once: whoever comes second is told that the job is there.
        made["name"] = task.name
        # A daemon's default may throw away what nobody has read yet.
        made["log_config"] = {"type": str(options.get("log_driver") or "json-file"), "config": {}}
    if options.get("network"):
        made["network"] = str(options["network"])
    if task.listen:
        host, port = task.listen
        made["ports"] = {f"{port}/tcp": [host, port]}
    return made | limits(task.resources) | gpus(task.resources, str(options.get("gpu_requests") or "request"))


def named_volumes(options: Mapping[str, Any]) -> list[Json]:
    """``name:/path[:ro]`` for each volume of the target."""
    return [f"{name}:{place}" for name, place in sorted(dict(options.get("volumes") or {}).items())]


def limits(wished: Resources) -> dict[str, Json]:
    """Cores and memory; what the job does not get is not lent from the swap."""
    made: dict[str, Json] = {}
    if wished.cpus:
        made["nano_cpus"] = round(wished.cpus * NANO)
    if wished.memory:
        made |= {"mem_limit": wished.memory, "memswap_limit": wished.memory}
    return made


def gpus(wished: Resources, asked: str) -> dict[str, Json]:
    """GPUs: AMD's as devices; others as a request to the engine, or by their CDI names."""
    if not wished.gpus:
        return {}
    row = hardware_images().get(wished.accelerator)
    if (row.kind if row else wished.accelerator) == "rocm":
        return {"devices": [f"{path}:{path}:rwm" for path in AMD], "group_add": ["video", "render"]}
    if asked == "cdi":
        names = [f"nvidia.com/gpu={number}" for number in range(wished.gpus)]
        return {"device_requests": [{"Driver": "cdi", "DeviceIDs": cast(Json, names)}]}
    return {"device_requests": [{"Driver": "nvidia", "Count": wished.gpus, "Capabilities": [["gpu"]]}]}


def time_limit(task: Task) -> dict[str, str]:
    """What tells the train process when to end by itself: the engine knows no limit, and perhaps nobody follows."""
    return {SECONDS: str(task.resources.seconds)} if task.resources.seconds else {}


def create_options(request: Mapping[str, Any], task: Task, image: StoredImage) -> dict[str, Any]:
    """The request's words as the SDK takes them, with what the image and the task's secrets add."""
    from docker.types import LogConfig, Mount

    options = dict(request)
    user = image.config.user
    options["user"] = "1000:1000" if user.partition(":")[0] in ("", "root", "0") else user
    options["environment"] = {**dict(task.environment), **dict(task.secrets), **time_limit(task)}
    if task.listen:
        options["environment"]["PORT"] = str(task.listen[1])
        options["ports"] = {name: tuple(place) for name, place in options["ports"].items()}
    if "log_config" in options:
        options["log_config"] = LogConfig(**options["log_config"])
    if task.mounts:
        options["mounts"] = [
            Mount(mount.target, str(mount.source.absolute()), type="bind", read_only=not mount.writable)
            for mount in task.mounts
        ]
    return options


def bring_image(client: DockerClient, store: Store, image: StoredImage, emit: Emit) -> str:
    """What the daemon calls the image: its id, or the name under which it was loaded now."""
    from docker.errors import ImageNotFound

    from jupyter_mlpack.oci.daemon import load_image

    identity = image.manifest.config.digest
    # A daemon with the containerd store calls the image by its manifest's digest, others by the configuration's.
    for name in (identity, image.descriptor.digest):
        with contextlib.suppress(ImageNotFound):
            return str(client.images.get(name).id)
    name = f"mlpack-run:{identity.partition(':')[2][:12]}"
    load_image(store, image, name, emit, client)
    return name


def pull_image(client: DockerClient, reference: str) -> str:
    """The image of a registry in the daemon, by its digest. Raises ``DockerRefused``, ``DockerLost``."""
    from docker.errors import ImageNotFound, NotFound

    try:
        with asking("pull the image"), contextlib.suppress(ImageNotFound):
            return str(client.images.get(reference).id)
        with asking("pull the image"):
            return str(client.images.pull(reference).id)
    except NotFound as error:
        raise errors.DockerRefused(action="pull the image", reason=str(error.explanation)) from error
