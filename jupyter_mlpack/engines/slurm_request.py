"""A task in Slurm's words: those of sbatch, and the script. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.slurm_script import RUNTIMES, Script, write_script
from jupyter_mlpack.values import Json, Mount, Task

OPTIONS: dict[str, tuple[type, str]] = {
    "runtime": (str, f"what runs containers on the nodes: {', '.join(RUNTIMES)}"),
    "command": (str, "instead of a runtime: the words that run $image with $output as its /output"),
    "shared": (str, "a folder that this machine and all nodes see under the same path"),
    "partition": (str, "sbatch --partition"),
    "account": (str, "sbatch --account"),
    "qos": (str, "sbatch --qos"),
    "constraint": (str, "sbatch --constraint"),
    "reservation": (str, "sbatch --reservation"),
    "gres": (str, "the site's name of its GPUs (default: gpu), e.g. gpu:a100"),
    "sbatch": (list, "further words for sbatch, e.g. ['--exclusive']"),
    "python": (str, "the Python of the runtime process, with jupyter_mlpack (default: this one)"),
}
"""What a target may say: the type, and one line of help."""

PLACES = ("partition", "account", "qos", "constraint", "reservation")
CONTAINERS = ("docker", "podman")
MEBIBYTE = 1 << 20


def runtime_of(options: Mapping[str, Any]) -> str:
    """The runtime that a target names: docker if none, ``command`` for its own. Raises ``SlurmRuntimeUnknown``."""
    runtime = str(options.get("runtime", "docker"))
    if options.get("command"):
        return "command"
    if runtime not in RUNTIMES:
        raise errors.SlurmRuntimeUnknown(runtime=runtime, known=", ".join(RUNTIMES))
    return runtime


def make_request(task: Task, folder: PurePosixPath, options: Mapping[str, Any], grace: float) -> dict[str, Json]:
    """``sbatch``'s words, and ``script``. Raises ``SlurmRuntimeUnknown``, ``SlurmOneNode``."""
    runtime = runtime_of(options)
    if task.resources.nodes > 1:
        raise errors.SlurmOneNode(nodes=task.resources.nodes)
    command = str(options.get("command", ""))
    words = (*limits(task, runtime), *mounts(task.mounts, runtime))
    script = Script(str(folder), runtime, grace, words, task.resources.gpus > 0, command)
    return {"sbatch": list(sbatch_words(task, folder, options)), "script": write_script(script)}


def sbatch_words(task: Task, folder: PurePosixPath, options: Mapping[str, Any]) -> list[str]:
    """The command line. Words of the target's own come last, so that they win."""
    wish = task.resources
    own = str(folder).replace("%", "%%")
    words = ["sbatch", "--parsable", "--no-requeue", f"--job-name={task.name}", f"--chdir={folder}"]
    words += [f"--output={own}/slurm.out", "--open-mode=append", "--nodes=1", "--ntasks=1"]
    words += [f"--cpus-per-task={math.ceil(wish.cpus)}"] if wish.cpus else []
    words += [f"--mem={math.ceil(wish.memory / MEBIBYTE)}M"] if wish.memory else []
    words += [f"--time={math.ceil(wish.seconds / 60)}"] if wish.seconds else []
    words += [f"--gres={options.get('gres', 'gpu')}:{wish.gpus}"] if wish.gpus else []
    words += [f"--{name}={options[name]}" for name in PLACES if options.get(name)]
    words += [str(word) for word in options.get("sbatch", ())]
    return [*words, f"{folder}/job.sh"]


def limits(task: Task, runtime: str) -> list[str]:
    """Limits that the container runtime holds itself: its containers are outside of Slurm's reach."""
    if runtime not in CONTAINERS:
        return []
    wish = task.resources
    words = ["--memory", str(wish.memory)] if wish.memory else []
    return words + (["--cpus", f"{wish.cpus:g}"] if wish.cpus else [])


def mounts(given: tuple[Mount, ...], runtime: str) -> list[str]:
    """Folders of the nodes that the training sees."""
    words: list[str] = []
    for mount in given:
        source, target, mode = mount.source.absolute(), mount.target, "rw" if mount.writable else "ro"
        if runtime in CONTAINERS:
            words += ["--volume", f"{source}:{target}:{mode}"]
        elif runtime in ("apptainer", "singularity"):
            words += ["--bind", f"{source}:{target}:{mode}"]
        elif runtime == "pyxis":
            words += ["--container-mounts", f"{source}:{target}:{mode}"]
    return words
