"""SageMaker Studio: the instance type of the host, and the table of instances that Studio leaves in the notebook."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.hardware.dialects.field import evidence, mapping, text, whole
from jupyter_mlpack.inspection.hardware.facts import hardware_table, machine
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import DeclaredHardware, Json, Notebook

INSTANCE = pattern(r"^(?:ml\.)?([a-z][a-z0-9-]*)\.([a-z0-9-]+)$")


def read_instance(notebook: Notebook) -> DeclaredHardware | None:
    """``forced_instance_type``, else ``instance_type``."""
    for key in ("forced_instance_type", "instance_type"):
        name = text(notebook.metadata.get(key)).lower()
        if not INSTANCE.match(name):
            continue
        listed = _listed(notebook.metadata.get("availableInstances"), name)
        found = [evidence(notebook, key, name)]
        if whole(listed.get("gpuNum")):
            found.append(evidence(notebook, "availableInstances.gpuNum", listed["gpuNum"]))
        declared = amazon_instance(name, listed, DeclaredHardware(provider="sagemaker-studio"))
        return replace(declared, evidence=tuple(found))
    return None


def amazon_instance(name: str, listed: Mapping[str, Json], declared: DeclaredHardware) -> DeclaredHardware:
    """What the instance type ``name`` has: the notebook's own list tells the count best, our table the model."""
    parts = INSTANCE.match(name)
    row = hardware_table()["amazon"].get(parts.group(1)) if parts else None
    cards = whole(listed.get("gpuNum"))
    if row is None:
        class_, vendor = ("gpu", "nvidia") if cards else ("cpu", None)
        return replace(declared, class_=class_, vendor=vendor, count=cards)
    count = cards or row.get("counts", {}).get(parts.group(2) if parts else "", 1)
    return machine({"model": row["model"], "count": count, "memory": row.get("memory")}, declared)


def _listed(instances: Json, name: str) -> Mapping[str, Json]:
    rows = instances if isinstance(instances, list) else []
    return next((mapping(row) for row in rows if text(mapping(row).get("name")).lower() == name), {})
