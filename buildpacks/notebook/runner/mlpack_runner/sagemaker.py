"""SageMaker's folder ``/opt/ml``: what it says about the job, and the ``SM_*`` variables that training code knows."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlpack_runner.world import World, count_devices

PORT = "7777"
"""Of the first host, for those that train together; what SageMaker's own toolkit takes."""


class PlatformError(Exception):
    """What the platform says cannot be understood; the text says where."""


@dataclass(frozen=True)
class Job:
    """The configuration files, and the folders by what they are for."""

    folders: Mapping[str, Path]
    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hosts(self) -> list[str]:
        """In the order that makes ranks of them: ``algo-2`` before ``algo-10``."""
        hosts = [str(host) for host in self.resources.get("hosts") or []] or [self.current]
        return sorted(hosts, key=lambda host: (len(host), host))

    @property
    def current(self) -> str:
        """This host."""
        return str(self.resources.get("current_host") or "algo-1")

    def nodes(self) -> World | None:
        """Those that train together, if there are others than this one."""
        if len(self.hosts) < 2 or self.current not in self.hosts:
            return None
        return World(True, len(self.hosts), self.hosts.index(self.current), 1, self.hosts[0], PORT)

    def distribution(self) -> dict[str, str]:
        """How many processes a host has: one for each GPU where the estimator asked for torch's own distribution."""
        wanted = self.hyperparameters.get("sagemaker_torch_distributed_enabled", "").strip('"').lower() == "true"
        return {"PET_NPROC_PER_NODE": "auto"} if wanted else {}


def is_there(root: Path) -> bool:
    """Whether SageMaker started this job."""
    return (root / "opt/ml/input/config").is_dir()


def read_job(root: Path) -> Job:
    """The three configuration files; those that are missing are empty. Raises PlatformError."""
    top = root / "opt/ml"
    folders = {
        "model": top / "model", "output": top / "output", "data": top / "output/data", "input": top / "input",
        "config": top / "input/config", "channels": top / "input/data", "checkpoints": top / "checkpoints",
    }  # fmt: skip
    config = folders["config"]
    parameters = {name: as_text(value) for name, value in read(config / "hyperparameters.json").items()}
    return Job(folders, parameters, read(config / "inputdataconfig.json"), read(config / "resourceconfig.json"))


def read(path: Path) -> dict[str, Any]:
    """A JSON object."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlatformError(f"{path} cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise PlatformError(f"{path} is not a JSON object")
    return value


def as_text(value: object) -> str:
    """Values are texts; local mode of the client library lets others through."""
    return value if isinstance(value, str) else json.dumps(value)


def variables(job: Job) -> dict[str, str]:
    """``SM_*``: the platform does not set them, its toolkit inside its own images does."""
    places, hosts, resources = job.folders, job.hosts, job.resources
    found = {
        "SM_MODEL_DIR": places["model"], "SM_OUTPUT_DIR": places["output"], "SM_OUTPUT_DATA_DIR": places["data"],
        "SM_OUTPUT_INTERMEDIATE_DIR": places["output"] / "intermediate", "SM_INPUT_DIR": places["input"],
        "SM_INPUT_CONFIG_DIR": places["config"], "SM_INPUT_DATA_DIR": places["channels"],
        "SM_CHANNELS": compact(sorted(job.channels)), "SM_HPS": compact(decoded(job.hyperparameters)),
        "SM_HOSTS": compact(hosts), "SM_CURRENT_HOST": job.current, "SM_HOST_COUNT": len(hosts),
        "SM_CURRENT_HOST_RANK": hosts.index(job.current) if job.current in hosts else 0,
        "SM_CURRENT_INSTANCE_TYPE": resources.get("current_instance_type", ""),
        "SM_CURRENT_INSTANCE_GROUP": resources.get("current_group_name", ""),
        "SM_NUM_GPUS": count_devices("nvidia"), "SM_NUM_NEURONS": count_devices("neuron"),
        "SM_NUM_CPUS": len(os.sched_getaffinity(0)), "SM_MASTER_ADDR": hosts[0], "SM_MASTER_PORT": PORT,
        "SM_NETWORK_INTERFACE_NAME": resources.get("network_interface_name", "eth0"),
        "SM_RESOURCE_CONFIG": compact(resources), "SM_INPUT_DATA_CONFIG": compact(job.channels), "SM_LOG_LEVEL": "20",
    }  # fmt: skip
    found.update({f"SM_CHANNEL_{name.upper()}": places["channels"] / name for name in job.channels})
    found.update({f"SM_HP_{name.upper()}": text for name, text in job.hyperparameters.items()})
    return {name: str(value) for name, value in found.items()}


def decoded(texts: Mapping[str, str]) -> dict[str, Any]:
    """Texts that are JSON as what they are, as the platform's toolkit gives them."""
    found: dict[str, Any] = dict(texts)
    for name, text in texts.items():
        with contextlib.suppress(ValueError):
            found[name] = json.loads(text)
    return found


def compact(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
