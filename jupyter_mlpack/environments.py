"""The environment that a notebook runs in where it is not the run image's own Python: one of conda's packages."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, Noticed
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.resolution.pins.choose import USUAL
from jupyter_mlpack.values import BuildPlan, Notice, Target
from jupyter_mlpack.wishes import Machine, Wishes

FILE = ".mlpack/conda.json"
"""Of the application: what the buildpack ``mlpack/conda`` installs."""


def with_conda(wishes: Wishes, target: Target, machine: Machine, emit: Emit) -> tuple[Wishes, Target]:
    """The wishes with their environment solved for ``target``, and the target with its Python; both as they are if none
    is wished for. What the wished files require is required. Raises the leaves of ``ResolutionError``, and
    ``RequirementsUnreadable``.
    """
    wishes = replace(wishes, required=(*listed_lines(wishes, target), *wishes.required))
    if wishes.conda_file is None:
        return wishes, target
    from jupyter_mlpack.resolution.conda import lock_conda

    aimed = replace(target, accelerator=wishes.accelerator or target.accelerator)
    lock = lock_conda(wishes.conda_file, aimed, machine.store.root, python=wishes.python, refresh=wishes.refresh)
    text = (
        f"{lock.file}: {len(lock.packages)} conda packages, Python {lock.python}; their activation scripts are not run."
    )
    emit(Noticed(Notice("conda-environment", text)))
    return replace(wishes, conda=lock, required=(*wishes.required, *lock.pip)), replace(target, python=lock.python)


def listed_lines(wishes: Wishes, target: Target) -> tuple[str, ...]:
    """All that the wished files declare for the target, in the wished groups. Raises ``RequirementsUnreadable``."""
    if not wishes.requirement_files:
        return ()
    from jupyter_mlpack.inspection.declarations.whole import lines_of, read_whole
    from jupyter_mlpack.resolution.pins import choose_pins, read_pins

    lines: list[str] = []
    groups = frozenset(wishes.groups)
    known: set[str] = set()
    for path in wishes.requirement_files:
        kind, entries = read_whole(path, target.python)
        if kind == "lock":
            pins = read_pins(path.name, path.read_text(encoding="utf-8"))
            known |= {group for pin in pins for group in pin.groups}
            lines += choose_pins(path.name, [pin for pin in pins if is_wanted(pin.groups, groups)], target).constraints
        else:
            known |= {entry.group for entry in entries}
            lines += lines_of(path, entries, groups)
    missing = sorted(groups - known)
    if missing:
        raise errors.GroupUnknown(group=missing[0], groups=", ".join(sorted(known - {""})) or "none")
    return tuple(dict.fromkeys(lines))


def is_wanted(groups: tuple[str, ...], wished: frozenset[str]) -> bool:
    """Whether an entry of a lock is of every environment, or of a wished group."""
    return not groups or bool({*USUAL, *wished} & set(groups))


def over_conda(plan: BuildPlan, wishes: Wishes, machine: Machine) -> BuildPlan:
    """The plan with the environment below its packages, if there is one."""
    if wishes.conda is None:
        return plan
    from jupyter_mlpack.resolution.conda.lock import BUILDPACK

    found = next((pack.reference for pack in machine.catalog.buildpacks if pack.id == BUILDPACK), BUILDPACK)
    return wishes.conda.into(plan, found)


def conda_settings(plan: BuildPlan, machine: Machine, folder: Path) -> dict[str, str]:
    """What the buildpack ``mlpack/conda`` may see of this machine; ``folder`` is gone after the build."""
    if not any(file.path == FILE for file in plan.files):
        return {}
    from jupyter_mlpack.resolution.conda.channels import configured_credentials
    from jupyter_mlpack.resolution.conda.solve import write_credentials

    settings = {"BP_CONDA_PYTHON": sys.executable, "BP_CONDA_CACHE": str(machine.store.root.absolute() / "conda")}
    credentials = configured_credentials(os.environ)
    if credentials:
        settings["BP_CONDA_AUTH"] = str(write_credentials(folder, credentials))
    return settings
