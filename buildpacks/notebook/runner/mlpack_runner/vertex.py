"""Vertex AI's custom training: folders of a bucket, and the other machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from mlpack_runner.world import World

SCHEME, MOUNTS = "gs://", "gcs"


def base_folder(environment: Mapping[str, str], root: Path) -> Path | None:
    """The job's output directory where its bucket is mounted: the folder above ``AIP_MODEL_DIR``.

    ``None`` where no output directory was given, or its bucket is not mounted.
    """
    given = environment.get("AIP_MODEL_DIR", "")
    if not given.startswith(SCHEME):
        return None
    path = given[len(SCHEME) :].strip("/").split("/")
    if not (root / MOUNTS / path[0]).is_dir() or ".." in path:
        return None
    return root.joinpath(MOUNTS, *path[:-1]) if len(path) > 1 else root.joinpath(MOUNTS, *path)


def missing_bucket(environment: Mapping[str, str]) -> str:
    """What to say where there is an output directory that cannot be reached as a folder."""
    given = environment.get("AIP_MODEL_DIR", "")
    return f"{given} is not mounted below /{MOUNTS}: results stay in the output folder" if given else ""


def read_cluster(environment: Mapping[str, str]) -> World | None:
    """The machines that ``CLUSTER_SPEC`` lists, if there are others: the chief first, then the workers.

    Parameter servers and evaluators are no part of it.
    """
    try:
        spec = json.loads(environment.get("CLUSTER_SPEC") or environment.get("TF_CONFIG") or "{}")
        cluster, task = spec["cluster"], spec["task"]
        pools = [cluster[name] for name in POOLS if name in cluster]
        names = [name for name in POOLS if name in cluster]
        rank = sum(map(len, pools[: names.index(task["type"])])) + int(task["index"])
        machines = [machine for pool in pools for machine in pool]
        host, _, port = machines[0].partition(":")
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return World(True, len(machines), rank, 1, host, port or "29500") if len(machines) > 1 else None


POOLS = ("workerpool0", "chief", "master", "workerpool1", "worker")
