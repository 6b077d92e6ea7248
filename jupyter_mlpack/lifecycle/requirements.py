"""What each buildpack of a group is asked to provide, while the ones before it take their turns."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.lifecycle.records import PlanEntry, Require


def requires_of(plan: Iterable[PlanEntry], buildpack_id: str) -> tuple[Require, ...]:
    """What a buildpack is asked to provide."""
    mine = (entry for entry in plan if buildpack_id in {provider.id for provider in entry.providers})
    return tuple(require for entry in mine for require in entry.requires)


def without_met(plan: tuple[PlanEntry, ...], buildpack_id: str, unmet: frozenset[str]) -> tuple[PlanEntry, ...]:
    """The plan without what the buildpack met: later buildpacks are asked only for what it left unmet."""
    met = {require.name for require in requires_of(plan, buildpack_id)} - unmet
    return tuple(entry for entry in plan if not met & {require.name for require in entry.requires})
