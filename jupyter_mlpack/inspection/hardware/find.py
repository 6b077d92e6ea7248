"""``find_hardware``: a notebook -> ``Hardware``, with what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.inspection.installs import Install
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import Conflict, Hardware, Notebook, Notice


@dataclass(frozen=True)
class FoundHardware:
    """The hardware, the sources that disagree, and what else there is to say."""

    hardware: Hardware = field(default_factory=Hardware)
    conflicts: tuple[Conflict, ...] = ()
    notices: tuple[Notice, ...] = ()


def find_hardware(
    notebook: Notebook, imports: Iterable[Import], installs: Iterable[Install], around: Surroundings
) -> FoundHardware:
    """What the notebook declares and needs. ``imports`` are those of packages, ``installs`` the executed lines."""
    return FoundHardware()
