"""Which version: the kernel's exact one, an install line's word, and the constraints that hold for all the rest."""

from __future__ import annotations

import re

from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.values import Dependency, Evidence, KernelDistribution, KernelEnvironment, Notice


def kernel_pin(held: KernelDistribution) -> str:
    """``==`` the kernel's version, without its local part: ``+cu126`` names a build for one machine, not a release."""
    return f"=={held.version.partition('+')[0]}"


def choose_specifier(
    name: str, own: str, held: KernelDistribution | None, evidence: list[Evidence]
) -> tuple[str, Notice | None]:
    """The kernel's exact version if the install line allows it, else the install line's word and a notice of that."""
    if held is None or own.startswith(" @"):
        return own, None
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        allowed = SpecifierSet(own, prereleases=True).contains(Version(held.version).public)
    except InvalidVersion:
        return own, None
    if allowed:
        return kernel_pin(held), None
    text = f"The notebook installs {name}{own}, the kernel holds {held.version}; the install line was followed."
    return own, Notice("version-conflict", text, evidence[0].location)


def constraints(kernel: KernelEnvironment | None, dependencies: tuple[Dependency, ...]) -> tuple[str, ...]:
    """All that the kernel holds from an index, as ``name==version``, sorted.

    What is no version is left out, and what the notebook itself installs in another version.
    """
    own = {entry.name: entry.specifier for entry in dependencies}
    held = [
        entry
        for entry in (kernel.distributions if kernel else ())
        if own.get(normalised(entry.name), kernel_pin(entry)) == kernel_pin(entry)
    ]
    lines = (f"{normalised(entry.name)}{kernel_pin(entry)}" for entry in held if entry.origin == "index")
    return tuple(sorted({line for line in lines if re.match(r"^[a-z0-9-]+==[0-9][\w.!]*$", line)}))
