"""``read_declarations``: all that is declared about a notebook's packages, each with its place."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import (
    Claim,
    Declaration,
    Dependency,
    Notebook,
    Notice,
    PackageIndex,
    SystemPackage,
)


@dataclass(frozen=True)
class Declared:
    """What the declarations say: ``python`` are claims of a Python version, ``system`` packages of the distribution."""

    found: tuple[Declaration, ...] = ()
    python: tuple[Claim, ...] = ()
    system: tuple[SystemPackage, ...] = ()
    indexes: tuple[PackageIndex, ...] = ()
    notices: tuple[Notice, ...] = ()


def read_declarations(notebook: Notebook, around: Surroundings) -> Declared:
    """The declarations that belong to ``notebook``."""
    return Declared()


def with_use(declared: Declared, dependencies: tuple[Dependency, ...]) -> tuple[Declaration, ...]:
    """The declarations, each with the names that the notebook needs."""
    return declared.found
