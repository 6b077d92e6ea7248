"""Several processes of one node: torchrun starts them where torch is among the packages, else we do."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlpack_runner.world import WORKER, World, WorldError

EVERY = 0.1  # seconds between two looks at the processes
LONGER = 5.0  # seconds that the processes have to end after their own time for it is over


class Group:
    """Processes that run the notebook beside each other. ``stop`` may be called from a handler of a signal."""

    def __init__(self, world: World, program: Path, patience: float) -> None:
        self.world, self.program, self.patience = world, program, patience
        self.running: list[subprocess.Popen[bytes]] = []
        self.stopped = False
        self.deadline: float | None = None

    def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
        """Start all, wait for all; the first status that is not 0. One that fails ends the others."""
        for command, variables in self.commands(arguments):
            if not self.stopped:
                # A terminal's Ctrl-C is for us alone: they would hear it twice, and end without their time.
                self.running.append(
                    subprocess.Popen(command, env={**environment, **variables, WORKER: "1"}, start_new_session=True)
                )
        if self.stopped:
            self.signal(signal.SIGTERM)
        status = 0
        while waiting := [process for process in self.running if process.poll() is None]:
            status = status or self.failed()  # before the others are asked to end: how they do says nothing
            if status and self.deadline is None:
                self.end()
            if self.deadline is not None and time.monotonic() > self.deadline:
                self.signal(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                waiting[0].wait(EVERY)
        status = status or self.failed()
        return status if status >= 0 else 128 - status

    def failed(self) -> int:
        """The status of one that has failed; 0 as long as none has."""
        return next((process.returncode for process in self.running if process.returncode), 0)

    def commands(self, arguments: Sequence[str]) -> list[tuple[list[str], dict[str, str]]]:
        """Each process's command, and the variables that tell it which of them it is. Raises WorldError."""
        world = self.world
        program = [str(self.program), *arguments]
        if importlib.util.find_spec("torch") is not None:
            return [([sys.executable, "-m", "torch.distributed.run", *torchrun_options(world), *program], {})]
        if world.elastic:
            raise WorldError(f"a number of nodes that may change ({world.elastic}) needs torch among the packages")
        ranks = range(world.processes)
        return [
            ([sys.executable, *program], World(**{**vars(world), "declared": True, "local_rank": rank}).variables())
            for rank in ranks
        ]

    def stop(self) -> None:
        """SIGTERM to all, who have their own time to end; on a second call they are killed."""
        if self.stopped:
            self.signal(signal.SIGKILL)
            return
        self.stopped = True
        self.end()

    def end(self) -> None:
        """Asks all to end, and sets when they must have."""
        self.deadline = time.monotonic() + self.patience + LONGER
        self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        """To all that still run."""
        for process in self.running:
            if process.poll() is None:
                process.send_signal(number)


def torchrun_options(world: World) -> list[str]:
    """What torchrun does not read from ``PET_*`` itself; nodes that may change it only finds by those."""
    processes = f"--nproc-per-node={world.processes}"
    if world.elastic:
        return [processes]
    if world.nodes == 1:
        # Its own choice is the name of the machine, which a sandbox need not be able to look up.
        return ["--standalone", "--local-addr=127.0.0.1", "--nnodes=1", processes]
    return [
        f"--nnodes={world.nodes}", processes, f"--node-rank={world.node_rank}",
        f"--master-addr={world.address}", f"--master-port={world.port}",
    ]  # fmt: skip
