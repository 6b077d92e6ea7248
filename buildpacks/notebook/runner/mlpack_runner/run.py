"""The train process from its arguments to its exit status."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpack_runner.assets import MountError
from mlpack_runner.console import Console
from mlpack_runner.delivery import check_writable, deliver_all, deliver_model
from mlpack_runner.failure import write_report
from mlpack_runner.folder import FolderError, OutputFolder
from mlpack_runner.measures import NAME, is_ours
from mlpack_runner.parameters import read_parameters
from mlpack_runner.platform import Platform, read_platform
from mlpack_runner.processes import Group
from mlpack_runner.sagemaker import PlatformError
from mlpack_runner.surroundings import Surroundings
from mlpack_runner.typed import ParameterError
from mlpack_runner.world import WORKER, WorldError

DONE, FAILED, MISUSED, STOPPED = 0, 1, 2, 143
Misused = (ParameterError, FolderError, MountError, PlatformError, WorldError)


@dataclass(frozen=True)
class Job:
    """One run: where, with which folder and values, told by whom. ``places`` are those of the values' literals."""

    console: Console
    platform: Platform
    output: OutputFolder
    parameters: dict[str, Any]
    places: dict[str, Any]
    worker: bool = False
    delivery: Any = None

    @property
    def executed(self) -> Path | None:
        """The executed notebook; only the first of all processes writes it."""
        return None if self.platform.world.rank else self.output.path / self.output.notebook


def run(arguments: list[str], environment: MutableMapping[str, str], program: Path, root: Path = Path("/")) -> int:
    """Runs the notebook that ``image.json`` beside ``program`` names; returns the exit status.

    ``root`` is where the platform's files are.
    """
    listen(leave)
    end_in_time(environment)
    delivery = read_delivery(environment)
    facts = json.loads(program.with_name("image.json").read_text(encoding="utf-8"))
    console = Console()
    try:
        platform = read_platform(environment, root)
    except Misused as error:
        return misused(console, error)
    try:
        parameters = read_parameters(arguments, environment, facts["parameters"], platform.hyperparameters)
        output = OutputFolder(platform.output, Path(facts["application"]), facts["notebook"])
        worker = bool(environment.get(WORKER))
        console = Console(platform.world.rank)
        if not worker:
            if platform.notice:
                console.say(platform.notice)
            output.open(console.say)
            if platform.model is not None:
                check_writable(platform.model)
    except Misused as error:
        return misused(console, error, platform)
    job = Job(console, platform, output, parameters, facts.get("places", {}), worker, delivery)
    for name, value in platform.environment.items():
        environment.setdefault(name, value)
    environment["MLPACK_OUTPUT_DIR"] = str(output.path)
    if not worker and (platform.world.processes > 1 or platform.world.elastic):
        return run_group(job, arguments, environment, program)
    environment.update(platform.world.variables())
    return run_alone(job, environment)


def read_delivery(environment: MutableMapping[str, str]) -> Any:
    """Where in a registry the outputs go, if they shall go to one; only then is it loaded what can push."""
    if "MLPACK_DELIVER" not in environment:
        return None
    from mlpack_runner import artefact

    return artefact.read_delivery(environment)


def misused(console: Console, error: Exception, platform: Platform | None = None) -> int:
    """Nothing has been started."""
    text = str(error)
    if isinstance(error, FolderError) and platform:
        text += f" by user {os.getuid()}: {platform.advice}"
    console.say(f"error: {text}")
    write_report(platform.failures if platform else (), f"{text}\n")
    return MISUSED


def run_group(job: Job, arguments: list[str], environment: MutableMapping[str, str], program: Path) -> int:
    """Several processes, each of which is this program."""
    world = job.platform.world
    group = Group(world, program, job.platform.patience)
    listen(lambda *_: group.stop())
    job.console.say(f"{world.processes} processes on node {world.node_rank} of {world.nodes}")
    environment["MLPACK_OUTPUT_DIR"] = str(job.output.path)
    status = FAILED
    try:
        status = group.run(arguments, environment)
    except WorldError as error:
        status = misused(job.console, error, job.platform)
    finally:
        status = STOPPED if group.stopped else status
        status = finish(job, status)
    return status


