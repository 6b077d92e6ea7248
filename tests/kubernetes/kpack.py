"""What kpack's controller does with a ``Build``, played with true pods: its module is not to be had here.

As in kpack's own resource definition no field is described. The pod is the one that its ``build_pod.go`` makes: the
phases are init containers in one pod, each the official program in the builder's image, and ``prepare`` before them
has fetched the source (here the player has, and the container only lists it). What its webhook refuses is refused.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

from cluster import Cluster
from watcher import Watcher, define, wait_for

from jupyter_mlpack.engines.kubernetes_api import MERGE
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.registry import pull_image
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access

BUILDS = "/apis/kpack.io/v1alpha2/namespaces/default/builds"
PODS = "/api/v1/namespaces/default/pods"
PLATFORM_API = "0.9"
"""kpack's newest."""

REFUSED = ("kubernetes.io/arch", "kubernetes.io/os")


def teach(cluster: Cluster) -> None:
    """Make Builds known to a cluster."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1alpha2", "served": True, "storage": True, "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": anything},
    }  # fmt: skip
    names = {"kind": "Build", "singular": "build", "plural": "builds"}
    spec = {"group": "kpack.io", "names": names, "scope": "Namespaced", "versions": [version]}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    define(cluster, {**kind, "metadata": {"name": "builds.kpack.io"}, "spec": spec})
    wait_for(cluster, BUILDS)


class Player(Watcher):
    """Looks after Builds while it is entered; ``folder`` is where it puts their sources."""

    objects = BUILDS

    def __init__(self, cluster: Cluster, folder: Path, user: tuple[int, int]) -> None:
        super().__init__(cluster)
        self.folder, self.user = folder, user
        self.seen: list[dict[str, Any]] = []

    def look_after(self, found: dict[str, Any]) -> None:
        """One Build: its pod is made, and told of."""
        about = found["metadata"]
        status = f"{BUILDS}/{about['name']}/status"
        name = (found.get("status") or {}).get("podName")
        if not name:
            self.seen.append(found)
            assert not set(REFUSED) & set(found["spec"].get("nodeSelector", {}))
            name = f"{about['name']}-build-pod"
            answer = self.cluster.ask("POST", PODS, self.pod(found, name))
            assert answer.status_code in (201, 409), answer.text
            self.cluster.ask("PATCH", status, {"status": {"podName": name}}, MERGE)
            return
        phase = self.cluster.ask("GET", f"{PODS}/{name}").json().get("status", {}).get("phase")
        if phase in ("Succeeded", "Failed") and not found["status"].get("conditions"):
            told = {"type": "Succeeded", "status": str(phase == "Succeeded"), "message": f"Pod {phase.lower()}"}
            self.cluster.ask("PATCH", status, {"status": {"conditions": [told]}}, MERGE)

    def pod(self, build: dict[str, Any], name: str) -> dict[str, Any]:
        """The phases, one after the other."""
        spec, about, source = build["spec"], build["metadata"], self.folder / build["metadata"]["name"]
        fetch(spec["source"]["registry"]["image"], source / "workspace")
        (source / "platform/env").mkdir(parents=True)
        for entry in spec["env"]:
            (source / "platform/env" / entry["name"]).write_text(entry["value"])
        own(source, self.user)
        program, tags = "/cnb/lifecycle/", spec["tags"]
        phases = {
            "prepare": ["ls", "/workspace"],
            "analyze": [f"{program}analyzer", "-layers=/layers", "-analyzed=/layers/analyzed.toml",
                        f"-run-image={spec['runImage']['image']}", tags[0]],
            "detect": [f"{program}detector", "-app=/workspace", "-group=/layers/group.toml", "-plan=/layers/plan.toml"],
            "restore": [f"{program}restorer", "-group=/layers/group.toml", "-layers=/layers"],
            "build": [f"{program}builder", "-layers=/layers", "-app=/workspace", "-group=/layers/group.toml",
                      "-plan=/layers/plan.toml"],
            "export": [f"{program}exporter", "-layers=/layers", "-app=/workspace", "-group=/layers/group.toml",
                       "-analyzed=/layers/analyzed.toml", "-report=/report/report.toml", *tags],
        }  # fmt: skip
        places = {"layers": {"emptyDir": {}}, "home": {"emptyDir": {}}, "report": {"emptyDir": {}}}
        places |= {one: {"hostPath": {"path": str(source / one)}} for one in ("workspace", "platform")}
        env = [{"name": "HOME", "value": "/home"}, {"name": "CNB_PLATFORM_API", "value": PLATFORM_API}]
        common = {
            "image": spec["builder"]["image"], "env": env,
            "volumeMounts": [{"name": one, "mountPath": f"/{one}"} for one in places],
        }  # fmt: skip
        uid, gid = self.user
        owner = {key: build[key] for key in ("apiVersion", "kind")} | {"name": about["name"], "uid": about["uid"]}
        return {
            "metadata": {"name": name, "ownerReferences": [owner]},
            "spec": {
                "restartPolicy": "Never",
                "securityContext": {"runAsUser": uid, "runAsGroup": gid, "fsGroup": gid},
                "initContainers": [{"name": one, "command": words, **common} for one, words in phases.items()],
                "containers": [{"name": "completion", "command": ["true"], **common}],
                "volumes": [{"name": one, **place} for one, place in places.items()],
            },
        }


def fetch(image: str, folder: Path) -> None:
    """The one layer of a source image."""
    store, place = Store(folder.with_name("store")), parse_reference(image)
    access = Access(insecure=True, insecure_hosts=frozenset([place.registry]))
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    (layer,) = pull_image(place, store, machine, access=access).layers
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(store.read(layer.descriptor.digest)))) as archive:
        archive.extractall(folder, filter="tar")


def own(folder: Path, user: tuple[int, int]) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, *user)
