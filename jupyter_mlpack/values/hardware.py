"""Hardware: what a notebook's metadata declares, and what its code needs: two values, which may disagree."""

from __future__ import annotations

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values.notebook import Evidence


@dataclass(frozen=True)
class DeclaredHardware:
    """What the metadata alone says. ``memory`` is GB of one accelerator, ``count`` how many there are.

    ``class_`` (``class`` in JSON) is ``gpu``, ``tpu``, ``neuron``, ``gaudi``, ``cpu`` where that is said, or ``none``
    where nothing is said. ``provider`` is the dialect that spoke (``colab``, ``kaggle``, ``sagemaker-studio``, ...).
    ``compute_capability`` is NVIDIA's (``7.5``). What is not known is ``None``.
    """

    class_: str = "none"
    vendor: str | None = None
    model: str | None = None
    count: int | None = None
    memory: int | None = None
    compute_capability: str | None = None
    provider: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class NeededHardware:
    """What the code needs. ``kind`` is ``cpu``, ``cuda``, ``rocm``, ``tpu``, ``neuron``, ``gaudi`` or ``mps``.

    ``optional`` says that the code asks first and also runs on a CPU. ``remote`` says that the accelerators it names
    belong to jobs that it starts elsewhere; those never pick the image.
    """

    kind: str = "cpu"
    optional: bool = False
    remote: bool = False
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Hardware:
    """Both, and ``accelerator``: what an image for this notebook is suggested to be made for, with its ``reason``."""

    declared: DeclaredHardware = field(default_factory=DeclaredHardware)
    needed: NeededHardware = field(default_factory=NeededHardware)
    accelerator: str = "cpu"
    reason: str = "Nothing in the notebook asks for an accelerator."
