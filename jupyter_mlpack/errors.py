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
