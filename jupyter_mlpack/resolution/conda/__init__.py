"""conda environments: a file -> exact packages of its channels for one target, by rattler."""

from jupyter_mlpack.resolution.conda.lock import CondaLock
from jupyter_mlpack.resolution.conda.solve import lock_conda

__all__ = ["CondaLock", "lock_conda"]
