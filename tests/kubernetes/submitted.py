"""The kubernetes engine over a cluster of this machine, used as ``submit`` uses it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cluster import Cluster, running_cluster, why_not

from jupyter_mlpack.engines.engine import Handle, Request
from jupyter_mlpack.engines.kubernetes import KubernetesEngine
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.registry import push_image
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.values import Task

VOLUME = "outputs"
NOWHERE = "localhost:1/none@sha256:" + 64 * "0"


class Submitted(KubernetesEngine):
    """With what the core adds to a task: a name that nobody else has, and the image in a registry."""

    references: Mapping[str, str] = {}

    def prepare(self, task: Task) -> Request:
        unique = hashlib.sha256(f"{task.output}{task.arguments}".encode()).hexdigest()[:18]
        name = task.name if task.name.startswith("mlpack-") else f"mlpack-{unique}"
        reference = task.reference or self.references.get(task.image, NOWHERE)
        return super().prepare(replace(task, name=name, reference=reference))


def push_all(store: Store, host: str) -> dict[str, str]:
    """Every image of a store in the registry; its name there by digest."""
    access = Access(insecure_hosts=frozenset([host]))
    pushed = {}
    for image in store.images():
        place = parse_reference(f"{host}/{image.name}")
        pushed[image.name] = f"{place.name}@{push_image(store, image, place, access=access)}"
    return pushed


@contextlib.contextmanager
def cluster_with_volume() -> Iterator[Cluster]:
    """The cluster, and in it the claim of a volume that is a folder of this machine. Skips where it cannot run."""
    binary = os.environ.get("MLPACK_NODE", "")
    if not binary:
        pytest.skip("NOT TESTED: no Kubernetes node (tests/kubernetes/node/install builds it; MLPACK_NODE names it)")
    problem = why_not()
    if problem:
        pytest.skip(f"NOT TESTED: no Kubernetes node, {problem}")
    with running_cluster(Path(binary)) as cluster:
        folder = cluster.folder / "volumes" / VOLUME
        folder.mkdir()
        folder.chmod(0o777)
        for path, document in claim(VOLUME, folder):
            answer = cluster.ask("POST", path, document)
            assert answer.status_code == 201, answer.text
        yield cluster


def claim(name: str, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A volume that is a folder of this machine, and the claim that gets it."""
    shared = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    size = {"storage": "1Gi"}
    volume = {**shared, "capacity": size, "hostPath": {"path": str(folder)}}
    wish = {**shared, "volumeName": name, "resources": {"requests": size}}
    for path, kind, spec in (
        ("/api/v1/persistentvolumes", "PersistentVolume", volume),
        ("/api/v1/namespaces/default/persistentvolumeclaims", "PersistentVolumeClaim", wish),
    ):
        yield path, {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


@contextlib.contextmanager
def engine_over(cluster: Cluster, store: Store, host: str, **options: Any) -> Iterator[Submitted]:
    """An engine whose jobs are removed at the end. ``host`` is a registry that the cluster reaches."""
    cluster.trust_registry(host)
    places = {"kubeconfig": str(cluster.kubeconfig), "volume": VOLUME, "folder": f"{cluster.folder}/volumes/{VOLUME}"}
    engine = Submitted(store, grace=2, options={**places, **options})
    engine.references = push_all(store, host)
    yield engine
    for id in engine.runs:
        engine.release(Handle(engine.name, id))
