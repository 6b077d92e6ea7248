"""BuildPlan -> Image: the Cloud Native Buildpacks lifecycle, in process."""

from jupyter_mlpack.lifecycle.context import BuildContext
from jupyter_mlpack.lifecycle.run import run_lifecycle

__all__ = ["BuildContext", "run_lifecycle"]
