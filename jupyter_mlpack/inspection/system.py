"""System packages that a notebook asks for: ``apt-get install`` lines, ``apt.txt``, programs that packages call."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.inspection.declarations import Declared
from jupyter_mlpack.inspection.installs import Install
from jupyter_mlpack.values import Dependency, SystemPackage


def find_system(
    installs: Iterable[Install], declared: Declared, dependencies: Iterable[Dependency]
) -> tuple[SystemPackage, ...]:
    """The packages, sorted by name. What shared objects need is told later, from the wheels (``stack/``)."""
    return ()
