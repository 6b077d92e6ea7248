"""Colab, Kaggle and Vertex AI Workbench."""

from __future__ import annotations

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.hardware.dialects.field import evidence, mapping, text, truth
from jupyter_mlpack.inspection.hardware.dialects.images import read_words
from jupyter_mlpack.inspection.hardware.facts import accelerators, described, hardware_table, machine
from jupyter_mlpack.values import DeclaredHardware, Json, Notebook

CLASSES = {"GPU": "gpu", "TPU": "tpu", "CPU": "cpu"}


def read_colab(notebook: Notebook) -> DeclaredHardware | None:
    """``accelerator`` is the runtime's class; without it ``gpuType``, ``gpuClass`` and ``machine_shape`` say nothing.

    A Colab runtime has one card; ``gpuType`` names TPUs, too.
    """
    metadata = notebook.metadata
    said, colab = text(metadata.get("accelerator")), mapping(metadata.get("colab"))
    class_ = CLASSES.get(said.upper())
    if class_ is None:
        return DeclaredHardware(provider="colab") if "colab" in metadata else None
    found = [evidence(notebook, "accelerator", said)]
    declared = DeclaredHardware(class_, provider="colab", evidence=tuple(found))
    if class_ == "cpu":
        return declared
    declared = replace(declared, vendor="nvidia" if class_ == "gpu" else "google")
    kind = text(colab.get("gpuType"))
    if kind:
        model = hardware_table()["colab"].get(kind.upper(), kind)
        known = accelerators().get(model)
        if known is None or known.class_ == class_:
            declared = replace(declared, model=model)
            found.append(evidence(notebook, "colab.gpuType", kind))
    for key, value in (("gpuClass", metadata.get("gpuClass")), ("colab.machine_shape", colab.get("machine_shape"))):
        if text(value):
            found.append(evidence(notebook, key, value))
    return described(replace(declared, count=1 if class_ == "gpu" else None, evidence=tuple(found)))


def read_kaggle(notebook: Notebook) -> DeclaredHardware | None:
    """``kaggle.accelerator``; TPU notebooks have ``isGpuEnabled=false``, so that key only speaks when it is alone."""
    if "kaggle" not in notebook.metadata:
        return None
    kaggle = mapping(notebook.metadata.get("kaggle"))
    said, enabled = text(kaggle.get("accelerator")), kaggle.get("isGpuEnabled")
    silent = DeclaredHardware(provider="kaggle")
    if not said:
        found = (evidence(notebook, "kaggle.isGpuEnabled", enabled),)
        declared = kaggle_shape("gpu" if truth(enabled) else "none")
        return replace(declared, evidence=found) if isinstance(enabled, bool) else silent
    both = [evidence(notebook, "kaggle.accelerator", said)]
    if isinstance(enabled, bool):
        both.append(evidence(notebook, "kaggle.isGpuEnabled", enabled))
    return replace(kaggle_shape(said), evidence=tuple(both))


def kaggle_shape(name: str) -> DeclaredHardware:
    """The machine that Kaggle calls ``name``; for a new name, only the class that its spelling shows."""
    row = hardware_table()["kaggle"].get(name.lower())
    silent = DeclaredHardware(provider="kaggle")
    if row is not None:
        return machine(row, silent)
    if name.lower().startswith(("nvidia", "gpu")):
        return replace(silent, class_="gpu", vendor="nvidia")
    return replace(silent, class_="tpu", vendor="google") if name.lower().startswith("tpu") else silent


def read_workbench(notebook: Notebook) -> DeclaredHardware | None:
    """``environment``: the image of a Vertex AI Workbench machine, whose name has ``gpu`` or ``cpu`` in it."""
    environment = mapping(notebook.metadata.get("environment"))
    if text(environment.get("type")) != "gcloud":
        return None
    said: tuple[tuple[str, Json], ...] = tuple((key, environment.get(key)) for key in ("name", "uri"))
    for key, value in said:
        found = (evidence(notebook, f"environment.{key}", value),)
        declared = DeclaredHardware(provider="vertex-workbench", evidence=found)
        declared = read_words(text(value).rsplit("/", 1)[-1], declared)
        if declared.class_ != "none":
            return declared
    return DeclaredHardware(provider="vertex-workbench")
