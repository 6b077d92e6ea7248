"""A notebook on disk with the metadata and the code of a row, inspected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Inspection


def inspect(
    folder: Path,
    metadata: Mapping[str, Any] | None = None,
    *sources: str,
    tags: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
) -> Inspection:
    """What is found in a notebook ``n.ipynb`` of ``folder`` with these cells and files beside it."""
    cells = [
        {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}, "outputs": []}
        for source in (sources or ("1 + 1",))
    ]
    whole = {"cells": cells, "metadata": dict(metadata or {}), "nbformat": 4, "nbformat_minor": 5}
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    path = folder / "n.ipynb"
    path.write_text(json.dumps(whole))
    return inspect_notebook(read_notebook(path))


def arn(image: str) -> str:
    """A kernel's name as SageMaker Studio writes it."""
    return f"python3__SAGEMAKER_INTERNAL__arn:aws:sagemaker:us-west-2:012345678901:image/{image}"
