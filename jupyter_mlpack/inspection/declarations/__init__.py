"""Declarations: what files beside the notebook, and blocks inside it, say of its packages."""

from jupyter_mlpack.inspection.declarations.page import DeclaredRequirement
from jupyter_mlpack.inspection.declarations.read import Declared, read_declarations, with_use

__all__ = ["Declared", "DeclaredRequirement", "read_declarations", "with_use"]
