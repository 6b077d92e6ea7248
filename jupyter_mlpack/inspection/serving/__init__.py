"""What of a notebook answers requests: finder and slice, pure."""

from jupyter_mlpack.inspection.serving.find import find_function, missing_name
from jupyter_mlpack.inspection.serving.run import find_serving, serving_notebook
from jupyter_mlpack.inspection.serving.side import Side, inspect_serving, is_pickled

__all__ = ["Side", "find_function", "find_serving", "inspect_serving", "is_pickled", "missing_name", "serving_notebook"]
