"""Which hardware an image is made for: by name, else by what the notebook declares and needs; and its lock.

A suggestion is a kind (``cuda``), a target one row of the table (``cuda13``): the first of the kind whose lock holds
exactly its CUDA. TensorFlow is built for CUDA 12, a P100 has code in wheels for 12 only: both decide so by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, Event, Noticed
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.choices import KEY
from jupyter_mlpack.inspection.hardware.images import HardwareImage, hardware_image, hardware_images
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Inspection, Lock, Notebook, Notice, Target
from jupyter_mlpack.wishes import Wishes

KINDS = {"gpu": "cuda", "nvidia": "cuda", "amd": "rocm"}
"""Other words for the kinds of the table."""
NAMED = pattern(r"(?:^|[-\[,+])cu(?:da)?(1\d)(?:\d|x)?(?=$|[-\],<>=!~;\s])")
"""A line of CUDA in a requirement: ``cudf-cu12``, ``jax[cuda12]``, ``torch==2.8.0+cu126``."""

Locked = Callable[[Target, Emit], Lock]
"""Makes the lock for a target."""


def lock_for_hardware(
    images: Iterable[HardwareImage], inspection: Inspection, target: Target, emit: Emit, locked: Locked
) -> tuple[Target, Lock]:
    """The target with the first of these accelerators that has a lock, and the lock. Raises what the first raises."""
    first: errors.MlpackError | None = None
    for image in images:
        told: list[Event] = []
        try:
            aimed = aim(target, image)
            lock = locked(aimed, told.append)
        except (errors.ResolutionError, errors.HardwareError) as refusal:
            first = first or refusal
            continue
        for event in told:
            emit(event)
        for notice in notices(inspection, image):
            emit(Noticed(notice))
        return aimed, lock
    assert first is not None
    raise first


def candidates(notebook: Notebook | None, inspection: Inspection, wishes: Wishes) -> Iterator[HardwareImage]:
    """What comes into question, the likeliest first. Raises ``AcceleratorUnknown``."""
    chosen = wishes.accelerator or chosen_row(notebook) or inspection.hardware.accelerator
    if chosen in hardware_images():
        yield hardware_image(chosen)
        return
    kind = KINDS.get(chosen, chosen)
    rows = [image for name, image in hardware_images().items() if image.kind == kind and image.name == name]
    if not rows:
        raise errors.AcceleratorUnknown(accelerator=chosen, available=", ".join(hardware_images()))
    wanted = named_lines(inspection, wishes)
    capability = number(inspection.hardware.declared.compute_capability or "")
    yield from sorted(
        rows,
        key=lambda image: (
            bool(capability) and capability < number(image.capability),
            bool(wanted) and image.cuda not in wanted,
            -int(image.cuda or 0),
        ),
    )


def wanted_arch(notebook: Notebook | None, wishes: Wishes) -> str:
    """The architecture of the image; a Mac's is known."""
    row = hardware_images().get(wishes.accelerator or chosen_row(notebook))
    return row.arch if row and row.kind == "cpu" and row.arch else wishes.arch


def chosen_row(notebook: Notebook | None) -> str:
    """The row that the notebook's choices name under ``hardware.accelerator``; classes and models name none."""
    choices = notebook.metadata.get(KEY) if notebook else None
    said = choices.get("hardware") if isinstance(choices, dict) else None
    name = said.get("accelerator") if isinstance(said, dict) else None
    return name if isinstance(name, str) and name in hardware_images() else ""


def named_lines(inspection: Inspection, wishes: Wishes) -> set[str]:
    """The lines of CUDA that requirements name; what only our table of imports says does not count."""
    said = (item.requirement for item in inspection.dependencies if item.resolved_by != "table")
    lines = (*said, *wishes.required, *wishes.allowed_indexes)
    return {found.group(1) for line in lines for found in NAMED.finditer(line)}


def number(version: str) -> tuple[int, ...]:
    """``7.5`` for comparing."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def aim(target: Target, image: HardwareImage) -> Target:
    """The target for the hardware. Raises ``ArchitectureUnfit``."""
    if image.arch and image.arch != target.arch:
        raise errors.ArchitectureUnfit(accelerator=image.words, fits=image.arch, arch=target.arch)
    return replace(target, accelerator=image.name)


def notices(inspection: Inspection, image: HardwareImage) -> Iterator[Notice]:
    """What the table tells of the hardware."""
    evidence = inspection.hardware.declared.evidence or inspection.hardware.needed.evidence
    if image.note:
        yield Notice("hardware-note", image.note, evidence[0].location if evidence else None)
