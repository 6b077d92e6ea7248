"""The one thing that mends a failure."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values.wire import Json


@dataclass(frozen=True)
class Action:
    """What a button under a failure does. ``label`` is its text.

    ``kind`` is ``retry`` (the same again, with ``choices`` laid over those of the run), ``open-cell`` (the failure's
    location), ``open-packages`` (a person must choose) or ``open-log``.
    """

    kind: str
    label: str
    choices: Mapping[str, Json] = field(default_factory=dict, hash=False)
