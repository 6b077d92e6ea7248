"""A notebook handed to a target: the target is chosen before the build, by what the notebook says of its hardware."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack.accelerating import KINDS, chosen_row, wanted_arch
from jupyter_mlpack.events import Emit, Event
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.hardware.images import hardware_images
from jupyter_mlpack.ledger import Record
from jupyter_mlpack.pipeline import build_image, inspect
from jupyter_mlpack.plan import default_name
from jupyter_mlpack.submission.choosing import choose_target
from jupyter_mlpack.submission.submitting import Order, Wish, submit_image, with_gpus
from jupyter_mlpack.values import JobTarget, Purpose
from jupyter_mlpack.wishes import Machine, Wishes


def submit_notebook(  # noqa: PLR0913 (each is a different noun)
    path: Path, wishes: Wishes, machine: Machine, targets: Mapping[str, JobTarget], order: Order, *, emit: Emit
) -> Record:
    """Choose the target, build the image for it, and hand that over.

    Raises ``TargetError`` leaves before the build, then what ``build_image`` and ``submit_image`` raise.
    """
    wish, wishes = wish_of_notebook(path, wishes, machine, targets, order, emit=emit)
    image = build_image(path, wishes, machine, emit)
    ordered = replace(wish.order, on=wish.target.name)
    return submit_image(image.reference, targets, ordered, machine.store, emit)


def wish_of_notebook(  # noqa: PLR0913 (each is a different noun)
    path: Path,
    wishes: Wishes,
    machine: Machine,
    targets: Mapping[str, JobTarget],
    order: Order,
    *,
    emit: Emit,
    purpose: Purpose = Purpose.TRAINING,
) -> tuple[Wish, Wishes]:
    """The target for a notebook, and what its build is asked for then. Raises ``TargetError`` leaves."""

    def notices(event: Event) -> None:
        """The build inspects once more and tells what there is to tell."""
        del event

    notebook, inspection = inspect(path, wishes, notices, machine.store.root / "kernels")
    wishes = replace(wishes.over(notebook), purpose=purpose)
    said = wishes.accelerator or chosen_row(notebook) or inspection.hardware.accelerator
    accelerator = said if said in hardware_images() else KINDS.get(said, said)
    needs = with_gpus(order.resources, accelerator, inspection.hardware.declared.count or 0)
    target = choose_target(targets, order.on, needs, f"linux/{wanted_arch(notebook, wishes)}")
    wishes = replace(wishes, accelerator=row_of(target, accelerator) or wishes.accelerator)
    name = wishes.name or default_name(path, purpose)
    ordered = replace(order, resources=needs, notebook=str(path.absolute()))
    return Wish(name, "sha256:" + "0" * 64, target, ordered), wishes


def row_of(target: JobTarget, accelerator: str) -> str:
    """Of a kind of hardware the row that the target names; empty if it names none, or a row was asked for."""
    rows = hardware_images()
    if accelerator in rows and rows[accelerator].kind != accelerator:
        return ""
    return next((name for name in target.accelerators if name in rows and rows[name].kind == accelerator), "")
