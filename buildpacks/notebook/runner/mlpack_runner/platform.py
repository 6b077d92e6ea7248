"""Where the job runs: which platform started it, and what that platform expects of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlpack_runner import sagemaker, vertex
from mlpack_runner.world import WORKER, World, read_world

OUTPUT = "/output"
DOCKER_PATIENCE, KUBERNETES_PATIENCE, SAGEMAKER_PATIENCE = 8.0, 25.0, 110.0
"""Seconds for the notebook's own handler of SIGTERM: a little less than the platform's, after which it kills."""

OWNER = 'start the container as the owner of /opt/ml; in local mode by local.container_config = {"user": "root"}'
TASK_INDEX = ("CLOUD_RUN_TASK_INDEX", "JOB_COMPLETION_INDEX")


@dataclass(frozen=True)
class Platform:
    """What the program must know of its surroundings.

    ``output`` is where the notebook works. ``model`` and ``deliver`` are folders to which results go at the end, if
    the platform wants them elsewhere. ``failures`` are files for the reason of a failure,
    ``notice`` is said first, ``advice`` is for somebody whose folders cannot be written to.
    """

    name: str
    output: Path
    world: World
    environment: Mapping[str, str] = field(default_factory=dict)
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    model: Path | None = None
    deliver: Path | None = None
    failures: tuple[Path, ...] = ()
    patience: float = DOCKER_PATIENCE
    notice: str = ""
    advice: str = "give it a volume that this user may write to, or name another folder by MLPACK_OUTPUT_DIR"


def read_platform(environment: Mapping[str, str], root: Path = Path("/")) -> Platform:
    """The platform by its files and variables. ``root`` is where its files are. Raises PlatformError, WorldError."""
    words = (Path(str(root) + path) for path in ("/dev/termination-log",))
    told = tuple(path for path in words if path.is_file())
    if sagemaker.is_there(root):
        return on_sagemaker(environment, root)
    seconds = KUBERNETES_PATIENCE if "KUBERNETES_SERVICE_HOST" in environment else DOCKER_PATIENCE
    patience = patience_of(environment, seconds)
    world = read_world(environment, vertex.read_cluster(environment))
    part = part_of(environment, world)
    output = output_of(environment, OUTPUT) / part
    base = vertex.base_folder(environment, root)
    if base is not None:
        places = {"MLPACK_MODEL_DIR": str(base / "model"), "MLPACK_CHECKPOINT_DIR": str(base / "checkpoints")}
        return Platform(
            "Vertex AI", output, world, places, model=base / "model", deliver=base / "output" / part,
            failures=told, patience=patience,
        )  # fmt: skip
    shared = output.parent if world.node_rank else output
    places = {"MLPACK_MODEL_DIR": str(shared), "MLPACK_CHECKPOINT_DIR": str(shared / "checkpoints")}
    notice = vertex.missing_bucket(environment)
    return Platform("", output, world, places, failures=told, patience=patience, notice=notice)


def on_sagemaker(environment: Mapping[str, str], root: Path) -> Platform:
    """The layout of ``/opt/ml``."""
    job = sagemaker.read_job(root)
    places = job.folders
    variables = {
        **sagemaker.variables(job),
        "MLPACK_MODEL_DIR": str(places["model"]),
        "MLPACK_CHECKPOINT_DIR": str(places["checkpoints"]),
    }
    world = read_world({**environment, **job.distribution()}, job.nodes())
    output = output_of(environment, str(places["data"])) / part_of(environment, world)
    return Platform(
        "SageMaker", output, world, variables, job.hyperparameters, model=places["model"],
        failures=(places["output"] / "failure",), patience=patience_of(environment, SAGEMAKER_PATIENCE),
        advice=OWNER,
    )  # fmt: skip


def output_of(environment: Mapping[str, str], otherwise: str) -> Path:
    """``MLPACK_OUTPUT_DIR``, or the platform's."""
    return Path(environment.get("MLPACK_OUTPUT_DIR") or otherwise).absolute()


def part_of(environment: Mapping[str, str], world: World) -> str:
    """The folder in the output folder of a task of an array, and of a node that is not the first.

    They may all have the same volume. Processes of one node are told their folder by the one that started them.
    """
    if environment.get(WORKER):
        return ""
    if world.node_rank:
        return f"node-{world.node_rank}"
    index = next((environment[name] for name in TASK_INDEX if environment.get(name)), "")
    alone = world.declared or environment.get("CLOUD_RUN_TASK_COUNT") == "1"
    return index if index.isdigit() and not alone else ""


def patience_of(environment: Mapping[str, str], seconds: float) -> float:
    """``MLPACK_STOP_SECONDS``, or what the platform allows."""
    try:
        return float(environment["MLPACK_STOP_SECONDS"])
    except (KeyError, ValueError):
        return seconds
