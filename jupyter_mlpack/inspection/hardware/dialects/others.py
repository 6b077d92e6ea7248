"""Databricks, Deepnote, AzureML, Kale's cell tags, and our own key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.hardware.dialects.amazon import INSTANCE, amazon_instance
from jupyter_mlpack.inspection.hardware.dialects.field import evidence, mapping, text, whole
from jupyter_mlpack.inspection.hardware.dialects.images import read_words
from jupyter_mlpack.inspection.hardware.facts import accelerators, described, hardware_table, machine
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import DeclaredHardware, Evidence, Json, Location, Notebook

DATABRICKS = "application/vnd.databricks.v1+notebook"
CARDS = pattern(r"^GPU_(\d{1,3})x([\w.-]+)$", re.I)
LIMIT = pattern(r"^limit:(.+?):(\d{1,4})$")


def read_databricks(notebook: Notebook) -> DeclaredHardware | None:
    """``computePreferences.hardware.accelerator`` (``GPU_8xH100``); ``null`` says nothing."""
    if DATABRICKS not in notebook.metadata:
        return None
    preferences = mapping(mapping(notebook.metadata.get(DATABRICKS)).get("computePreferences"))
    said = text(mapping(preferences.get("hardware")).get("accelerator"))
    declared = DeclaredHardware(provider="databricks")
    found = (evidence(notebook, "computePreferences.hardware.accelerator", said),)
    cards = CARDS.match(said)
    if cards:
        model = _known_model(cards.group(2))
        whole_count = whole(int(cards.group(1)))
        named = replace(declared, class_="gpu", vendor="nvidia", model=model, count=whole_count, evidence=found)
        return described(named)
    spoken = read_words(said, replace(declared, evidence=found))
    return spoken if spoken.class_ != "none" else declared


def _known_model(name: str) -> str:
    return next((model for model in accelerators() if model.lower() == name.lower()), name)


def read_deepnote(notebook: Notebook) -> DeclaredHardware | None:
    """Deepnote keeps its machines outside the notebook; a custom image's name may speak."""
    if not any(key.startswith("deepnote_") for key in notebook.metadata):
        return None
    image = text(mapping(notebook.metadata.get("deepnote_environment")).get("customImage"))
    found = (evidence(notebook, "deepnote_environment.customImage", image),)
    spoken = read_words(image, DeclaredHardware(provider="deepnote", evidence=found))
    return spoken if spoken.class_ != "none" else DeclaredHardware(provider="deepnote")


def read_azureml(notebook: Notebook) -> DeclaredHardware | None:
    """AzureML leaves a mark, but never says on which machine."""
    host = mapping(mapping(notebook.metadata.get("microsoft")).get("host"))
    kernel = text(mapping(notebook.metadata.get("kernel_info")).get("name"))
    return DeclaredHardware(provider="azureml") if "AzureML" in host or "azureml" in kernel else None


def read_kale(notebook: Notebook) -> DeclaredHardware | None:
    """Cell tags ``limit:nvidia.com/gpu:2``: the largest step counts; else the pipeline's image, if its name speaks."""
    limits = sorted(_limits(notebook), key=lambda limit: -limit[1])
    kale = mapping(notebook.metadata.get("kubeflow_notebook"))
    if limits:
        resource, count, found = limits[0]
        row = hardware_table()["resources"][resource]
        return DeclaredHardware(row["class"], row["vendor"], count=count, provider="kubeflow", evidence=(found,))
    if "kubeflow_notebook" not in notebook.metadata:
        return None
    image = text(kale.get("docker_image"))
    seen = (evidence(notebook, "kubeflow_notebook.docker_image", image),)
    spoken = read_words(image.rsplit("/", 1)[-1], DeclaredHardware(provider="kubeflow", evidence=seen))
    return spoken if spoken.class_ != "none" else DeclaredHardware(provider="kubeflow")


def _limits(notebook: Notebook) -> Iterator[tuple[str, int, Evidence]]:
    for cell in notebook.cells:
        for tag in sorted(cell.tags):
            limit = LIMIT.match(tag)
            if limit and limit.group(1) in hardware_table()["resources"] and whole(int(limit.group(2))):
                place = Location(notebook.path.name, cell.number)
                yield limit.group(1), int(limit.group(2)), Evidence("HW2", place, tag)


def read_own(notebook: Notebook) -> DeclaredHardware | None:
    """``mlpack.hardware``: ``accelerator`` (a model or a class), ``count``, or ``instance`` (``Standard_NC6s_v3``)."""
    own: Mapping[str, Json] = mapping(mapping(notebook.metadata.get("mlpack")).get("hardware"))
    name, instance = text(own.get("accelerator")), text(own.get("instance")).lower()
    declared = DeclaredHardware(provider="mlpack", count=whole(own.get("count")))
    if instance:
        found = (evidence(notebook, "mlpack.hardware.instance", instance, "HW0"),)
        row = hardware_table()["azure"].get(instance.removeprefix("standard_"))
        known = machine(row, declared) if row else amazon_instance(instance, {}, declared)
        return replace(known, evidence=found) if row or INSTANCE.match(instance) else None
    if not name:
        return None
    found = (evidence(notebook, "mlpack.hardware.accelerator", name, "HW0"),)
    if _known_model(name) in accelerators():
        return described(replace(declared, model=_known_model(name), evidence=found))
    spoken = read_words(name, replace(declared, evidence=found))
    return spoken if spoken.class_ != "none" else None
