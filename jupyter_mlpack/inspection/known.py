"""What is known when names and versions are decided: install lines, declarations, the kernel; each as claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.belief import OWN, rank
from jupyter_mlpack.inspection.declarations import Declared, DeclaredRequirement
from jupyter_mlpack.inspection.declarations.page import NO_PLACE
from jupyter_mlpack.inspection.installs import Install
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.inspection.versions import Decision, decide, kernel_pin
from jupyter_mlpack.values import Claim, Evidence, KernelDistribution, KernelEnvironment, Location

MAX_CLAIMS = 8
"""Declarations of one name that are weighed; comparing them costs the square of their number."""

FROM_INDEX = ("index", "conda")
"""Origins whose versions an index holds, too."""


@dataclass(frozen=True)
class Known:
    """What the resolvers may look at, by normalised name: installs (the last one counts), the kernel, declarations."""

    installs: Mapping[str, Install]
    kernel: KernelEnvironment | None = None
    by_module: Mapping[str, KernelDistribution] = field(default_factory=dict)
    declared: Declared = field(default_factory=Declared)
    held: Mapping[str, KernelDistribution] = field(default_factory=dict)
    requirements: Mapping[str, tuple[DeclaredRequirement, ...]] = field(default_factory=dict)
    by_conda: Mapping[str, Install] = field(default_factory=dict)

    def distribution(self, name: str) -> KernelDistribution | None:
        """The kernel's distribution of that name."""
        return self.held.get(normalised(name))

    def decide(self, name: str) -> Decision:
        """Which version of ``name``, by the order of belief."""
        return decide(self.claims(normalised(name)))

    def claims(self, name: str) -> tuple[Claim, ...]:
        """What each source says of the version of ``name``, most believed first."""
        said = self.requirements.get(name, ())[:MAX_CLAIMS]
        found = [(rank(e.source, e.level), Claim(e.source, e.specifier, e.evidence)) for e in said if _speaks(e)]
        install, held = self.installs.get(name) or self.by_conda.get(name), self.held.get(name)
        if install is not None:
            found.append((rank("install"), Claim("install", install.wanted.specifier, install.evidence)))
        if held is not None and re.match(r"^\d[\w.!+]*$", held.version):
            found.append((rank("kernel"), self.kernel_claim(held, kernel_pin(held))))
        return tuple(claim for _, claim in sorted(found, key=lambda pair: pair[0]))

    def kernel_claim(self, held: KernelDistribution, says: str) -> Claim:
        """The kernel as a witness."""
        kernel = self.kernel.kernel if self.kernel else ""
        return Claim("kernel", says, Evidence("KRN1", Location(f"kernel {kernel}"), f"{held.name} {held.version}"))

    def names(self, source: str, name: str) -> bool:
        """Whether install lines, the kernel or the declarations (``binder`` speaks for all files) name it at all."""
        listed = {"install": self.installs, "kernel": self.held}.get(source, self.requirements)
        return normalised(name) in listed

    def witness(self, source: str, name: str, otherwise: Evidence) -> Claim:
        """The claim of ``source`` that a module is in the distribution ``name``; of a file by the file's own source."""
        key = normalised(name)
        if source == "install" and key in self.installs:
            return Claim(source, key, self.installs[key].evidence)
        if source == "kernel" and key in self.held:
            return self.kernel_claim(self.held[key], key)
        said = self.requirements.get(key, ()) if source not in ("install", "kernel") else ()
        return Claim(said[0].source, key, said[0].evidence) if said else Claim(source, key, otherwise)

    def preferred(self, names: Sequence[str]) -> str:
        """Of distributions that serve as well as each other the first that is declared, else the first."""
        return next((name for name in names if normalised(name) in self.requirements), names[0])


def read_known(
    installs: tuple[Install, ...], kernel: KernelEnvironment | None, declared: Declared | None = None
) -> Known:
    """Index the evidence once."""
    distributions = tuple(reversed(kernel.distributions if kernel else ()))
    declared = declared or Declared()
    requirements: dict[str, tuple[DeclaredRequirement, ...]] = {}
    for entry in declared.requirements:
        requirements[entry.name] = (*requirements.get(entry.name, ()), entry)
    return Known(
        {install_name(item): item for item in installs if item.tool == "pip"},
        kernel,
        {module: entry for entry in distributions for module in entry.modules},
        declared,
        {normalised(entry.name): entry for entry in distributions},
        requirements,
        {install_name(item): item for item in installs if item.tool == "conda"},
    )


def _speaks(entry: DeclaredRequirement) -> bool:
    """Files of a folder have no say about what they take from a disk; the notebook's own word is refused aloud."""
    return entry.source in OWN or entry.specifier != NO_PLACE


def install_name(install: Install) -> str:
    """The normalised name of what an install line asks for, placeholders of the index put right."""
    name = normalised(install.wanted.name)
    return tables.renamed().get(name, name)


def prefixes(module: str) -> Iterator[str]:
    """``a.b.c``, ``a.b``, ``a``."""
    parts = module.split(".")
    yield from (".".join(parts[:length]) for length in range(len(parts), 0, -1))
