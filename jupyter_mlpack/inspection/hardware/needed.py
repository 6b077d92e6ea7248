"""All signs -> ``NeededHardware``: the strongest kind wins; what is only asked for is optional."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.inspection.hardware.signal import KERNEL_RULE, Signal, Strength
from jupyter_mlpack.values import NeededHardware

ORDER = ("neuron", "gaudi", "rocm", "tpu", "cuda", "mps")
"""Of equally strong signs the more special one: Neuron uses ``torch_xla``, ROCm calls its device ``cuda``."""

MEANS = {("cuda", "rocm"): "rocm", ("tpu", "neuron"): "neuron"}
"""(what the code says, what the kernel is built for) -> what is meant: both vendors borrow the other's words."""

SHOWN = 12
"""Pieces of evidence; a long notebook has hundreds that say the same."""


def weigh(signals: Iterable[Signal]) -> NeededHardware:
    """What the code needs. What the kernel is built for only says which kind is meant, where the code needs one."""
    signals = tuple(signals)
    remote = tuple(signal.evidence for signal in signals if signal.kind == "remote")[:SHOWN]
    kernel = [signal for signal in signals if signal.evidence.rule == KERNEL_RULE]
    local = [signal for signal in signals if signal.kind != "remote" and signal not in kernel]
    if not local:
        return NeededHardware("cpu", optional=False, remote=bool(remote), evidence=remote)
    best = min(local, key=lambda signal: (signal.strength, ORDER.index(signal.kind)))
    said = best.kind
    if said == "mps" and any(signal.kind == "cuda" for signal in local):
        said = "cuda"
    same = sorted((signal for signal in local if signal.kind == said), key=lambda signal: signal.strength)
    kind = said
    if same[0].strength is not Strength.BUILD:
        kind = next((MEANS[said, held.kind] for held in kernel if (said, held.kind) in MEANS), said)
    shown = (*same[: SHOWN - 1], *(held for held in kernel if held.kind == kind))
    evidence = tuple(dict.fromkeys(signal.evidence for signal in shown))[:SHOWN]
    return NeededHardware(kind, same[0].strength >= Strength.ASKED, bool(remote), (*evidence, *remote[:1]))
