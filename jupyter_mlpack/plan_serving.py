"""The inference side of a notebook -> ``BuildPlan``: the kept code as ``service.json``, the files it needs. Pure."""

from __future__ import annotations

import posixpath
from pathlib import Path, PurePosixPath

from jupyter_mlpack.inspection.assets import KIND as ASSET
from jupyter_mlpack.inspection.serving import Side
from jupyter_mlpack.plan import default_name, packed, pretty
from jupyter_mlpack.values import (
    BuildPlan,
    Catalog,
    Json,
    Lock,
    Notebook,
    PlannedFile,
    Purpose,
    ServedParameter,
    Serving,
    Stack,
    Target,
    to_json,
)

SERVICE = ".mlpack/service.json"


def make_serving_plan(
    side: Side, notebook: Notebook, at: str, lock: Lock, frame: tuple[str, Stack, Target, Catalog]
) -> BuildPlan:
    """The plan. ``at`` is the notebook's folder in the application, empty for its root."""
    name, stack, target, catalog = frame
    folder = notebook.path.parent
    build: dict[str, Json] = {
        "notebook": notebook.path.name,
        "purpose": Purpose.INFERENCE.value,
        "python": target.python,
        "target": to_json(target),
    }
    beside = (file.path for file in side.inspection.files if file.kind != ASSET)
    sources = {path: folder / PurePosixPath(path) for path in beside} | dict(side.models)
    served = service(side.serving, model_name(notebook.path), at)
    for path, _ in side.serving.written:
        sources.pop(path, None)  # as the notebook writes it, not as an earlier run left it
    files = [
        PlannedFile(".mlpack/build.json", text=pretty(build)),
        PlannedFile(SERVICE, text=pretty(served)),
        *packed(lock),
        *(PlannedFile(posixpath.normpath(posixpath.join(at, path)), source=source) for path, source in sources.items()),
        *(PlannedFile(posixpath.normpath(posixpath.join(at, path)), text=text) for path, text in side.serving.written),
    ]
    planned = tuple(sorted(files, key=lambda file: file.path))
    order = catalog.serving or catalog.order
    return BuildPlan(name, Purpose.INFERENCE, target, stack, order, planned, system=side.inspection.system)


def model_name(path: Path) -> str:
    """The name under which the model is served: the notebook's, as in the image's name."""
    return default_name(path, Purpose.INFERENCE).partition(":")[0]


def service(serving: Serving, name: str, folder: str) -> dict[str, Json]:
    """What the server reads: the function, the code before it, the files that this loads."""
    told: dict[str, Json] = {
        "function": serving.function,
        "cell": serving.location.cell,
        "name": name,
        "cells": to_json(serving.kept),
        "models": list[Json](serving.files),
        "parameters": [parameter(one) for one in serving.parameters],
        "returns": serving.returns,
    }
    told |= {"others": list[Json](serving.others)} if serving.others else {}
    return told | ({"folder": folder} if folder else {})


def parameter(one: ServedParameter) -> dict[str, Json]:
    """A parameter; its default only if it is a literal."""
    told: dict[str, Json] = {"name": one.name, "annotation": one.annotation}
    return told | ({"default": to_json(one.default)} if one.literal else {})
