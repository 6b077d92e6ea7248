"""``find_python``: which Python the notebook was written for, and who says so."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlpack.inspection.declarations import Declared
from jupyter_mlpack.values import Conflict, KernelEnvironment, Notebook, PythonVersion


@dataclass(frozen=True)
class FoundPython:
    """The version, and the sources that disagree."""

    python: PythonVersion
    conflicts: tuple[Conflict, ...] = ()


def find_python(notebook: Notebook, environment: KernelEnvironment | None, declared: Declared) -> FoundPython:
    """The kernel's own version if it is here, else what the notebook and its declarations say."""
    if environment:
        return FoundPython(PythonVersion(environment.python_version, "kernel"))
    return FoundPython(PythonVersion(notebook.python_version, "language_info" if notebook.python_version else None))
