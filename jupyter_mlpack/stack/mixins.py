"""Mixins: what a stack promises to have, for buildpacks that ask and for a rebase that must not lose any.

The promise is the recipe's list of packages. What these happen to depend on may change with a security fix, and an
image could then not be moved to it. Targets took the place of stacks; platforms below API 0.12 still compare these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

MIXINS = "io.buildpacks.stack.mixins"
"""The label: a JSON list of names. ``build:`` before a name says that only build images have it."""


def mixins(packages: Iterable[str], build_only: Iterable[str] = ()) -> str:
    """The label's text, in an order of its own: the same packages always make the same image."""
    everywhere = set(packages)
    names = [*sorted(everywhere), *(f"build:{name}" for name in sorted(set(build_only) - everywhere))]
    return json.dumps(names, separators=(",", ":"))
