"""An inference image as a Deployment and a Service, or as KServe's InferenceService. Pure: what is asked, as data.

Probes ask our server's own routes: ``/ready`` is 200 once the model is loaded, ``/live`` while the process runs. After
SIGTERM the server answers new requests for ``LINGER`` seconds, as long as nodes may still send some, then ends those
that it has: so no hook before the end is needed, for which the image would need a program.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

from jupyter_mlpack.engines.engine import SECRET
from jupyter_mlpack.engines.kubernetes_job import MANAGER, PREDICTOR, SERVICE, closed, frame, limits
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.masking import HIDDEN
from jupyter_mlpack.values import Json, Resources

OURS = "jupyter-mlpack"
KIND, NAME, OWNER = "app.kubernetes.io/name", "app.kubernetes.io/instance", "org.jupyter-mlpack.owner"
IMAGE = "org.jupyter-mlpack.image"
"""Annotation: the name that the image has in its store."""

MODE = "serving.kserve.io/deploymentMode"
"""Annotation: KServe makes a plain Deployment of it; Knative would refuse parts of our pod."""

KSERVE = "kserve"
PORT, OUTSIDE = 8080, 80
"""Where the container listens, and the Service."""

LOADING = 1800
"""Seconds that a model may take to load before its container is started anew."""

LINGER, DRAIN, REST = 5.0, 25.0, 5.0
"""Seconds after SIGTERM: requests are still taken; those being answered may take so long; and until SIGKILL then."""

Options = Mapping[str, Any]
Document = dict[str, Json]


@dataclass(frozen=True)
class Claim:
    """A folder of a PersistentVolumeClaim (empty: all of it), and the absolute path at which pods read it."""

    name: str
    folder: str
    path: str


@dataclass(frozen=True)
class Wanted:
    """A service as it shall be. ``owner`` is a label's value, ``reference`` the image by digest in its registry.

    ``replicas`` zero: as many as there are, of a new one one. ``secrets`` are names and values.
    """

    name: str
    owner: str
    image: str
    reference: str
    replicas: int = 0
    resources: Resources = field(default_factory=Resources)
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False, hash=False)
    claims: tuple[Claim, ...] = ()


def deployment_of(wanted: Wanted, options: Options, secret: str) -> Document:
    """The Deployment; ``secret`` is what its Secret is called. Old pods answer until new ones do."""
    deadline = int(options.get("patience") or 0) or LOADING
    spec: Document = {
        "minReadySeconds": 0,
        "progressDeadlineSeconds": deadline + 60,
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": cast(Json, selector(wanted.name))},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": cast(Json, labels(wanted))}, "spec": pod_of(wanted, options, secret)},
    }
    if wanted.replicas:
        spec["replicas"] = wanted.replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(wanted), "spec": spec}


def service_of(wanted: Wanted) -> Document:
    """The address within the cluster. Only ready pods are behind it."""
    spec: Document = {
        "type": "ClusterIP",
        "selector": cast(Json, selector(wanted.name)),
        "ports": [{"name": "http", "port": OUTSIDE, "targetPort": "http", "protocol": "TCP"}],
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(wanted), "spec": spec}


def inference_of(wanted: Wanted, options: Options, secret: str) -> Document:
    """The same pod as KServe's custom predictor. KServe makes Deployment and Service of it."""
    predictor = pod_of(wanted, options, secret, PREDICTOR)
    if wanted.replicas:
        predictor |= {"minReplicas": wanted.replicas, "maxReplicas": wanted.replicas}
    about = metadata(wanted)
    cast(dict[str, Json], about["annotations"])[MODE] = "RawDeployment"
    spec: Document = {"predictor": predictor}
    return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": about, "spec": spec}


def secrets_of(wanted: Wanted, name: str) -> Document:
    """The Secret. Its name is new when a value is, so that pods of an earlier deployment keep theirs."""
    about = {**metadata(wanted), "name": name}
    values: Document = dict(wanted.secrets)
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": about, "stringData": values}


