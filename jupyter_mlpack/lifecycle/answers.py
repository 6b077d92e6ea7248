"""What ``bin/detect`` of a buildpack said."""

from __future__ import annotations

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.records import PlanSections

PASS, FAIL, ERROR = 0, 100, -1


@dataclass(frozen=True)
class Answer:
    """How one ``bin/detect`` ended: exit status, its output, the alternatives of its plan."""

    status: int
    output: str
    alternatives: tuple[PlanSections, ...] = ()
