"""A task as a ``batch/v1`` Job and a Secret. Pure: what is asked of the cluster, as data."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, cast

from jupyter_mlpack.engines.engine import OUTPUT
from jupyter_mlpack.inspection.hardware.images import hardware_images
from jupyter_mlpack.values import Json, Resources, Task

MANAGER = "app.kubernetes.io/managed-by"
QUEUE = "kueue.x-k8s.io/queue-name"
CONTAINER, SERVICE, PREDICTOR, NODE = "job", "service", "kserve-container", "node"
CONTAINERS = (CONTAINER, SERVICE, PREDICTOR, NODE)
"""What our container is called in a pod: of a job, of a service, under KServe and Kubeflow Trainer as these want it."""

KEPT = 7 * 86_400
"""Seconds for which the cluster keeps a job that nobody asks for."""

STOPPING = 25.0
"""Seconds of the grace for the notebook's own handler of SIGTERM; the rest is for what it wrote."""

DELIVER, DELIVER_PLAIN, DELIVER_LOGIN = "MLPACK_DELIVER", "MLPACK_DELIVER_PLAIN", "MLPACK_DELIVER_LOGIN"
"""Variables of the train process: where its outputs go, whether without TLS, and ``user:password`` there."""

PORT = "29500"
"""Where the first of several nodes listens for the others: torchrun's own habit."""

INDEX = "batch.kubernetes.io/job-completion-index"
"""Annotation of a pod, and label: which node of its job it is."""

PROCESS_EACH = ("cuda", "rocm")
"""Kinds of accelerators of which each has a process of its own, as torchrun does it."""

GPU = "nvidia.com/gpu"
"""What is asked for where the table of accelerators does not say what it is called."""

Options = Mapping[str, Any]


