"""``find_hardware``: a notebook -> ``Hardware``, with what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.hardware.choose import OWN, choose, disagreement
from jupyter_mlpack.inspection.hardware.code import code_signals
from jupyter_mlpack.inspection.hardware.declared import read_declared
from jupyter_mlpack.inspection.hardware.dialects.field import mapping, text
from jupyter_mlpack.inspection.hardware.needed import weigh
from jupyter_mlpack.inspection.hardware.signal import Signal
from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import Conflict, DeclaredHardware, Hardware, Location, Notebook, Notice


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
    notices = [*_not_understood(notebook, declared)]
    if needed.kind == "mps":
        notices.append(Notice("hardware-mps", hardware.reason, needed.evidence[0].location))
    return FoundHardware(hardware, (*conflicts, *disagreement(path, hardware)), tuple(notices))


def _not_understood(notebook: Notebook, declared: DeclaredHardware) -> tuple[Notice, ...]:
    """A choice of hardware that names nothing we know."""
    chosen = mapping(mapping(notebook.metadata.get(OWN)).get("hardware"))
    name = text(chosen.get("accelerator")) or text(chosen.get("instance"))
    if not name or declared.provider == OWN:
        return ()
    words = f"The hardware {name[:100]!r} that was chosen is not known; a class (gpu, tpu, cpu ...) or a model (T4) is."
    return (Notice("hardware-unknown", words, Location(notebook.path.name)),)