def printable(document: Document) -> Document:
    """The same with stars for secrets, also for variables whose names look like some."""
    shown = copy.deepcopy(document)
    for name in cast(dict[str, Json], shown.get("stringData") or {}):
        cast(dict[str, Json], shown["stringData"])[name] = HIDDEN
    for container in cast(list[Any], (pod_within(shown) or {}).get("containers", ())):
        for variable in container["env"]:
            if SECRET.search(variable["name"]):
                variable["value"] = HIDDEN
    return shown


def pod_within(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The pod's specification in a Deployment or an InferenceService; nothing in others."""
    spec = document.get("spec") or {}
    found = spec.get("predictor") or (spec.get("template") or {}).get("spec")
    return cast(dict[str, Any], found) if found else None


# --- steps --------------------------------------------------------------------------------------------------------


def selector(name: str) -> dict[str, str]:
    """Which pods are meant. It cannot be changed later."""
    return {KIND: "mlpack-service", NAME: name}


def labels(wanted: Wanted) -> dict[str, str]:
    """By what objects are found again."""
    return {MANAGER: OURS, **selector(wanted.name), **({OWNER: wanted.owner} if wanted.owner else {})}


def metadata(wanted: Wanted) -> Document:
    """Name, labels, and which image it is."""
    return {"name": wanted.name, "labels": cast(Json, labels(wanted)), "annotations": {IMAGE: wanted.image}}


def pod_of(wanted: Wanted, options: Options, secret: str, name: str = SERVICE) -> Document:
    """The pod: as a job's, with a container that goes on."""
    environment = {"MLPACK_LINGER": f"{LINGER:g}", "PORT": str(PORT), **dict(wanted.variables)}
    container = container_of(wanted, options, environment, name)
    if wanted.secrets:
        container["envFrom"] = [{"secretRef": {"name": secret}}]
    pod = frame(container, options, grace(environment))
    folders: list[Json] = [{"name": "tmp", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory"}}]
    for number, claim in enumerate(claim_names(wanted)):
        source: Json = {"claimName": claim, "readOnly": True}
        folders.append({"name": f"claim-{number}", "persistentVolumeClaim": source})
    return {**pod, "volumes": folders}


def container_of(wanted: Wanted, options: Options, environment: Mapping[str, str], name: str) -> Document:
    """The container: closed but for ``/tmp`` and ``/dev/shm``; claims are read-only."""
    resources: dict[str, Json] = {**limits(wanted.resources, options)}
    mounts: list[Json] = [{"name": "tmp", "mountPath": "/tmp"}, {"name": "memory", "mountPath": "/dev/shm"}]
    for claim in wanted.claims:
        mount: Document = {"name": f"claim-{claim_names(wanted).index(claim.name)}", "mountPath": claim.path}
        mounts.append({**mount, "readOnly": True, **({"subPath": claim.folder} if claim.folder else {})})
    port = number_of(environment, "PORT", PORT)
    return {
        "name": name,
        "image": wanted.reference,
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "ports": [{"name": "http", "containerPort": int(port), "protocol": "TCP"}],
        "resources": {"limits": dict(resources), "requests": dict(resources)},
        "securityContext": closed(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
        "startupProbe": {**asked("/ready"), "periodSeconds": 1, "failureThreshold": LOADING},
        "readinessProbe": {**asked("/ready"), "periodSeconds": 5, "failureThreshold": 2},
        # A function that computes holds Python's lock, so an answer may take long without anything being wrong.
        "livenessProbe": {**asked("/live"), "periodSeconds": 10, "failureThreshold": 12},
    }


def asked(path: str) -> Document:
    """A probe of a route."""
    return {"httpGet": {"path": path, "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 5}


def claim_names(wanted: Wanted) -> list[str]:
    """Each claim once: several folders of it may be read."""
    return list(dict.fromkeys(claim.name for claim in wanted.claims))


def grace(environment: Mapping[str, str]) -> float:
    """Seconds from SIGTERM to SIGKILL, by what the server is told."""
    linger = number_of(environment, "MLPACK_LINGER", LINGER)
    return linger + number_of(environment, "MLPACK_DRAIN", DRAIN) + REST


def number_of(environment: Mapping[str, str], name: str, usual: float) -> float:
    """A variable that is a number; what is none, the server refuses when it starts."""
    word = environment.get(name, "")
    try:
        return max(0.0, float(word))
    except ValueError:
        return usual
