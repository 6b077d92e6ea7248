"""Notebook -> Inspection: what it needs, told without running it. ``kernel.py`` asks a kernel what it holds."""

from jupyter_mlpack.inspection.run import inspect_notebook

__all__ = ["inspect_notebook"]
