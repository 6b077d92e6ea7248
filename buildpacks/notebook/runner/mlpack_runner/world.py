"""Those that train together: how many nodes and processes there are, and which of them this one is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

WORKER = "MLPACK_WORKER"
"""Set for processes that this program, or torchrun for it, has started beside each other on one node."""

DEVICES = {"nvidia": r"nvidia\d+", "neuron": r"neuron\d+", "amd": r"renderD\d+"}
PORT = "29500"


class WorldError(Exception):
    """The platform's numbers make no sense; the text says which."""


@dataclass(frozen=True)
class World:
    """``declared``: somebody said so, even if there is only one. ``elastic`` is torchrun's range, as ``1:4``."""

    declared: bool = False
    nodes: int = 1
    node_rank: int = 0
    processes: int = 1
    address: str = ""
    port: str = PORT
    local_rank: int = 0
    elastic: str = ""

    @property
    def rank(self) -> int:
        """Of this process among all."""
        return self.node_rank * self.processes + self.local_rank

    @property
    def size(self) -> int:
        """All processes of all nodes."""
        return self.nodes * self.processes

    def variables(self) -> dict[str, str]:
        """What libraries for distributed training read; nothing where nobody declared anything."""
        if not self.declared:
            return {}
        return {
            "RANK": str(self.rank), "WORLD_SIZE": str(self.size),
            "LOCAL_RANK": str(self.local_rank), "LOCAL_WORLD_SIZE": str(self.processes),
            "GROUP_RANK": str(self.node_rank), "MASTER_ADDR": self.address or "127.0.0.1", "MASTER_PORT": self.port,
        }  # fmt: skip


def read_world(environment: Mapping[str, str], platform: World | None) -> World:
    """From ``PET_*`` (torchrun's), else ``RANK`` and ``WORLD_SIZE``, else what the platform says. Raises WorldError.

    ``MLPACK_PROCESSES`` is the number of processes of a node wherever no other is given.
    """
    processes = count_processes(environment)
    if environment.get(WORKER):
        return one_of_many(environment)
    if environment.get("PET_NNODES"):
        return from_torchrun(environment, processes)
    if environment.get("RANK") and environment.get("WORLD_SIZE"):
        size, rank = number(environment, "WORLD_SIZE"), number(environment, "RANK")
        return checked(
            World(True, size, rank, 1, environment.get("MASTER_ADDR", ""), environment.get("MASTER_PORT") or PORT)
        )
    world = platform or from_others(environment) or World(processes > 1)
    return checked(replace(world, processes=processes))


def one_of_many(environment: Mapping[str, str]) -> World:
    """A process that was started with all variables set."""
    processes, rank = number(environment, "LOCAL_WORLD_SIZE", 1), number(environment, "RANK", 0)
    return World(
        True, max(1, number(environment, "WORLD_SIZE", 1) // processes), rank // processes, processes,
        environment.get("MASTER_ADDR", ""), environment.get("MASTER_PORT") or PORT,
        number(environment, "LOCAL_RANK", 0),
    )  # fmt: skip


def from_torchrun(environment: Mapping[str, str], processes: int) -> World:
    """Kubeflow's Trainer and PyTorchJob set torchrun's variables, for whatever program runs."""
    nodes = environment["PET_NNODES"]
    if ":" in nodes:
        return World(True, 1, 0, processes, elastic=nodes)
    address, port = environment.get("PET_MASTER_ADDR", ""), environment.get("PET_MASTER_PORT") or PORT
    rank = number(environment, "PET_NODE_RANK", 0)
    return checked(World(True, number(environment, "PET_NNODES"), rank, processes, address, port))


def from_others(environment: Mapping[str, str]) -> World | None:
    """JAX's and XGBoost's own variables: they find each other by them, we only need to know who is the first."""
    for size, rank in (("JAX_NUM_PROCESSES", "JAX_PROCESS_ID"), ("DMLC_NUM_WORKER", "DMLC_TASK_ID")):
        if environment.get(size) and environment.get(rank):
            address = environment.get("JAX_COORDINATOR_ADDRESS") or environment.get("DMLC_TRACKER_URI") or ""
            return World(True, number(environment, size), number(environment, rank), 1, address.partition(":")[0])
    return None


def count_processes(environment: Mapping[str, str]) -> int:
    """Processes of this node. ``auto``, ``gpu`` and ``cpu`` are one for each GPU, and one where there is none."""
    text = (environment.get("PET_NPROC_PER_NODE") or environment.get("MLPACK_PROCESSES") or "1").strip().lower()
    if text in ("auto", "gpu", "cpu"):
        return max(1, count_devices("nvidia")) if text != "cpu" else 1
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise WorldError(f"the number of processes of a node is {text!r}; a number, or auto, is needed")
    return int(text)


def checked(world: World) -> World:
    """Raises WorldError when the rank is not one of the world's."""
    if not 0 <= world.node_rank < world.nodes:
        raise WorldError(f"this is node {world.node_rank} of {world.nodes}; nodes are counted from 0")
    return world


def number(environment: Mapping[str, str], name: str, otherwise: int | None = None) -> int:
    """A variable that holds a number."""
    text = environment.get(name, "").strip()
    if not text and otherwise is not None:
        return otherwise
    if not re.fullmatch(r"\d{1,9}", text):
        raise WorldError(f"{name} is {text!r}; a number is needed")
    return int(text)


def count_devices(kind: str, folder: Path = Path("/dev")) -> int:
    """Accelerators that the container sees."""
    return sum(1 for path in folder.iterdir() if re.fullmatch(DEVICES[kind], path.name)) if folder.is_dir() else 0
