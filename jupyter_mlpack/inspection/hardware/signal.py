"""One sign of a need for hardware, and how strongly it speaks."""

from __future__ import annotations

from enum import IntEnum

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.values import Evidence


class Strength(IntEnum):
    """From the strongest to the weakest; the first two need the hardware, the others only take it."""

    BUILD = 1
    SURE = 2
    ASKED = 3
    FRAMEWORK = 4


RULES = {Strength.BUILD: "HW4", Strength.SURE: "HW5", Strength.ASKED: "HW6", Strength.FRAMEWORK: "HW7"}
"""Rule codes: an install line names a build; unconditional use; asked for first; a framework that takes what is there.

``HW0`` is our own key, ``HW1`` a file beside the notebook, ``HW2`` a provider's metadata, ``HW3`` the kernel's name,
``HW8`` work that is started elsewhere, ``HW9`` what the kernel's distributions are built for."""

KERNEL_RULE = "HW9"


@dataclass(frozen=True)
class Signal:
    """``kind`` is ``cuda``, ``rocm``, ``tpu``, ``neuron``, ``gaudi``, ``mps``, or ``remote``."""

    kind: str
    strength: Strength
    evidence: Evidence
