"""Every way in which something fails, and every word a user reads then.

::

    MlpackError
    ├── InputError        the notebook, the name or an option is wrong        exit 2
    ├── InspectionError   the notebook's needs could not be told              exit 3
    ├── ResolutionError   no set of packages satisfies them                   exit 4
    ├── StackError        the run image could not be assembled or pulled      exit 5
    ├── LifecycleError    a phase failed; the specification's exit codes      exit 20-69
    ├── PublishError      the image is built, but could not be delivered      exit 6
    ├── StoreError        the content store could not be read or written      exit 7
    └── EngineError       a job could not be started or followed              exit 8

Code that raises gives data only: ``raise NotebookMissing(path=path)``. The four sentences (``what`` happened,
``where``, ``why`` we think so, ``hint``: the next step) are templates over that data. ``tests/test_errors.py``
checks that each ``raise`` in the package gives exactly the data that its templates name.
"""

from __future__ import annotations

import string
from typing import ClassVar


class MlpackError(Exception):
    """The parent of all errors that a user may meet."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    what: ClassVar[str] = ""
    where: ClassVar[str] = ""
    why: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    def __init__(self, **data: object) -> None:
        self.data = data
        super().__init__(self.sentence("what"))

    def sentence(self, part: str) -> str:
        """One of ``what``, ``where``, ``why``, ``hint``, with the data filled in."""
        template: str = getattr(self, part)
        return template.format(**self.data)

    @classmethod
    def fields(cls) -> frozenset[str]:
        """The names of the data that the templates use."""
        text = "\n".join((cls.what, cls.where, cls.why, cls.hint))
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


# --- input ----------------------------------------------------------------------------------------------------


class InputError(MlpackError):
    """The notebook, a name or an option is wrong."""

    exit_code = 2


class NotebookMissing(InputError):
    """No file at the path."""

    code = "notebook-missing"
    what = "There is no notebook at {path}."
    hint = "Check the path; tab completion helps."


class NotebookIsFolder(InputError):
    """The path is a folder."""

    code = "notebook-is-folder"
    what = "{path} is a folder, not a notebook."
    hint = "Name one notebook, for example: jupyter mlpack build {path}/{example}"


class NotebookUnreadable(InputError):
    """The file is there but the system does not let us read it."""

    code = "notebook-unreadable"
    what = "{path} cannot be read."
    why = "{reason}"
    hint = "Check the file's permissions."


# --- inspection -----------------------------------------------------------------------------------------------


class InspectionError(MlpackError):
    """The notebook's needs could not be told."""

    exit_code = 3


# --- resolution -----------------------------------------------------------------------------------------------


class ResolutionError(MlpackError):
    """No set of packages satisfies what the notebook needs."""

    exit_code = 4


class PackageUnknown(ResolutionError):
    """The index has no distribution of that name."""

    code = "package-unknown"
    what = "There is no package called {package} on the package index."
    hint = "Correct the name in the notebook, or set the index that has it (pip's or uv's index settings are used)."


class PackageVersionUnknown(ResolutionError):
    """The index has the distribution, but not that version."""

    code = "package-version-unknown"
    what = "No version of {package} on the package index satisfies {package}{specifier}."
    hint = "Change the pin in the notebook, or add the index that holds this version."


class NoWheelForTarget(ResolutionError):
    """The distribution has no wheel that the target takes."""

    code = "no-wheel-for-target"
    what = "{release} has no wheel for Linux {arch} with Python {python}."
    why = "Packages are installed from wheels only, so that the target never depends on this machine's compilers."
    hint = "Pin a version that has a wheel, or add an index or a find-links folder (UV_FIND_LINKS) that holds one."


class DependencyConflict(ResolutionError):
    """Two needs exclude each other."""

    code = "dependency-conflict"
    what = "The notebook's packages cannot be installed together."
    why = "{reason}"
    hint = "Loosen one of the pins, or install the other version in the kernel and build again."


class RequirementInvalid(ResolutionError):
    """An install line holds something that is no requirement."""

    code = "requirement-invalid"
    what = "A requirement cannot be read."
    why = "{reason}"
    hint = "Write it as pip would take it, for example: pandas==2.2.3"


class IndexUnreachable(ResolutionError):
    """The package index did not answer."""

    code = "index-unreachable"
    what = "The package index cannot be reached: {reason}."
    why = "{detail}"
    hint = "Check the network and the proxy; a notebook whose packages did not change builds without a network."


class ResolverFailed(ResolutionError):
    """uv failed in another way."""

    code = "resolver-failed"
    what = "The resolver (uv) stopped."
    why = "{reason}"
    hint = "Run the build again with -v; if a package is installed from an address, check that it can be fetched."


class ImportsUnresolved(ResolutionError):
    """Imported names that nothing knows."""

    code = "imports-unresolved"
    what = "Nobody knows which package provides: {modules}."
    where = "{where}"
    why = "Neither the kernel's environment, an install line nor the table of import names has them, and a guess could install somebody else's code."
    hint = "Install them in the kernel, write a cell '%pip install NAME', or name the package: --require NAME"


class PythonUnsupported(ResolutionError):
    """No stack has the notebook's Python."""

    code = "python-unsupported"
    what = "No stack has Python {python}; there are stacks for Python {available}."
    where = "{where}"
    hint = "Choose one that will do: --python {example}"


class StackUnknown(ResolutionError):
    """No stack of that name."""

    code = "stack-unknown"
    what = "There is no stack called {stack}; there are: {available}."
    hint = "Leave --stack out to have it chosen by the notebook's Python version."


# --- stack ----------------------------------------------------------------------------------------------------


class StackError(MlpackError):
    """The run image could not be assembled or pulled."""

    exit_code = 5


# --- lifecycle ------------------------------------------------------------------------------------------------


class LifecycleError(MlpackError):
    """A phase of the lifecycle failed; ``exit_code`` is the specification's."""

    exit_code = 1


# --- publishing -----------------------------------------------------------------------------------------------


class PublishError(MlpackError):
    """The image is built and kept in the store, but could not be delivered."""

    exit_code = 6


# --- the content store ----------------------------------------------------------------------------------------


class StoreError(MlpackError):
    """The content store could not be read or written."""

    exit_code = 7


# --- engines --------------------------------------------------------------------------------------------------


class EngineError(MlpackError):
    """A job could not be started or followed."""

    exit_code = 8
