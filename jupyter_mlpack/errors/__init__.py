"""Every way in which something fails, and every word a user reads then.

::

    MlpackError
    ├── InputError        the notebook, the name or an option is wrong        exit 2
    ├── InspectionError   the notebook's needs could not be told              exit 3
    ├── ResolutionError   no set of packages satisfies them                   exit 4
    ├── HardwareError     nor what the image's hardware needs                 exit 4
    ├── AssetError        data or a model that the image needs cannot be had  exit 4
    ├── PackagingError    a local distribution cannot be packaged along       exit 4
    ├── StackError        the run image could not be assembled or pulled      exit 5
    ├── LifecycleError    a phase failed; the specification's exit codes      exit 20-79
    ├── PublishError      the image is built, but could not be delivered      exit 6
    ├── StoreError        the content store could not be read or written      exit 7
    ├── EngineError       a job could not be started or followed              exit 8
    ├── ServerError       the server extension refuses a request              exit 9
    └── StoppedError      the user stopped the command                        exit 128 + the signal's number

Code that raises gives data only: ``raise NotebookMissing(path=path)``. The four sentences (``what`` happened,
``where``, ``why`` we think so, ``hint``: the next step) are templates over that data. ``tests/test_errors.py``
checks that each ``raise`` in the package gives exactly the data that its templates name. Each group is a file, and a
line below for those who check types; what every process needs is read at once, the others when one of them is named:
most commands do not fail, and their start is part of what people wait for.
"""

from typing import TYPE_CHECKING

from jupyter_mlpack.errors.base import *
from jupyter_mlpack.errors.stopped import *

if TYPE_CHECKING:
    from jupyter_mlpack.errors.assets import *
    from jupyter_mlpack.errors.builder import *
    from jupyter_mlpack.errors.command import *
    from jupyter_mlpack.errors.conda import *
    from jupyter_mlpack.errors.deploying import *
    from jupyter_mlpack.errors.docker import *
    from jupyter_mlpack.errors.elsewhere import *
    from jupyter_mlpack.errors.emitting import *
    from jupyter_mlpack.errors.engine import *
    from jupyter_mlpack.errors.fetching import *
    from jupyter_mlpack.errors.given import *
    from jupyter_mlpack.errors.hardware import *
    from jupyter_mlpack.errors.input import *
    from jupyter_mlpack.errors.inspection import *
    from jupyter_mlpack.errors.kubernetes import *
    from jupyter_mlpack.errors.lifecycle import *
    from jupyter_mlpack.errors.magic import *
    from jupyter_mlpack.errors.notebook import *
    from jupyter_mlpack.errors.packaging import *
    from jupyter_mlpack.errors.publishing import *
    from jupyter_mlpack.errors.rebasing import *
    from jupyter_mlpack.errors.resolution import *
    from jupyter_mlpack.errors.scheduling import *
    from jupyter_mlpack.errors.scripts import *
    from jupyter_mlpack.errors.server import *
    from jupyter_mlpack.errors.serving import *
    from jupyter_mlpack.errors.site import *
    from jupyter_mlpack.errors.slurm import *
    from jupyter_mlpack.errors.stack import *
    from jupyter_mlpack.errors.store import *
    from jupyter_mlpack.errors.submitting import *
else:

    def __getattr__(name):
        """An error of a group that was not read yet: now all are."""
        if not name.startswith("_"):
            load()
            if name in globals():
                return globals()[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load() -> None:
    """Read all groups: each is a file of this folder."""
    from importlib import import_module
    from os.path import dirname
    from pkgutil import iter_modules

    for group in iter_modules([dirname(__file__)]):
        read = vars(import_module(f"{__name__}.{group.name}"))
        names = read.get("__all__") or [name for name in read if not name.startswith("_")]
        globals().update((name, read[name]) for name in names)
