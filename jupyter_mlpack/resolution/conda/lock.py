"""The packages of a conda environment, and what they leave to be found on the index."""

from __future__ import annotations

import json
from collections.abc import Mapping

from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.resolution.conda.package import CondaPackage
from jupyter_mlpack.resolution.lock import line_name
from jupyter_mlpack.resolution.pins import FolderLock
from jupyter_mlpack.values import BuildPlan, Inspection, Lock, PlannedFile

FILE = ".mlpack/conda.json"
"""Of the application: what the buildpack ``mlpack/conda`` installs."""

BUILDPACK, BEFORE = "mlpack/conda", "mlpack/packages"


@dataclass(frozen=True)
class CondaLock:
    """Exact packages for one target, sorted by name; ``pip`` are PEP 508 lines of the same file.

    ``hashes`` are those of the files of ``pip``'s releases, by ``name==version``.
    """

    file: str
    platform: str
    packages: tuple[CondaPackage, ...]
    pip: tuple[str, ...] = ()
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)

    @property
    def python(self) -> str:
        """``3.11``; empty if the environment has no Python."""
        found = next((package.version for package in self.packages if package.name == "python"), "")
        return ".".join(found.split(".")[:2])

    @property
    def provided(self) -> dict[str, str]:
        """Version by Python distribution."""
        return {package.distribution: package.version for package in self.packages if package.distribution}

    def leave(self, inspection: Inspection) -> Inspection:
        """What is still to be found on an index, in versions that fit what the environment has.

        Imports that nobody knows are taken to be the environment's: its packages are not looked into before a build.
        """
        provided = self.provided
        wanted = (item for item in inspection.dependencies if normalised(item.name) not in provided)
        pins = (f"{name}=={version}" for name, version in provided.items())
        others = (line for line in inspection.constraints if line_name(line) not in provided)
        return replace(
            inspection, dependencies=tuple(wanted), constraints=tuple(sorted((*others, *pins))), unresolved=()
        )

    def knowing(self, folder: FolderLock) -> FolderLock:
        """The lock beside the notebook with the hashes that this file has."""
        if not self.hashes:
            return folder
        return replace(folder, path=folder.path or self.file, hashes={**folder.hashes, **self.hashes})

    def rest(self, lock: Lock) -> Lock:
        """The lock without what the environment has."""
        return Lock(tuple(package for package in lock.packages if normalised(package.name) not in self.provided))

    def into(self, plan: BuildPlan, buildpack: str) -> BuildPlan:
        """The plan with the environment below its packages. ``buildpack`` is the reference of ``mlpack/conda``."""
        content = {"file": self.file, "platform": self.platform, "packages": [one.row for one in self.packages]}
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        files = [replace(one, text=_told(one.text or "")) if one.path == BUILD else one for one in plan.files]
        files.append(PlannedFile(FILE, text=text))
        at = next((place for place, name in enumerate(plan.order) if name.startswith(f"{BEFORE}@")), len(plan.order))
        order = (*plan.order[:at], buildpack, *plan.order[at:])
        return replace(plan, files=tuple(sorted(files, key=lambda one: one.path)), order=order)


BUILD = ".mlpack/build.json"


def _told(text: str) -> str:
    """``build.json`` says whose Python the packages are for."""
    return json.dumps({**json.loads(text), "conda": True}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
