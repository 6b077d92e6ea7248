"""The train process from its arguments to its exit status."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from mlpack_runner.console import Console
from mlpack_runner.folder import FolderError, OutputFolder
from mlpack_runner.parameters import ParameterError, read_parameters
from mlpack_runner.surroundings import Surroundings

Changes = tuple[dict[str, Any], dict[str, Any]]
DONE, FAILED, MISUSED, STOPPED = 0, 1, 2, 143


def run(arguments: list[str], environment: MutableMapping[str, str], image: Path) -> int:
    """Runs the notebook that ``image`` (``image.json``) names; returns the exit status."""
    console = Console()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    facts = json.loads(image.read_text(encoding="utf-8"))
    path = Path(environment.get("MLPACK_OUTPUT_DIR") or "/output")
    output = OutputFolder(path, Path(facts["application"]), facts["notebook"])
    try:
        parameters = read_parameters(arguments, environment, facts["parameters"])
        output.open(console.say)
    except (ParameterError, FolderError) as error:
        console.say(f"error: {error}")
        return MISUSED
    surroundings = Surroundings(environment, output.path)
    environment.update(surroundings.environment, MLPACK_OUTPUT_DIR=str(output.path))
    try:
        return execute(console, output, surroundings, (parameters, facts.get("places", {})))
    finally:
        os.chdir("/")
        surroundings.close()
        output.close()


def execute(console: Console, output: OutputFolder, surroundings: Surroundings, changes: Changes) -> int:
    """Runs the notebook and tells how it ended. ``changes`` are the parameters and the places of their literals."""
    try:
        from mlpack_runner.execution import Run  # late: wrong parameters are told before papermill is loaded
    except ImportError as error:
        console.say(
            f"error: the image cannot run notebooks ({error}); papermill and ipykernel must be among its packages"
        )
        return FAILED
    target = output.path / output.notebook
    os.chdir(target.parent)
    current = Run(console, surroundings.transport(), surroundings.folder / "kernel.log")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: current.stop())
    try:
        current.execute(output.application / output.notebook, target, *changes)
    except OSError as error:
        console.say(f"error: {error}")
        return FAILED
    if current.stopped:
        console.say(f"stopped in cell {current.cell}" if current.cell else "stopped before the first cell")
        return STOPPED
    if current.failure:
        failure = current.failure
        summary = failure.value.strip().splitlines()[:1]
        console.explain(failure.traceback)
        place = f" (cell {failure.place} of the notebook)" if failure.place else ""
        console.say(f"cell {failure.cell} failed{place}: {': '.join([failure.name, *summary])}")
        return FAILED
    console.say("done")
    return DONE


def leave(*_: object) -> None:
    """Ends the process before the notebook has started; ``finally`` still cleans up."""
    raise SystemExit(STOPPED)
