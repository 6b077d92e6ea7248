"""What this machine offers those who choose: engines, purposes, hardware, stacks, platforms. Asked of a worker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_mlpack.values import JobTarget, Stack

PLATFORMS = ("linux/amd64", "linux/arm64")


def describe_offers(home: Path) -> dict[str, Any]:
    """The fields of the contract's ``Status`` that do not change from one second to the next."""
    from jupyter_mlpack.values import Purpose

    return {
        "engines": list_engines(home),
        "purposes": [{"name": purpose.value, "available": True, "why": ""} for purpose in Purpose],
        "accelerators": list_accelerators(),
        "stacks": list_stacks(home),
        "platforms": list(PLATFORMS),
    }


def list_engines(home: Path) -> list[dict[str, Any]]:
    """Which engines can run something here: name, available, why."""
    from jupyter_mlpack.engines.engine import LOCAL, open_engine
    from jupyter_mlpack.oci import Store

    engines = []
    for name in LOCAL:
        availability = open_engine(name, Store(home)).probe()
        engines.append({"name": name, "available": availability.available, "why": availability.reason})
    return engines


def list_accelerators() -> list[dict[str, str]]:
    """The rows of the hardware table, also of a platform team's: name, kind, words, note."""
    from jupyter_mlpack.inspection.hardware.images import hardware_images

    return [
        {"name": name, "kind": image.kind, "words": image.words, "note": image.note}
        for name, image in hardware_images().items()
    ]


def list_stacks(home: Path) -> list[dict[str, str]]:
    """The stacks that builds of this machine may choose among; none if its settings are wrong, as a build will say."""
    from jupyter_mlpack.cli.build import BuildCommand
    from jupyter_mlpack.errors import MlpackError

    try:
        command = BuildCommand()
        command.initialize(["--home", str(home)])
        stacks = command.machine().catalog.stacks
    except (MlpackError, SystemExit, OSError):
        return []
    return [describe_stack(stack) for stack in stacks]


def describe_stack(stack: Stack) -> dict[str, str]:
    """Its name, and what it is: ``Debian 12, Python 3.11, no shell``."""
    words = f"{stack.distribution.capitalize()} {stack.version}, Python {stack.python}"
    return {"name": stack.name, "words": words if stack.shell else f"{words}, no shell"}


def list_targets(configured: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where jobs can run beside this machine; one without a name that says why, if the configuration is wrong."""
    from jupyter_mlpack.errors import MlpackError
    from jupyter_mlpack.submission.targets import offer, read_targets
    from jupyter_mlpack.values import JobTarget

    try:
        return [describe_target(target, offer(target)) for target in read_targets(configured).values()]
    except MlpackError as error:
        return [describe_target(JobTarget("", ""), "", why=f"{error} {error.sentence('hint')}".strip())]


def describe_target(target: JobTarget, offer: str, why: str = "") -> dict[str, Any]:
    """What it is called, what it offers in words, and the most that one job gets; zero for no limit (of GPUs, none)."""
    most = {name: getattr(target, name) for name in ("gpus", "cpus", "memory", "seconds", "nodes")}
    accelerators = list(target.accelerators)
    return {
        "name": target.name,
        "engine": target.engine,
        "offer": offer,
        "accelerators": accelerators,
        **most,
        "why": why,
    }
