"""An inspection -> the lock of its image: as strict as the sources allow, then less so, and each step is told.

What no index has is made into wheels first. Of the indexes that the notebook names, the allowed ones are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from jupyter_mlpack.errors import MlpackError, PackagingError, ResolutionError
from jupyter_mlpack.events import Emit, Noticed
from jupyter_mlpack.inspection.kernel import read_holdings
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.plan import choose_requirements
from jupyter_mlpack.resolution import LockRequest, Packaged, allow_indexes, package_holdings, resolve
from jupyter_mlpack.resolution.lock import line_name
from jupyter_mlpack.values import Dependency, Inspection, Location, Lock, Notice, PythonVersion, Target
from jupyter_mlpack.wishes import Machine, Wishes

FILES = frozenset(["DCL3", "DCL4", "DCL5", "DCL6", "DCL7"])
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
    try:
        return first_lock(inspection, target, wishes, machine, emit)
    except (ResolutionError, PackagingError) as refusal:
        refusal.location = refusal.location or blamed(refusal, inspection)
        raise


def blamed(refusal: MlpackError, inspection: Inspection) -> Location | None:
    """The cell that asks for the package that a refusal names; an install line before an import."""
    said = next((str(refusal.data[key]) for key in ("package", "release", "name") if key in refusal.data), "")
    needed = (item for item in inspection.dependencies if said and normalised(item.name) == line_name(said))
    entries = [entry for item in needed for entry in item.evidence if entry.location.cell]
    entries.sort(key=lambda entry: entry.rule.startswith("IMP"))
    return entries[0].location if entries else None


def first_lock(inspection: Inspection, target: Target, wishes: Wishes, machine: Machine, emit: Emit) -> Lock:
    """``lock_packages``, its refusals without a place."""
    packaged = package_local(inspection, target, wishes, machine)
    settings, refusals = allow_indexes(machine.index_settings, inspection.indexes, wishes.allowed_indexes)
    for notice in refusals:
        emit(Noticed(notice))
    first: ResolutionError | None = None
    for attempt in attempts(inspection):
        asked = attempt.inspection
        requirements = choose_requirements(asked, wishes.aim, wishes.required, lenient=wishes.lenient)
        constraints = (*asked.constraints, *packaged.addresses)
        request = LockRequest(requirements, constraints, target, settings, packaged.wheels)
        try:
            lock = resolve(request, machine.store.root / "locks", refresh=wishes.refresh)
        except ResolutionError as refusal:
            first = first or refusal
            continue
        if first is not None:
            text = f"Not all {attempt.left} can be had for the image ({first}); the others were chosen anew."
            emit(Noticed(Notice("versions-left", text)))
        packaged.check(lock)
        return lock
    assert first is not None
    raise first


def attempts(inspection: Inspection) -> Iterator[Attempt]:
    """All that was found; without the versions that only accompany it; without those of the folder's files, too."""
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
