"""Distribution packages -> run image: index, resolve, verify, unpack; no root, no container engine."""

from jupyter_mlpack.stack.python import run_root, target_python
from jupyter_mlpack.stack.recipe import StackSettings, read_stack
from jupyter_mlpack.stack.run_image import Assembly, ensure_run_image

__all__ = ["Assembly", "StackSettings", "ensure_run_image", "read_stack", "run_root", "target_python"]
