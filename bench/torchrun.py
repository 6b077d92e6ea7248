"""Two processes of one notebook, started by torchrun's own variables, add their ranks by gloo: seconds, on a CPU.

torch from the public index is the build with CUDA, several GB, so that no test has it: this is run by hand, once for
a release. The notebook declares a card that is not there, and its processes talk by what needs none.
``--torch 'torch==2.6.0'`` takes another release, ``--keep`` leaves store and outputs for a look. ``--node BINARY``
takes two pods of a true Kubernetes node (``make kubernetes`` builds it) instead: the job's own variables and names.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kubernetes"))

import ours
import watch
from cluster import ADDRESS, running_cluster
from lifecycle import WORK
from registry import registry
from results import Part, Sample

IMAGE = "together:training"
CELLS = (
    "import os\nimport time\n\nimport torch\nimport torch.distributed as distributed",
    "began = time.monotonic()\n"
    "distributed.init_process_group('gloo')\n"
    "rank, world = distributed.get_rank(), distributed.get_world_size()\n"
    "total = torch.tensor([rank + 1.0])\n"
    "distributed.all_reduce(total)",
    "weights = torch.zeros(250_000)\n"
    "for step in range(100):\n"
    "    gradient = torch.full_like(weights, rank + 1.0)\n"
    "    distributed.all_reduce(gradient)\n"
    "    weights -= 0.01 * gradient / world\n"
    "assert torch.allclose(weights, torch.full_like(weights, -1.5)), weights[:3]",
    "if rank == 0:\n"
    "    seconds = time.monotonic() - began\n"
    "    with open('/output/result.txt', 'w') as file:\n"
    "        file.write(f'{world} {total.item()} {seconds}')\n"
    "    print(f'torch {torch.__version__} world={world} sum={total.item()} seconds={seconds:.2f}')\n"
    "distributed.destroy_process_group()",
)
VARIABLES = {
    "PET_NNODES": "1",
    "PET_NPROC_PER_NODE": "2",
    "PET_NODE_RANK": "0",
    "PET_MASTER_ADDR": "127.0.0.1",
    "PET_MASTER_PORT": "29511",
}
"""As Kubeflow's Trainer sets them for a job of one node with two processes."""


def write(folder: Path, requirement: str) -> Path:
    """The notebook, and the release of torch that is wished beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.txt").write_text(f"{requirement}\n")
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "execution_count": None, "outputs": [], "source": text}
        for at, text in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "accelerator": "GPU", "colab": {"gpuType": "T4"}}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path = folder / "together.ipynb"
    path.write_text(json.dumps(document, indent=1))
    return path


def train_on_pods(home: ours.Home, node: Path, work: Path) -> Sample:
    """``submit --nodes 2 --follow``, pull and push included."""
    with running_cluster(node) as cluster, registry(work / "registry", ADDRESS) as door:
        cluster.trust_registry(door.address)
        cluster.give_gpus(2)
        target = {
            "engine": "kubernetes", "kubeconfig": str(cluster.kubeconfig), "registry": f"{door.address}/team",
            "insecure": True, "nodes": 2, "gpus": 1, "accelerators": ["cuda12", "cuda13"],
        }  # fmt: skip
        config = work / "config"
        config.mkdir(exist_ok=True)
        (config / "jupyter_mlpack_config.py").write_text(f"c.TargetsMixin.targets = {{'pods': {target!r}}}\n")
        words = [*ours.COMMAND, "submit", IMAGE, "--home", home.root, "--on", "pods", "--nodes", "2", "--follow"]
        environment = {**ours.environment(), "JUPYTER_CONFIG_DIR": str(config)}
        return watch.run([*words, "--output", work / "out"], env=environment)


def main() -> None:
    """Build, run, print what the processes found; ends with status 1 if they did not find each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", default="torch")
    parser.add_argument("--engine", default="process")
    parser.add_argument("--node", type=Path, help="binary of tests/kubernetes/node")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    part, work = Part("torchrun", {**vars(options), "node": bool(options.node)}), WORK / "torchrun"
    home = ours.Home(work / "home")
    try:
        notebook = write(work / "project", options.torch)
        part.add("build", "ours", home.build(notebook, "--name", IMAGE, watched=False))
        part.fact("image bytes", "ours", home.image_size(IMAGE))
        if options.node:
            part.add("run", "ours", train_on_pods(home, options.node.absolute(), work))
        else:
            words = [*ours.COMMAND, "run", IMAGE, "--home", home.root, "--engine", options.engine]
            words += ["--output", work / "out", *(word for name in VARIABLES for word in ("--env", name))]
            part.add("run", "ours", watch.run(words, env={**ours.environment(), **VARIABLES}))
        world, total, seconds = (work / "out" / "result.txt").read_text().split()
        part.add("together", "ours", Sample(float(seconds)))
        if (world, float(total)) != ("2", 3.0):
            sys.exit(f"{world} processes, and the sum of their ranks is {total}; 2 and 3.0 were expected")
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    print(f"2 {'pods' if options.node else 'processes'}, sum {total}, together for {float(seconds):.2f} s")


if __name__ == "__main__":
    main()
