"""Notebook -> Inspection: what it needs, told without running it."""

from jupyter_mlpack.inspection.kernel import read_kernel
from jupyter_mlpack.inspection.run import inspect_notebook

__all__ = ["inspect_notebook", "read_kernel"]
