"""Files beside the notebook that say where it runs: Kaggle's ``kernel-metadata.json``."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.hardware.dialects.field import mapping, text, truth
from jupyter_mlpack.inspection.hardware.dialects.google import kaggle_shape
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import DeclaredHardware, Evidence, Json, Location, Notebook

KAGGLE = "kernel-metadata.json"


def read_side_file(notebook: Notebook, around: Surroundings) -> DeclaredHardware | None:
    """What ``kernel-metadata.json`` says, if it is this notebook's.

    Kaggle's client reads ``machine_shape``, then the two flags (which may be text); an invented ``accelerator`` is
    only taken where both are missing.
    """
    found = _document(around.folder.text(KAGGLE))
    code = text(found.get("code_file"))
    if not found or (code and posixpath.basename(code) != notebook.path.name):
        return None
    for key, shape in _shapes(found):
        declared = kaggle_shape(shape)
        if declared.class_ != "none":
            return replace(declared, evidence=(Evidence("HW1", Location(KAGGLE), f"{key}={found[key]}"),))
    return None


def _shapes(found: Mapping[str, Json]) -> list[tuple[str, str]]:
    shapes = [("machine_shape", text(found.get("machine_shape")))]
    shapes += [("enable_tpu", "tpu")] if truth(found.get("enable_tpu")) else []
    shapes += [("enable_gpu", "default")] if truth(found.get("enable_gpu")) else []
    shapes.append(("accelerator", text(found.get("accelerator"))))
    shapes += [("enable_gpu", "none")] if "enable_gpu" in found else []
    return [(key, shape) for key, shape in shapes if shape and key in found]


def _document(content: str | None) -> Mapping[str, Json]:
    try:
        return mapping(json.loads(content)) if content else {}
    except (ValueError, RecursionError):
        return {}
