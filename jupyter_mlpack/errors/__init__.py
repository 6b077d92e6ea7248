"""Every way in which something fails, and every word a user reads then.

::

    MlpackError
    ├── InputError        the notebook, the name or an option is wrong        exit 2
    ├── InspectionError   the notebook's needs could not be told              exit 3
    ├── ResolutionError   no set of packages satisfies them                   exit 4
    ├── PackagingError    a local distribution cannot be packaged along       exit 4
    ├── StackError        the run image could not be assembled or pulled      exit 5
    ├── LifecycleError    a phase failed; the specification's exit codes      exit 20-69
    ├── PublishError      the image is built, but could not be delivered      exit 6
    ├── StoreError        the content store could not be read or written      exit 7
    ├── EngineError       a job could not be started or followed              exit 8
    ├── ServerError       the server extension refuses a request              exit 9
    └── StoppedError      the user stopped the command                        exit 128 + the signal's number

Code that raises gives data only: ``raise NotebookMissing(path=path)``. The four sentences (``what`` happened,
``where``, ``why`` we think so, ``hint``: the next step) are templates over that data. ``tests/test_errors.py``
checks that each ``raise`` in the package gives exactly the data that its templates name. Each group is a file.
"""

from jupyter_mlpack.errors.base import *
from jupyter_mlpack.errors.command import *
from jupyter_mlpack.errors.engine import *
from jupyter_mlpack.errors.input import *
from jupyter_mlpack.errors.inspection import *
from jupyter_mlpack.errors.lifecycle import *
from jupyter_mlpack.errors.notebook import *
from jupyter_mlpack.errors.packaging import *
from jupyter_mlpack.errors.publishing import *
from jupyter_mlpack.errors.resolution import *
from jupyter_mlpack.errors.server import *
from jupyter_mlpack.errors.stack import *
from jupyter_mlpack.errors.stopped import *
from jupyter_mlpack.errors.store import *
