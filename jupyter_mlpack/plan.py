"""Inspection + purpose + catalog + lock -> ``BuildPlan``. Pure: equal inputs make equal plans."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from jupyter_mlpack import errors
from jupyter_mlpack.grouping import group_packages
from jupyter_mlpack.inspection.assets import KIND as ASSET
from jupyter_mlpack.inspection.literals import literal_places
from jupyter_mlpack.inspection.python_version import allows
from jupyter_mlpack.resolution.lock import line_name
from jupyter_mlpack.values import (
    BuildPlan,
    Catalog,
    Inspection,
    Json,
    Lock,
    Notebook,
    PlannedFile,
    Purpose,
    PythonVersion,
    Stack,
    Target,
    to_json,
)

WHEELS = ".mlpack/wheels"
"""Folder of the application for the wheels of what no index has; the packages buildpack looks there first."""

RUNNER = {
    Purpose.TRAINING: ("ipykernel>=6.29", "papermill>=2.6"),
    Purpose.INFERENCE: ("fastapi>=0.115", "httptools>=0.6", "prometheus-client>=0.20", "uvicorn>=0.34", "uvloop>=0.20"),
}
"""What the image's own process needs; resolved together with the notebook's needs, so that they cannot clash."""


WEAK = frozenset(["kernelspec", "image", "databricks"])
"""Who names a Python only by the way: a kernel's name, a hosted service's image. It is followed where it can be."""


def choose_stack(catalog: Catalog, python: PythonVersion, where: str, stack: str | None = None) -> Stack:
    """The stack that is named, else the one with the notebook's Python, else the first that its ranges allow.

    Raises ``StackUnknown`` and ``PythonUnsupported``.
    """
    if stack is not None:
        for candidate in catalog.stacks:
            if candidate.name == stack:
                return candidate
        raise errors.StackUnknown(stack=stack, available=", ".join(candidate.name for candidate in catalog.stacks))
    fitting = [candidate for candidate in catalog.stacks if candidate.python == python.minor]
    if not fitting and (python.minor is None or python.source in WEAK):
        fitting = [candidate for candidate in catalog.stacks if allows(python.requires, candidate.python)]
    if not fitting:
        wanted = python.minor or python.requires
        pythons = list(dict.fromkeys(candidate.python for candidate in catalog.stacks))
        raise errors.PythonUnsupported(python=wanted, available=" and ".join(pythons), where=where, example=pythons[-1])
    return fitting[0]


def make_target(stack: Stack, arch: str) -> Target:
    """The target of an image on ``stack``; the accelerator is told later (``accelerating.py``)."""
    return Target("linux", arch, stack.libc, stack.python)


def choose_requirements(
    inspection: Inspection, runner: Sequence[str], required: Sequence[str], *, lenient: bool
) -> tuple[str, ...]:
    """The PEP 508 lines to resolve: the notebook's, those of the image's own process, and those the user named.

    Raises ``ImportsUnresolved`` unless ``lenient`` or the user named packages (who may well provide them).
    """
    if inspection.unresolved and not lenient and not required:
        names = [item.module for item in inspection.unresolved]
        places = [entry.location for item in inspection.unresolved[:1] for entry in item.evidence[:1]]
        where = str(places[0]) if places else inspection.notebook
        raise errors.ImportsUnresolved(
            modules=", ".join(names),
            names=names,
            short=shortened(names),
            where=where,
            location=next(iter(places), None),
        )
    lines = {line_name(line): line for line in runner}
    lines.update({dependency.name.lower(): dependency.requirement for dependency in inspection.dependencies})
    lines.update({line_name(line): line for line in required})
    return tuple(lines[name] for name in sorted(lines))


def shortened(names: Sequence[str]) -> str:
    """``a, b``, or ``a, b and 3 more``: short enough for a button."""
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"


def make_plan(
    inspection: Inspection,
    notebook: Notebook,
    purpose: Purpose,
    lock: Lock,
    frame: tuple[str, Stack, Target, Catalog],
) -> BuildPlan:
    """The plan. ``frame`` is what surrounds the notebook: image name, stack, target, catalog."""
    name, stack, target, catalog = frame
    folder, at = notebook.path.parent, notebook_folder(inspection, notebook.path)
    build: dict[str, Json] = {
        "notebook": posixpath.join(at, notebook.path.name),
        "purpose": purpose.value,
        "python": target.python,
        "target": to_json(target),
        "parameters": settable_parameters(inspection, notebook),
    }
    places = parameter_places(inspection, notebook)
    build |= {"places": places} if places else {}
    files = [
        PlannedFile(posixpath.join(at, notebook.path.name), text=notebook.document),
        PlannedFile(".mlpack/build.json", text=pretty(build)),
        *packed(lock),
        *(
            PlannedFile(posixpath.normpath(posixpath.join(at, file.path)), source=folder / PurePosixPath(file.path))
            for file in inspection.files
            if file.kind != ASSET
        ),
    ]
    planned = tuple(sorted(files, key=lambda file: file.path))
    return BuildPlan(name, purpose, target, stack, catalog.order, planned, system=inspection.system)


def packed(lock: Lock) -> list[PlannedFile]:
    """What the packages buildpack reads: the pins, the layers they go to, wheels that no index has."""
    return [
        PlannedFile(".mlpack/lock.txt", text=lock.text),
        PlannedFile(".mlpack/layers.json", text=pretty(group_packages(lock))),
        *(PlannedFile(f"{WHEELS}/{item.filename}", source=item.source) for item in lock.packages if item.source),
    ]


def notebook_folder(inspection: Inspection, path: Path) -> str:
    """The notebook's folder in the application, empty for its root.

    Modules above the notebook's folder keep their place beside it: ``../src/a.py`` of ``notebooks/train.ipynb`` is
    ``src/a.py``, and the notebook is ``notebooks/train.ipynb``.
    """
    depth = max((file.path.split("/").count("..") for file in inspection.files), default=0)
    return "/".join(path.parent.resolve().parts[-depth:]) if depth else ""


def settable_parameters(inspection: Inspection, notebook: Notebook) -> dict[str, Json]:
    """The parameters that a run can change: those of the cell tagged ``parameters``, else those with a place."""
    settable = {parameter.name: to_json(parameter.default) for parameter in inspection.parameters}
    if is_tagged(notebook):
        return settable
    places = parameter_places(inspection, notebook)
    return {name: default for name, default in settable.items() if name in places}


def parameter_places(inspection: Inspection, notebook: Notebook) -> dict[str, Json]:
    """Where the literals of inferred parameters stand; nothing for a notebook with a cell tagged ``parameters``.

    papermill puts new values below that cell. Without one they would stand on top, and the notebook's own assignments
    would undo them: there the literals themselves are replaced.
    """
    return {} if is_tagged(notebook) else literal_places(notebook.cells, inspection.parameters)


def is_tagged(notebook: Notebook) -> bool:
    """Whether a cell carries papermill's tag."""
    return any("parameters" in cell.tags for cell in notebook.cells)


def pretty(data: object) -> str:
    """JSON for files that people may look at inside an image: sorted, indented, one newline at the end."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def default_name(path: Path, purpose: Purpose) -> str:
    """An image name from a notebook's file name: ``Train Digits.ipynb`` -> ``train-digits:training``."""
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    return f"{slug or 'notebook'}:{purpose.value}"
