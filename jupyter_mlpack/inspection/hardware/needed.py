"""All signs -> ``NeededHardware``: the strongest kind wins; what is only asked for is optional."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.inspection.hardware.signal import Signal, Strength
from jupyter_mlpack.values import NeededHardware

ORDER = ("neuron", "gaudi", "rocm", "tpu", "cuda", "mps")
"""Of equally strong signs the more special one: Neuron uses ``torch_xla``, ROCm calls its device ``cuda``."""

SHOWN = 12
"""Pieces of evidence; a long notebook has hundreds that say the same."""


def weigh(signals: Iterable[Signal]) -> NeededHardware:
    """What the code needs."""
    signals = tuple(signals)
    remote = tuple(signal.evidence for signal in signals if signal.kind == "remote")[:SHOWN]
    local = [signal for signal in signals if signal.kind != "remote"]
    if not local:
        return NeededHardware("cpu", optional=False, remote=bool(remote), evidence=remote)
    best = min(local, key=lambda signal: (signal.strength, ORDER.index(signal.kind)))
    kind = best.kind
    if kind == "mps" and any(signal.kind == "cuda" for signal in local):
        kind = "cuda"
    same = sorted((signal for signal in local if signal.kind == kind), key=lambda signal: signal.strength)
    evidence = tuple(dict.fromkeys(signal.evidence for signal in same))[:SHOWN]
    optional = same[0].strength >= Strength.ASKED
    return NeededHardware(kind, optional, bool(remote), (*evidence, *remote[:1]))
