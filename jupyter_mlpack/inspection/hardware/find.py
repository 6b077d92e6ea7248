"""``find_hardware``: a notebook -> ``Hardware``, with what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.hardware.choose import choose, disagreement
from jupyter_mlpack.inspection.hardware.code import code_signals
from jupyter_mlpack.inspection.hardware.declared import read_declared
from jupyter_mlpack.inspection.hardware.needed import weigh
from jupyter_mlpack.inspection.hardware.signal import Signal
from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import Conflict, Hardware, Notebook, Notice


@dataclass(frozen=True)
class FoundHardware:
    """The hardware, the sources that disagree, and what else there is to say."""

    hardware: Hardware = field(default_factory=Hardware)
    conflicts: tuple[Conflict, ...] = ()
    notices: tuple[Notice, ...] = ()


def find_hardware(
    notebook: Notebook, imports: Iterable[Import], builds: Iterable[Signal], around: Surroundings
) -> FoundHardware:
    """What the notebook declares and needs. ``imports`` are those of packages, ``builds`` what ``find_builds`` told."""
    path = notebook.path.name
    declared, conflicts = read_declared(notebook, around)
    needed = weigh((*builds, *code_signals(path, notebook.cells, imports)))
    hardware = choose(declared, needed)
    notices = (Notice("hardware-mps", hardware.reason, needed.evidence[0].location),) if needed.kind == "mps" else ()
    return FoundHardware(hardware, (*conflicts, *disagreement(path, hardware)), notices)
