"""Resolves what buildpacks provide and require into a build plan.

Each buildpack may offer several alternatives. All combinations are tried, the first buildpack's first alternative
with all of the others' first: left to right, depth first. A trial drops optional buildpacks that need what nobody
provides, or provide what nobody needs, and fails when a required one does. A requirement is met by the same buildpack
or an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.lifecycle.records import GroupElement, PlanEntry, PlanSections, Require


@dataclass(frozen=True)
class Passed:
    """A buildpack whose detect passed, and its alternatives in order."""

    element: GroupElement
    alternatives: tuple[PlanSections, ...]

    def options(self) -> Iterator[Option]:
        """The alternatives; an optional buildpack may be dropped only in its last one."""
        last = len(self.alternatives) - 1
        for number, sections in enumerate(self.alternatives):
            yield Option(replace(self.element, optional=self.element.optional and number == last), sections)


@dataclass(frozen=True)
class Option:
    """A buildpack with the alternative that a trial chose."""

    element: GroupElement
    sections: PlanSections


@dataclass(frozen=True)
class Resolution:
    """The buildpacks that take part, and the plan."""

    group: tuple[GroupElement, ...]
    plan: tuple[PlanEntry, ...]


@dataclass
class _Need:
    """One name of a trial while it is summed up."""

    providers: list[GroupElement] = field(default_factory=list)
    unused: list[GroupElement] = field(default_factory=list)
    early: list[GroupElement] = field(default_factory=list)
    requires: list[Require] = field(default_factory=list)


def resolve_plan(passed: Sequence[Passed]) -> Resolution | tuple[str, ...]:
    """The first resolution found, or the reasons why each trial failed (each once, in the order met)."""
    reasons: dict[str, None] = {}
    for trial in product(*(result.options() for result in passed)):
        outcome = _run_trial(trial)
        if isinstance(outcome, Resolution):
            return outcome
        reasons[outcome] = None
    return tuple(reasons)


def _run_trial(trial: tuple[Option, ...]) -> Resolution | str:
    while True:
        needs = _sum_up(trial)
        complaints = list(_complaints(needs))
        if not complaints:
            break
        for element, complaint in complaints:
            if not element.optional:
                return complaint
        dropped = {element for element, _ in complaints}
        trial = tuple(option for option in trial if option.element not in dropped)
    if not trial:
        return "no buildpack is left"
    group = tuple(replace(option.element, optional=False) for option in trial)
    return Resolution(group, tuple(_entry(need) for need in needs.values()))


def _sum_up(trial: tuple[Option, ...]) -> dict[str, _Need]:
    needs: dict[str, _Need] = {}
    for option in trial:
        for name in option.sections.provides:
            needs.setdefault(name, _Need()).unused.append(option.element)
        for require in option.sections.requires:
            need = needs.setdefault(require.name, _Need())
            need.providers += need.unused
            need.unused = []
            if need.providers:
                need.requires.append(require)
            else:
                need.early.append(option.element)
    return dict(sorted(needs.items()))


def _complaints(needs: dict[str, _Need]) -> Iterator[tuple[GroupElement, str]]:
    for name, need in needs.items():
        yield from ((element, f"{element.reference} requires {name}, which nobody provides") for element in need.early)
    for name, need in needs.items():
        yield from ((element, f"{element.reference} provides {name}, which nobody requires") for element in need.unused)


def _entry(need: _Need) -> PlanEntry:
    providers = tuple(GroupElement(element.id, element.version) for element in need.providers)
    return PlanEntry(providers, tuple(need.requires))
