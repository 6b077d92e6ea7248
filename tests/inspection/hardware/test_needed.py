"""Signs weighed against each other, the kernel's builds among them."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.hardware.builds import find_builds
from jupyter_mlpack.inspection.hardware.needed import SHOWN, weigh
from jupyter_mlpack.inspection.hardware.signal import RULES, Signal, Strength
from jupyter_mlpack.values import Evidence, KernelDistribution, KernelEnvironment, Location


def sign(kind: str, strength: Strength, line: int = 1) -> Signal:
    return Signal(kind, strength, Evidence(RULES[strength], Location("n.ipynb", 1, line), kind))


def kernel(*held: str) -> tuple[Signal, ...]:
    pairs = (one.split("==") for one in held)
    distributions = tuple(KernelDistribution(name, version, "index", ()) for name, version in pairs)
    return find_builds((), (), KernelEnvironment("python3", "3.11.7", distributions))


USES_CUDA = sign("cuda", Strength.SURE)
FRAMEWORK = sign("cuda", Strength.FRAMEWORK)


@pytest.mark.parametrize(
    ("signals", "kind", "optional"),
    [
        ((), "cpu", False),
        ((FRAMEWORK,), "cuda", True),
        ((FRAMEWORK, USES_CUDA), "cuda", False),
        ((USES_CUDA, sign("rocm", Strength.BUILD)), "rocm", False),
        ((USES_CUDA, sign("tpu", Strength.ASKED)), "cuda", False),
        ((sign("tpu", Strength.SURE), sign("neuron", Strength.SURE)), "neuron", False),
        ((sign("mps", Strength.SURE), FRAMEWORK), "cuda", True),
        (kernel("torch==2.5.1+rocm6.2"), "cpu", False),
        ((USES_CUDA, *kernel("torch==2.5.1+rocm6.2")), "rocm", False),
        ((FRAMEWORK, *kernel("torch==2.5.1+rocm6.2")), "rocm", True),
        ((sign("cuda", Strength.BUILD), *kernel("torch==2.5.1+rocm6.2")), "cuda", False),
        ((USES_CUDA, *kernel("torch==2.5.1+cu124")), "cuda", False),
        ((FRAMEWORK, *kernel("torch==2.5.1+cpu")), "cuda", True),
        ((sign("tpu", Strength.SURE), *kernel("torch-neuronx==2.1")), "neuron", False),
    ],
)
def test_weigh__signs__the_strongest_kind(signals: tuple[Signal, ...], kind: str, optional: bool) -> None:
    found = weigh(signals)
    assert (found.kind, found.optional) == (kind, optional)


def test_weigh__kernel_build__is_shown_with_the_codes_own_need() -> None:
    found = weigh((USES_CUDA, *kernel("torch==2.5.1+rocm6.2")))
    assert [evidence.rule for evidence in found.evidence] == ["HW5", "HW9"]


def test_weigh__hundreds_of_signs__a_few_shown_the_strongest_first() -> None:
    signals = [sign("cuda", Strength.FRAMEWORK, line) for line in range(300)]
    found = weigh((*signals, USES_CUDA))
    assert len(found.evidence) <= SHOWN
    assert found.evidence[0].rule == "HW5"


def test_weigh__remote_work__never_a_local_kind() -> None:
    found = weigh((Signal("remote", Strength.SURE, Evidence("HW5", Location("n.ipynb", 1, 1), "import sagemaker")),))
    assert (found.kind, found.remote) == ("cpu", True)
