"""An inspection -> the lock of its image: as strict as the sources allow, then less so, and each step is told.

What no index has is made into wheels first. Of the indexes that the notebook names, the allowed ones are asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, Noticed
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.kernel import read_holdings
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.inspection.versions import agree
from jupyter_mlpack.plan import RUNNER, choose_requirements
from jupyter_mlpack.preflight import card_bounds
from jupyter_mlpack.resolution import LockRequest, Packaged, allow_indexes, package_holdings, resolve
from jupyter_mlpack.resolution.lock import line_name
from jupyter_mlpack.resolution.pins import FolderLock, find_lock
from jupyter_mlpack.values import Dependency, Inspection, Location, Lock, Notice, PythonVersion, Target
from jupyter_mlpack.wishes import Machine, Wishes

LOCK = "DCL3"
FILES = frozenset([LOCK, "DCL4", "DCL5", "DCL6", "DCL7"])
"""Rules of evidence of files in the folder: they inform, so they may be left aside when nothing satisfies them."""


@dataclass(frozen=True)
class Attempt:
    """What to resolve; ``left`` names, for people, what was left aside for it."""

    inspection: Inspection
    left: str = ""


def wanted_python(inspection: Inspection, wishes: Wishes) -> PythonVersion:
    """The user's Python, else the notebook's."""
    return PythonVersion(wishes.python, "user") if wishes.python else inspection.python


def lock_packages(inspection: Inspection, target: Target, wishes: Wishes, machine: Machine, emit: Emit) -> Lock:
    """The lock of the first attempt that has one. Raises the refusal of the first, which is about what was asked."""
    return lock_and_request(inspection, target, wishes, machine, emit)[1]


def lock_and_request(
    inspection: Inspection, target: Target, wishes: Wishes, machine: Machine, emit: Emit
) -> tuple[LockRequest, Lock]:
    """``lock_packages``, and the request that it answers."""
    try:
        return first_lock(inspection, target, wishes, machine, emit)
    except (errors.ResolutionError, errors.PackagingError) as refusal:
        refusal.location = refusal.location or blamed(refusal, inspection)
        raise


def blamed(refusal: errors.MlpackError, inspection: Inspection) -> Location | None:
    """The cell that asks for the package that a refusal names; an install line before an import."""
    said = next((str(refusal.data[key]) for key in ("package", "release", "name") if key in refusal.data), "")
    needed = (item for item in inspection.dependencies if said and normalised(item.name) == line_name(said))
    entries = [entry for item in needed for entry in item.evidence if entry.location.cell]
    entries.sort(key=lambda entry: entry.rule.startswith("IMP"))
    return entries[0].location if entries else None


def first_lock(
    inspection: Inspection, target: Target, wishes: Wishes, machine: Machine, emit: Emit
) -> tuple[LockRequest, Lock]:
    """``lock_and_request``, its refusals without a place."""
    inspection = wishes.conda.leave(inspection) if wishes.conda else inspection
    packaged = package_local(inspection, target, wishes, machine)
    settings, refusals = allow_indexes(machine.index_settings, inspection.indexes, wishes.allowed_indexes)
    for notice in refusals:
        emit(Noticed(notice))
    folder = find_lock(inspection, wishes.folder, target)
    inspection, beside = follow_lock(inspection, folder)
    folder = wishes.conda.knowing(folder) if wishes.conda else folder
    first: errors.ResolutionError | None = None
    runner = RUNNER[wishes.aim] if wishes.runner is None else wishes.runner
    for attempt in attempts(inspection, beside):
        asked = attempt.inspection
        requirements = choose_requirements(asked, runner, wishes.required, lenient=wishes.lenient)
        constraints = (*asked.constraints, *packaged.addresses)
        bounds = card_bounds(inspection.hardware, target)
        request = LockRequest(requirements, constraints, target, settings, packaged.wheels, folder, bounds=bounds)
        try:
            lock = resolve(request, machine.store.root / "locks", refresh=wishes.refresh)
        except errors.HashNotInLock:
            raise
        except errors.ResolutionError as refusal:
            first = first or refusal
            continue
        if first is not None:
            text = f"Not all {attempt.left} can be had for the image ({first}); the others were chosen anew."
            emit(Noticed(Notice("versions-left", text)))
        packaged.check(lock)
        return request, wishes.conda.rest(lock) if wishes.conda else lock
    assert first is not None
    raise first


def follow_lock(inspection: Inspection, folder: FolderLock) -> tuple[Inspection, tuple[str, ...]]:
    """The inspection with the versions that a lock of the folder holds for this target, and what it adds to a kernel's.

    Inspection has read the lock for a usual target: a distribution may be locked in several versions.
    """
    inspection = replace(inspection, dependencies=tuple(relocked(item, folder) for item in inspection.dependencies))
    own = {normalised(item.name): item.specifier for item in inspection.dependencies}
    pins = tuple(line for line in folder.constraints if may_hold(line, own.get(line_name(line), "")))
    if inspection.python.source != "kernel":
        return (replace(inspection, constraints=pins) if pins else inspection), ()
    held = {line_name(line) for line in inspection.constraints} | set(own)
    return inspection, tuple(line for line in pins if line_name(line) not in held)


def relocked(item: Dependency, folder: FolderLock) -> Dependency:
    """A dependency whose version the lock decided, in the one that it holds for the target."""
    name = normalised(item.name)
    version = folder.versions.get(name)
    locked = any(entry.rule == LOCK for entry in item.evidence)
    if version and locked and item.specifier.removeprefix("==") in folder.known[name] - {version}:
        return replace(item, specifier=f"=={version}")
    return item


def may_hold(pin: str, specifier: str) -> bool:
    """Whether a pin of the lock leaves room for what is asked for anyway."""
    return not specifier.startswith(" @") and agree([specifier, f"=={pin.partition('==')[2]}"])


def attempts(inspection: Inspection, beside: tuple[str, ...] = ()) -> Iterator[Attempt]:
    """All that was found; without the versions that only accompany it; without those of the folder's files, too.

    ``beside`` is what a lock of the folder pins and the kernel does not hold.
    """
    if beside:
        yield Attempt(replace(inspection, constraints=(*inspection.constraints, *beside)))
        yield Attempt(inspection, "versions of the folder's lock")
    else:
        yield Attempt(inspection)
    whose = "versions of the kernel" if inspection.python.source == "kernel" else "versions of the folder's lock"
    if inspection.constraints:
        yield Attempt(replace(inspection, constraints=()), whose)
    relaxed = tuple(without_version(item) if is_declared(item) else item for item in inspection.dependencies)
    if relaxed != inspection.dependencies:
        left = "versions that the folder's files declare"
        yield Attempt(replace(inspection, constraints=(), dependencies=relaxed), left)


def is_declared(dependency: Dependency) -> bool:
    """Whether the version comes from a file of the folder."""
    return dependency.resolved_by == "declaration" and any(entry.rule in FILES for entry in dependency.evidence)


def without_version(dependency: Dependency) -> Dependency:
    """The same distribution in any version."""
    return replace(dependency, specifier="")


def allowed_machine(inspection: Inspection, wishes: Wishes, machine: Machine) -> Machine:
    """The machine with the indexes that the user allows: the buildpacks install from where the lock was made."""
    settings, _ = allow_indexes(machine.index_settings, inspection.indexes, wishes.allowed_indexes)
    return replace(machine, index_settings=settings)


def package_local(inspection: Inspection, target: Target, wishes: Wishes, machine: Machine) -> Packaged:
    """Wheels of what the kernel holds and no index has, as far as the notebook needs it; none if it was not asked."""
    spoke = any(item.packaged or item.resolved_by == "kernel" for item in inspection.dependencies)
    if not spoke and not inspection.constraints:
        return Packaged()
    holdings = read_holdings(inspection.kernel, cache=machine.store.root / "kernels")
    folder = machine.store.root / "wheels"
    return package_holdings(inspection.dependencies, wishes.required, holdings, target, folder)
