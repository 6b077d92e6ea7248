"""The scripts of a binder folder: ``postBuild`` and ``start``, which are refused, left out, or run in the image."""

from jupyter_mlpack.binder.choosing import check_runs, settle_scripts
from jupyter_mlpack.binder.packing import with_scripts

__all__ = ["check_runs", "settle_scripts", "with_scripts"]