def run_alone(job: Job, environment: MutableMapping[str, str]) -> int:
    """One process, which runs the notebook itself."""
    surroundings = Surroundings(environment, job.output.path)
    environment.update(surroundings.environment)
    status = FAILED
    try:
        status = execute(job, surroundings)
    finally:
        os.chdir("/")
        surroundings.close()
        status = finish(job, status)
    return status


def execute(job: Job, surroundings: Surroundings) -> int:
    """Runs the notebook and tells how it ended."""
    console, output = job.console, job.output
    try:
        from mlpack_runner.execution import Run  # late: wrong parameters are told before papermill is loaded
    except ImportError as error:
        console.say(
            f"error: the image cannot run notebooks ({error}); papermill and ipykernel must be among its packages"
        )
        return FAILED
    os.chdir((output.path / output.notebook).parent)
    target = job.executed or surroundings.folder / Path(output.notebook).name
    log, folder = surroundings.folder / "kernel.log", output.path if job.executed else None
    current = Run(console, surroundings.connection(), log, job.platform.patience, folder)
    listen(lambda *_: current.stopper.stop())
    try:
        current.execute(output.application / output.notebook, target, job.parameters, job.places)
    except OSError as error:
        console.say(f"error: {error}")
        write_report(job.platform.failures, f"{error}\n")
        return FAILED
    if current.stopper.stopped:
        console.progress(f"stopped in cell {current.cell}" if current.cell else "stopped before the first cell")
        return STOPPED
    if current.failure:
        failure = current.failure
        console.explain(failure.traceback)
        if failure.statement():
            console.say(f"at {failure.statement()}")
        rank = f" (rank {job.platform.world.rank})" if job.platform.world.size > 1 else ""
        console.say(failure.headline() + rank)
        write_report(job.platform.failures, failure.report())
        return FAILED
    console.progress("done")
    return DONE


def finish(job: Job, status: int) -> int:
    """Clears the output folder of what the notebook did not make, and brings the rest where the platform wants it."""
    if job.worker:
        return status
    output, platform = job.output, job.platform
    try:
        ours = {output.notebook, *([NAME] if is_ours(output.path / NAME) else [])}
        models = [name for name in output.made() if name not in ours]
        if platform.model is not None and status in (DONE, STOPPED) and not platform.world.node_rank:
            deliver_model(output.path, models, platform.model, job.console.say)
        if platform.deliver is not None:
            deliver_all(output.path, output.made(), platform.deliver, job.console.say)
        if job.delivery is not None and not platform.world.node_rank:
            from mlpack_runner.artefact import push_outputs

            push_outputs(output.path, output.made(), job.delivery, job.console.say)
    except OSError as error:
        job.console.say(f"error: what the notebook made cannot be brought where the platform collects it: {error}")
        write_report(platform.failures, f"{error}\n")
        status = status or FAILED
    output.close()
    return status


def listen(handler: Callable[..., None]) -> None:
    """For the two signals by which a job is ended."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def end_in_time(environment: MutableMapping[str, str]) -> None:
    """When ``MLPACK_SECONDS`` are over it is as if SIGTERM came: also where nobody is there who would send it.

    What this process starts has no limit of its own.
    """
    seconds = environment.pop("MLPACK_SECONDS", "")
    if seconds:
        timer = threading.Timer(float(seconds), os.kill, [os.getpid(), signal.SIGTERM])
        timer.daemon = True
        timer.start()


def leave(*_: object) -> None:
    """Ends the process before the notebook has started; ``finally`` still cleans up."""
    raise SystemExit(STOPPED)
