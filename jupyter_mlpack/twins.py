"""Training and inference image of one notebook: locked together, so that what both have is the same to the byte.

One lock holds what the notebook, the program that runs it and the program that serves it need; each image has what it
reaches of that, at the same versions (docs/decisions/0036-twins.md).
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, Noticed
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.locking import lock_and_request, lock_packages
from jupyter_mlpack.plan import RUNNER, choose_requirements
from jupyter_mlpack.resolution import LockRequest, resolve
from jupyter_mlpack.resolution.lock import line_name, without_version
from jupyter_mlpack.values import Inspection, Lock, LockedPackage, Notice, Purpose, Target
from jupyter_mlpack.wishes import Machine, Wishes

Sides = tuple[Inspection, Inspection | None]
"""What the whole notebook needs, and what its inference side does, if there is one."""


def lock_twins(sides: Sides, target: Target, wishes: Wishes, machine: Machine, emit: Emit) -> Lock:
    """The lock of the image that is asked for. Raises like ``lock_packages``.

    Where no lock holds both, each image is locked alone, which is told.
    """
    whole, served = sides
    if served is None:
        return lock_packages(whole, target, wishes, machine, emit)
    runners = tuple(line for purpose in Purpose for line in RUNNER[purpose])
    try:
        request, both = lock_and_request(whole, target, replace(wishes, runner=runners), machine, emit)
    except (errors.ResolutionError, errors.InspectionError, errors.InputError) as refusal:
        own = served if wishes.aim is Purpose.INFERENCE else whole
        lock = lock_packages(own, target, wishes, machine, emit)
        text = f"Training and inference image cannot share their packages ({refusal}); this one is locked alone."
        emit(Noticed(Notice("twins-apart", text)))
        return lock
    locks = {}
    for purpose, side in ((Purpose.TRAINING, whole), (Purpose.INFERENCE, served)):
        left = wishes.conda.leave(side) if wishes.conda else side
        lines = choose_requirements(left, RUNNER[purpose], wishes.required, lenient=wishes.lenient)
        beside = request.constraints if wishes.conda else ()
        lock = part(request, both, lines, machine, beside)
        locks[purpose] = wishes.conda.rest(lock) if wishes.conda else lock
    names = [{package.name for package in lock.packages} for lock in locks.values()]
    return replace(locks[wishes.aim], shared=frozenset(names[0] & names[1]))


def part(
    request: LockRequest, both: Lock, lines: Iterable[str], machine: Machine, beside: tuple[str, ...] = ()
) -> Lock:
    """What one of the images reaches of the lock of both: the same question again, its answer known.

    ``beside`` are constraints for what is no part of ``both``: versions of a conda environment.
    """
    wanted, known = tuple(map(without_version, lines)), tuple(map(exactly, both.packages))
    names = {package.name for package in both.packages}
    others = tuple(line for line in beside if line_name(line) not in names)
    asked = replace(request, requirements=wanted, constraints=(*known, *others))
    lock = resolve(asked, machine.store.root / "locks")
    found = {package.name: package for package in both.packages}
    return Lock(tuple(found.get(package.name, package) for package in lock.packages))


def exactly(package: LockedPackage) -> str:
    """The package as a constraint: this version, or this address."""
    return f"{package.name} @ {package.url}" if package.direct else f"{package.name}=={package.version}"
