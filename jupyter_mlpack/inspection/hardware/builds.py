"""Install lines that name a build: ``jax[cuda12]``, ``onnxruntime-gpu``, ``torch==2.1.0+cu118``, ``whl/rocm6.4``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.commands import Command
from jupyter_mlpack.inspection.hardware.facts import names
from jupyter_mlpack.inspection.hardware.signal import KERNEL_RULE, RULES, Signal, Strength
from jupyter_mlpack.inspection.installs import Install
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Evidence, KernelEnvironment, Location

SUFFIX = pattern(r"^(?!nvidia-cuda-).+-cu(?:da)?1[0-9](?:\d|x)?$")
LOCAL = pattern(r"\+(cu1\d\d|rocm[\d.]+)")
INDEX = pattern(r"/(cu1[1-9]\d|rocm-?\d[\d.]*|rocm-rel-[\d.]+)(?:/|$)")
ARGUMENT = pattern(r"^--(?:torch-backend|index)=(cu1\d\d|rocm[\d.]+)$")
NEURON_INDEX = "pip.repos.neuron.amazonaws.com"
TPU_INDEX = "libtpu-releases"


def find_builds(
    commands: Iterable[Command], installs: Iterable[Install], environment: KernelEnvironment | None
) -> tuple[Signal, ...]:
    """What install lines and the kernel's distributions are built for."""
    return (*_install_lines(commands, installs), *_kernel(environment))


def _install_lines(commands: Iterable[Command], installs: Iterable[Install]) -> Iterator[Signal]:
    """What the executed install lines name; lines that only one platform runs are weaker."""
    for install in installs:
        kind, name = _kind_of_install(install), normalised(install.wanted.name)
        if kind:
            yield _signal(kind, install.evidence, weak=install.conditional or name in names("takes"))
    for command in commands:
        for word in command.words if "install" in command.words or "add" in command.words else ():
            kind = _kind_of_word(word)
            if kind:
                found = Evidence("HW4", command.location, _public(word))
                yield _signal(kind, found, weak=command.conditional)


def _kernel(environment: KernelEnvironment | None) -> Iterator[Signal]:
    """What the kernel's distributions are built for. An environment holds more than a notebook uses, and PyTorch's
    usual wheels bring CUDA to machines without a card: these only say which build the code's own need means.
    """
    if environment is None:
        return
    for held in environment.distributions:
        kind = _kind_of_build(normalised(held.name), (), held.version)
        if kind:
            found = Evidence(KERNEL_RULE, Location(environment.kernel), f"the kernel has {held.name} {held.version}")
            yield Signal(kind, Strength.ASKED, found)


def _signal(kind: str, found: Evidence, *, weak: bool) -> Signal:
    strength = Strength.ASKED if weak else Strength.BUILD
    return Signal(kind, strength, replace(found, rule=RULES[strength]))


def _kind_of_install(install: Install) -> str | None:
    wanted = install.wanted
    return _kind_of_build(normalised(wanted.name), wanted.extras, wanted.specifier)


def _kind_of_build(name: str, extras: tuple[str, ...], specifier: str) -> str | None:
    table = {**names("takes"), **names("builds")}
    spelled = (name, *(f"{name}[{extra.lower()}]" for extra in extras))
    kind = next((table[spelling] for spelling in reversed(spelled) if spelling in table), None)
    local = LOCAL.search(specifier)
    if kind is None and (SUFFIX.match(name) or local):
        return "rocm" if local and local.group(1).startswith("rocm") else "cuda"
    return kind


def _kind_of_word(word: str) -> str | None:
    if NEURON_INDEX in word:
        return "neuron"
    if TPU_INDEX in word:
        return "tpu"
    found = (INDEX.search(word) if "://" in word else None) or ARGUMENT.match(word)
    if found is None:
        return None
    return "rocm" if found.group(1).startswith("rocm") else "cuda"


def _public(word: str) -> str:
    return re.sub(r"://[^/\s@]+@", "://***@", word)[:200]
