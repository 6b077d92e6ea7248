"""Kubeflow Trainer's own definitions in a cluster, fetched when a test asks for them, and what its controllers do.

The definitions are those of the release, and the API server holds each TrainJob to them. The controllers are not run
here: ``Controllers`` makes a TrainJob's pods as the release's runtime ``torch-distributed`` describes them, with the
labels of JobSet, and says how they ended.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import Cluster
from watcher import Watcher, define, wait_for

from jupyter_mlpack.engines.kubernetes_api import MERGE

MODULE = "github.com/kubeflow/trainer/v2@v2.3.0"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
TRAIN_JOBS = "/apis/trainer.kubeflow.org/v1alpha1/namespaces/default/trainjobs"


def trainer_source(folder: Path) -> Path:
    """The release's source, by Go's own client. Skips where there is none."""
    if shutil.which("go") is None:
        pytest.skip("NOT TESTED: no Go here, which fetches Kubeflow Trainer's definitions (Debian: golang-go)")
    command = ["go", "mod", "download", "-json", MODULE]
    answer = subprocess.run(command, capture_output=True, check=False, cwd=folder, text=True)
    if answer.returncode:
        pytest.skip(f"NOT TESTED: Kubeflow Trainer's source cannot be fetched: {answer.stdout[-300:]}")
    return Path(json.loads(answer.stdout)["Dir"])


def teach(cluster: Cluster, source: Path) -> None:
    """Make TrainJobs known to a cluster."""
    for path in sorted((source / "manifests/base/crds").glob("trainer.kubeflow.org_*.yaml")):
        define(cluster, yaml.safe_load(path.read_text()))
    wait_for(cluster, TRAIN_JOBS)


class Controllers(Watcher):
    """Watches TrainJobs while it is entered."""

    objects = TRAIN_JOBS

    def look_after(self, found: dict[str, Any]) -> None:
        """One TrainJob: its pods are made, held back with it, and told of."""
        name = f"{found['metadata']['name']}-node-0"
        child = self.cluster.ask("GET", f"{JOBS}/{name}")
        if child.status_code == 404:
            if not found["spec"].get("suspend"):
                answer = self.cluster.ask("POST", JOBS, child_of(found))
                assert answer.status_code == 201, answer.text
            return
        if found["spec"].get("suspend") and not child.json()["spec"].get("suspend"):
            self.cluster.ask("PATCH", f"{JOBS}/{name}", {"spec": {"suspend": True}}, MERGE)
        for word in child.json()["status"].get("conditions") or ():
            if word["type"] in ("Complete", "Failed") and not found.get("status"):
                told = {key: word[key] for key in ("type", "status", "reason", "message", "lastTransitionTime")}
                path = f"{TRAIN_JOBS}/{found['metadata']['name']}/status"
                answer = self.cluster.ask("PATCH", path, {"status": {"conditions": [told]}}, MERGE)
                assert answer.status_code in (200, 404), answer.text


def child_of(found: dict[str, Any]) -> dict[str, Any]:
    """The Job of a TrainJob's nodes: the runtime, the trainer, the patch."""
    about, spec = found["metadata"], copy.deepcopy(found["spec"])
    name, trainer = about["name"], spec["trainer"]
    patch = spec["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"][0]
    pod = patch["template"]["spec"]["template"]["spec"]
    index = {"fieldRef": {"fieldPath": "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}
    world = [
        {"name": "PET_NNODES", "value": str(trainer["numNodes"])},
        {"name": "PET_NPROC_PER_NODE", "value": str(trainer["numProcPerNode"])},
        {"name": "PET_NODE_RANK", "valueFrom": index},
        {"name": "PET_MASTER_ADDR", "value": f"{name}-node-0-0.{name}"},
        {"name": "PET_MASTER_PORT", "value": "29500"},
    ]
    words = {key: trainer[key] for key in ("image", "command", "args") if trainer.get(key)}
    container = {**pod.pop("containers")[0], **words, "env": [*trainer.get("env", ()), *world]}
    container["resources"] = trainer.get("resourcesPerNode", {})
    labels = {"jobset.sigs.k8s.io/jobset-name": name, "jobset.sigs.k8s.io/replicatedjob-name": "node"}
    owner = {key: found[key] for key in ("apiVersion", "kind")} | {"name": name, "uid": about["uid"]}
    count = trainer["numNodes"]
    template = {
        "metadata": {"labels": labels},
        # JobSet's own choice where a runtime says nothing.
        "spec": {**pod, "restartPolicy": "OnFailure", "subdomain": name, "containers": [container]},
    }
    job = {"completions": count, "parallelism": count, "completionMode": "Indexed", "template": template}
    return {"metadata": {"name": f"{name}-node-0", "labels": labels, "ownerReferences": [owner]}, "spec": job}
