"""Distribution names -> the table of modules: what each one's newest wheel really provides.

``python -m jupyter_mlpack.tables --help`` makes and refreshes such tables, from a package index, from folders of
wheels and from installed environments. Inspection only reads them (``jupyter_mlpack/inspection/tables.py``).
"""

from jupyter_mlpack.tables.merge import make_rows, refresh
from jupyter_mlpack.tables.provides import owned_modules
from jupyter_mlpack.tables.read import Provided, read_names

__all__ = ["Provided", "make_rows", "owned_modules", "read_names", "refresh"]