def job_of(task: Task, options: Options, grace: float) -> dict[str, Json]:
    """The Job. Values of secrets are not in it."""
    labels = {MANAGER: "jupyter-mlpack", "app.kubernetes.io/name": "mlpack-job"}
    spec: dict[str, Json] = {
        "backoffLimit": 0,
        "completions": 1,
        "parallelism": 1,
        "ttlSecondsAfterFinished": int(options.get("keep", KEPT)),
        "template": {"metadata": {"labels": dict(labels)}, "spec": pod_of(task, options, grace)},
    }
    if task.resources.nodes > 1:
        # Each node has one attempt, and its pod stays when another fails: log and exit status of all of them are told.
        count = task.resources.nodes
        spec |= {"completions": count, "parallelism": count, "completionMode": "Indexed", "backoffLimitPerIndex": 0}
        spec["backoffLimit"] = count
    if options.get("queue"):
        labels[QUEUE] = str(options["queue"])
    metadata: dict[str, Json] = {"name": task.name, "labels": dict(labels)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def pod_of(task: Task, options: Options, grace: float) -> dict[str, Json]:
    """The pod's specification."""
    resources = limits(task.resources, options)
    spec = frame(container_of(task, options, resources), options, grace)
    spec |= {"restartPolicy": "Never", "volumes": volumes(options)}
    if task.resources.nodes > 1:
        spec["subdomain"] = task.name
    if task.resources.seconds:
        # The pod's, not the Job's, which would delete it: log and exit status stay, and waiting does not count.
        spec["activeDeadlineSeconds"] = task.resources.seconds
    return spec


def frame(container: dict[str, Json], options: Options, grace: float) -> dict[str, Json]:
    """What every pod of ours is, whatever runs in it: closed, without an account's token, where the target says."""
    resources = cast(dict[str, Any], container["resources"])["limits"]
    tolerations = [dict(entry) for entry in options.get("tolerations", ())]
    spec: dict[str, Json] = {
        "automountServiceAccountToken": False,
        "containers": [container],
        "enableServiceLinks": False,
        "securityContext": {"fsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        # The pause program is process 1 then: it reaps orphans, and signals mean to the job what they mean anywhere.
        "shareProcessNamespace": True,
        "terminationGracePeriodSeconds": math.ceil(grace),
    }
    devices = [name for name in resources if "/" in name]
    tolerations += [{"key": name, "operator": "Exists", "effect": "NoSchedule"} for name in devices]
    if tolerations:
        spec["tolerations"] = cast(Json, tolerations)
    if options.get("nodes_with"):
        spec["nodeSelector"] = {str(name): str(value) for name, value in sorted(options["nodes_with"].items())}
    if options.get("pull_secret"):
        spec["imagePullSecrets"] = [{"name": str(options["pull_secret"])}]
    if options.get("service_account"):
        spec["serviceAccountName"] = str(options["service_account"])
    if options.get("priority"):
        spec["priorityClassName"] = str(options["priority"])
    return spec


def said_to(task: Task, options: Options, grace: float) -> dict[str, Json]:
    """Arguments and environment of the container: what a person wrote into them is not for a printed request."""
    environment = {"MLPACK_STOP_SECONDS": f"{min(STOPPING, grace * 0.8):g}", **delivery(task, options)}
    environment |= dict(task.environment)
    variables: list[Json] = [{"name": name, "value": value} for name, value in environment.items()]
    own = [entry for entry in world_of(task) if entry["name"] not in environment]
    return {"args": list(task.arguments), "env": [*own, *variables]}


def world_of(task: Task) -> list[dict[str, Json]]:
    """Torchrun's variables, by which the train process knows which of several nodes it is; none for one node.

    One process for each GPU of a node, unless ``MLPACK_PROCESSES`` says otherwise. A node's number is the Job's index.
    """
    wished = task.resources
    if wished.nodes < 2:
        return []
    values = {
        "PET_NNODES": str(wished.nodes),
        "PET_NPROC_PER_NODE": processes_of(task),
        "PET_MASTER_ADDR": f"{task.name}-0.{task.name}",
        "PET_MASTER_PORT": PORT,
    }
    index: dict[str, Json] = {"fieldRef": {"fieldPath": f"metadata.annotations['{INDEX}']"}}
    entries: list[dict[str, Json]] = [{"name": name, "value": value} for name, value in values.items()]
    return [*entries, {"name": "PET_NODE_RANK", "valueFrom": index}]


def processes_of(task: Task) -> str:
    """How many processes a node has; ``MLPACK_PROCESSES`` may be ``auto``, too, which Trainer does not take."""
    wished = task.resources
    row = hardware_images().get(wished.accelerator)
    devices = wished.gpus if (row.kind if row else wished.accelerator) in PROCESS_EACH else 1
    said = dict(task.environment).get("MLPACK_PROCESSES", "")
    return said if said.isdecimal() else str(max(1, devices))


def meeting_of(task: Task) -> dict[str, Json]:
    """The Service without an address by which the nodes of a job have names; also before they are ready."""
    metadata: dict[str, Json] = {"name": task.name, "labels": {MANAGER: "jupyter-mlpack"}}
    selector: dict[str, Json] = {"batch.kubernetes.io/job-name": task.name}
    port: dict[str, Json] = {"name": "meeting", "port": int(PORT)}
    spec: dict[str, Json] = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": selector,
        "ports": [port],
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def container_of(task: Task, options: Options, resources: dict[str, str]) -> dict[str, Json]:
    """The one container: closed but for ``/tmp``, ``/dev/shm`` and ``/output``, without any capability."""
    output: dict[str, Json] = {"name": "output", "mountPath": OUTPUT}
    if options.get("volume"):
        output["subPath"] = task.name
    meeting: dict[str, Json] = {"env": cast(Json, world_of(task))} if task.resources.nodes > 1 else {}
    return {
        "name": CONTAINER,
        "image": task.reference,
        **meeting,
        "envFrom": [{"secretRef": {"name": task.name}}],
        "resources": {"limits": dict(resources), "requests": dict(resources)},
        "securityContext": closed(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "memory", "mountPath": "/dev/shm"},
            output,
        ],
    }


def closed() -> dict[str, Json]:
    """A container over a read-only root, without any capability, which it cannot gain either."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def volumes(options: Options) -> list[Json]:
    """Folders that can be written to. ``/dev/shm`` is memory, for the worker processes of data loaders."""
    output: dict[str, Json] = {"name": "output", "emptyDir": {}}
    if options.get("volume"):
        output = {"name": "output", "persistentVolumeClaim": {"claimName": str(options["volume"])}}
    return [{"name": "tmp", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory"}}, output]


def limits(wished: Resources, options: Options) -> dict[str, str]:
    """What the job gets, in Kubernetes' words; it asks for as much as it may use."""
    found = {}
    if wished.cpus:
        found["cpu"] = f"{math.ceil(wished.cpus * 1000)}m"
    if wished.memory:
        found["memory"] = str(wished.memory)
    if wished.gpus:
        row = hardware_images().get(wished.accelerator)
        known = (row.resource if row else "") or GPU
        found[str(options.get("gpu_resource") or known)] = str(wished.gpus)
    return found


def delivery(task: Task, options: Options) -> dict[str, str]:
    """Where the train process leaves its outputs; nowhere else where both sides see a volume."""
    if options.get("volume") or not task.reference:
        return {}
    return {DELIVER: artefact_of(task), **({DELIVER_PLAIN: "1"} if options.get("insecure") else {})}


def artefact_of(task: Task) -> str:
    """The tag in the image's own repository under which its outputs are pushed."""
    return f"{task.reference.partition('@')[0]}:{task.name}"


def secret_of(task: Task, login: str = "") -> dict[str, Json]:
    """The Secret of the job's name: its secret variables, and the login with which its outputs are pushed."""
    values = dict(task.secrets)
    if login:
        values[DELIVER_LOGIN] = login
    data = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    metadata = {"name": task.name, "labels": {MANAGER: "jupyter-mlpack"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": cast(Json, metadata), "type": "Opaque", "data": {**data}}


def read_secret(document: Mapping[str, Any], names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The values that a Secret has for ``names``."""
    data = document.get("data") or {}
    return tuple((name, base64.b64decode(data[name]).decode()) for name in names if name in data)
