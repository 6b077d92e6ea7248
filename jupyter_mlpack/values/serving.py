"""What of a notebook answers requests: the predict function and the code that it needs."""

from __future__ import annotations

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values.notebook import Location
from jupyter_mlpack.values.wire import Parameter


@dataclass(frozen=True)
class ServedParameter:
    """A parameter of the predict function. ``annotation`` is its source text; ``default`` counts if ``literal``."""

    name: str
    annotation: str | None = None
    optional: bool = False
    literal: bool = False
    default: Parameter = field(hash=False, default=None)


@dataclass(frozen=True)
class ServedCell:
    """The code of a cell that is kept, from its first kept ``line`` to its last; what was cut between is blank."""

    cell: int
    line: int
    source: str


@dataclass(frozen=True)
class CellFate:
    """What an inference image holds of a code cell. ``kept`` is ``all``, ``part`` or ``none``; ``why`` in words."""

    cell: int
    kept: str
    why: str


@dataclass(frozen=True)
class StillTrains:
    """A statement that would train at every start of the server: ``name`` is what it trains, ``text`` its line."""

    name: str
    location: Location
    text: str


@dataclass(frozen=True)
class Serving:
    """The inference side of a notebook. ``rule`` says why this function: ``metadata``, ``tag`` or ``name``.

    ``files`` are the paths that the kept code loads (as seen from the notebook's folder), there or not.
    ``others`` are further functions that answer under their own names. ``written`` are files that cells write and the
    kept code needs, by path.
    ``unpickles``: objects are read whose classes must be there; ``known`` from what wrote them, ``unknown``, or empty.
    With ``trains`` no image can be made: the model would be trained at each start.
    """

    function: str
    location: Location
    rule: str
    parameters: tuple[ServedParameter, ...]
    returns: str | None
    kept: tuple[ServedCell, ...]
    cells: tuple[CellFate, ...]
    trains: tuple[StillTrains, ...] = ()
    files: tuple[str, ...] = ()
    unpickles: str = ""
    others: tuple[str, ...] = ()
    written: tuple[tuple[str, str], ...] = ()
