"""What is declared, in the order of belief; sources that disagree are told, never averaged.

1. our own key in the metadata; 2. a file beside the notebook; 3. the metadata of one provider; 4. the kernel's name.
Among providers, the one that wrote last comes first: Kaggle, Studio, Databricks and Workbench write their keys anew
when they save, while Colab's keys are carried along by everybody who saves a notebook that began there.
"""

from __future__ import annotations

from jupyter_mlpack.inspection.hardware import dialects
from jupyter_mlpack.inspection.hardware.side_files import read_side_file
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import Claim, Conflict, DeclaredHardware, Notebook

PROVIDERS = (
    dialects.read_kaggle,
    dialects.read_instance,
    dialects.read_databricks,
    dialects.read_workbench,
    dialects.read_kale,
    dialects.read_colab,
    dialects.read_deepnote,
    dialects.read_azureml,
)


def read_declared(notebook: Notebook, around: Surroundings) -> tuple[DeclaredHardware, tuple[Conflict, ...]]:
    """The most believed declaration, and the conflict with others if there is one."""
    metadata = tuple(read(notebook) for read in PROVIDERS)
    kernel = dialects.read_kernel_name(notebook)
    heard = (dialects.read_own(notebook), read_side_file(notebook, around), *metadata, *kernel)
    known = [declared for declared in heard if declared is not None]
    speaking = [declared for declared in known if declared.class_ != "none"]
    if not speaking:
        return (_fingerprint(known), ())
    first = speaking[0]
    others = [declared for declared in speaking[1:] if disagree(first, declared)]
    conflicts = (Conflict("hardware", tuple(map(claim, (first, *others)))),) if others else ()
    return first, conflicts


def _fingerprint(silent: list[DeclaredHardware]) -> DeclaredHardware:
    """The provider of a notebook that says nothing of hardware: the kernel's name knows better than Colab's marks."""
    return min(silent, key=lambda declared: declared.provider == "colab", default=DeclaredHardware())


def disagree(one: DeclaredHardware, other: DeclaredHardware) -> bool:
    """Whether two declarations cannot both be true. What one leaves open is no disagreement."""
    pairs = ((one.class_, other.class_), (one.vendor, other.vendor), (one.model, other.model))
    return any(left and right and left != right for left, right in pairs)


def claim(declared: DeclaredHardware) -> Claim:
    """A declaration as one side of a conflict."""
    return Claim(declared.provider or "kernel name", spoken(declared), declared.evidence[0])


def spoken(declared: DeclaredHardware) -> str:
    """``2 x T4``, ``gpu``, ``cpu``: the shortest words for it."""
    what = declared.model or declared.class_
    return f"{declared.count} x {what}" if declared.count and declared.count > 1 else what
