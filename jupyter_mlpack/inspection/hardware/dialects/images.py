"""Names of kernels and images: ``pytorch-2.0.0-gpu-py310``, ``aws_neuron_venv_pytorch``, ``common-cpu.m95``."""

from __future__ import annotations

import re

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.hardware.dialects.field import evidence, mapping, text
from jupyter_mlpack.inspection.hardware.facts import hardware_table
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import DeclaredHardware, Notebook

IMAGE = pattern(r"arn:aws[\w-]*:sagemaker:[^/]*:image(?:-version)?/(.+)$")
STUDIO = "__SAGEMAKER_INTERNAL__"


def read_words(name: str, declared: DeclaredHardware) -> DeclaredHardware:
    """``declared`` with the class and the vendor that the words of ``name`` speak of; unchanged if none does."""
    parts = {re.sub(r"\d+$", "", part) for part in re.split(r"[^a-z0-9]+", name.lower())}
    parts |= {"cuda"} if re.search(r"(?:^|[^a-z0-9])cu1\d\d(?:[^0-9]|$)", name.lower()) else set()
    for word, row in hardware_table()["words"].items():
        if word in parts:
            return replace(declared, class_=row["class"], vendor=row.get("vendor"))
    return declared


def kernel_image(notebook: Notebook) -> str:
    """The kernel's name, or the image in it where SageMaker Studio wrote an address."""
    found = IMAGE.search(notebook.kernel or "")
    return found.group(1) if found else notebook.kernel or ""


def read_kernel_name(notebook: Notebook) -> tuple[DeclaredHardware, ...]:
    """What the kernel's name says, then what its display name says; either may be missing.

    A display name is free text that goes stale; it is asked only where Studio wrote it (``... GPU Optimized)``).
    """
    display = text(mapping(notebook.metadata.get("kernelspec")).get("display_name"))
    studio = STUDIO in (notebook.kernel or "")
    said = [("kernelspec.image" if studio else "kernelspec.name", kernel_image(notebook))]
    if studio or "PU Optimized)" in display:
        said.append(("kernelspec.display_name", display))
    provider = _provider(notebook)
    read = (
        read_words(value, DeclaredHardware(provider=provider, evidence=(evidence(notebook, key, value, "HW3"),)))
        for key, value in said
    )
    spoken = tuple(declared for declared in read if declared.class_ != "none")
    return spoken or ((DeclaredHardware(provider=provider),) if provider else ())


def _provider(notebook: Notebook) -> str | None:
    name = notebook.kernel or ""
    if STUDIO in name:
        return "sagemaker-studio"
    if name.startswith("conda_"):
        return "sagemaker-notebook-instance"
    return "azureml" if "azureml" in name or "sdkv2" in name else None
