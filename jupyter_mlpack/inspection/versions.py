"""Which version: claims in the order of belief -> one specifier, and who disagrees with it.

Ranges that agree hold together; the first exact version that fits all ranges believed more is the answer. What does
not fit is never averaged: it stays out and is shown as a ``Conflict``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Claim, Conflict, Dependency, KernelDistribution, KernelEnvironment

if TYPE_CHECKING:
    from jupyter_mlpack.inspection.declarations import DeclaredRequirement

PIN = pattern(r"^==[0-9][\w.!]*$")
PLAIN = pattern(r"(?:==|>=|<=)[0-9]{1,9}(?:\.[0-9]{1,9}){0,5}")
"""One bound that is a version itself, as most are: it agrees with itself, and the library need not be loaded."""

LINE = pattern(r"^[a-z0-9-]+==[0-9][\w.!]*$")


@dataclass(frozen=True)
class Decision:
    """The specifier (PEP 440 text or `` @ URL``, empty for open), the claims followed, those that disagree with it."""

    specifier: str = ""
    followed: tuple[Claim, ...] = ()
    against: tuple[Claim, ...] = ()

    @property
    def source(self) -> str:
        """The source that decided; empty if none said anything."""
        return self.followed[0].source if self.followed else ""

    def conflict(self, subject: str) -> Conflict | None:
        """What is to be shown of it."""
        return Conflict(subject, (self.followed[0], *self.against)) if self.against else None


def kernel_pin(held: KernelDistribution) -> str:
    """``==`` the kernel's version, without its local part: ``+cu126`` names a build for one machine, not a release."""
    return f"=={held.version.partition('+')[0]}"


def decide(claims: Iterable[Claim]) -> Decision:
    """The decision between ``claims``, most believed first; a claim that says nothing (an open one) is no claim."""
    ranges: list[Claim] = []
    against: list[Claim] = []
    pin: Claim | None = None
    for claim in claims:
        if claim.says.startswith(" @"):
            if not ranges and pin is None:
                return Decision(claim.says, (claim,))
        elif claim.says:
            followed = [pin] if pin else ranges
            if not agree([*(entry.says for entry in followed), claim.says]):
                against.append(claim)
            elif pin is None and is_pin(claim.says):
                pin = claim
            elif pin is None:
                ranges.append(claim)
    if pin is not None:
        return Decision(pin.says, (pin, *ranges), tuple(against))
    return Decision(_joined(claim.says for claim in ranges), tuple(ranges), tuple(against))


def is_pin(specifier: str) -> bool:
    """Whether it names one version."""
    return re.fullmatch(r"={2,3}[^*,]+", specifier) is not None


def agree(specifiers: Iterable[str]) -> bool:
    """Whether some version satisfies all of them; texts that are no specifiers agree with nothing."""
    texts = list(dict.fromkeys(text for text in specifiers if text))
    if not texts or (len(texts) == 1 and PLAIN.fullmatch(texts[0])):
        return True
    from packaging.specifiers import SpecifierSet

    try:
        allowed = SpecifierSet(",".join(texts), prereleases=True)
        return any(allowed.contains(point) for part in allowed for point in _points(part.version))
    except ValueError:
        return False


def _points(text: str) -> Iterator[str]:
    """Versions among which one lies in every stretch that a bound cuts off: below, at, just above, the next part."""
    from packaging.version import Version

    version = Version(text.removesuffix(".*"))
    release = version.release
    above = (*release[:-1], release[-1] + 1)
    yield from (str(version), version.base_version, f"{version.base_version}.0.0.1", "0")
    yield ".".join(map(str, above))


def _joined(specifiers: Iterable[str]) -> str:
    """All parts once, in the order they were said."""
    parts = (part.strip() for text in specifiers for part in text.split(","))
    return ",".join(dict.fromkeys(part for part in parts if part))


def constraints(
    kernel: KernelEnvironment | None,
    dependencies: tuple[Dependency, ...],
    declared: Iterable[DeclaredRequirement] = (),
) -> tuple[str, ...]:
    """All that the kernel holds from an index, as ``name==version``, sorted; without a kernel what a lock pins.

    What is no version is left out, and what the notebook itself installs in another version. ``declared`` stands in
    the order of belief.
    """
    if kernel is None:
        return _locked(dependencies, declared)
    own = {entry.name: entry.specifier for entry in dependencies}
    held = [
        entry
        for entry in kernel.distributions
        if own.get(normalised(entry.name), kernel_pin(entry)) == kernel_pin(entry)
    ]
    lines = (f"{normalised(entry.name)}{kernel_pin(entry)}" for entry in held if entry.origin == "index")
    return tuple(sorted({line for line in lines if LINE.match(line)}))


def _locked(dependencies: tuple[Dependency, ...], declared: Iterable[DeclaredRequirement]) -> tuple[str, ...]:
    own = {entry.name: entry.specifier for entry in dependencies}
    pins: dict[str, str] = {}
    for entry in declared:
        if entry.source == "lock" and PIN.match(entry.specifier):
            pins.setdefault(entry.name, entry.specifier)
    return tuple(sorted(f"{name}{pin}" for name, pin in pins.items() if own.get(name, pin) == pin))
