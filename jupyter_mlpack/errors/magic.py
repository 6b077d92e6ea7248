"""The ``%mlpack`` magic in a notebook cannot do what it was asked for."""

from __future__ import annotations

from jupyter_mlpack.errors.input import InputError


class OwnNotebookUnknown(InputError):
    """The kernel does not know which notebook it belongs to."""

    code = "own-notebook-unknown"
    what = "This kernel does not know the path of its notebook."
    why = "{reason}"
    hint = "Name it: %mlpack {command} --notebook train.ipynb"


class MagicUnreadable(InputError):
    """The line of the magic cannot be split into words."""

    code = "magic-unreadable"
    what = "The line %mlpack {line} cannot be read: {reason}."
    hint = "Write it as in a shell, for example: %mlpack submit --on docker -p name='a b'"


class MagicWithoutCommand(InputError):
    """``%mlpack`` alone."""

    code = "magic-without-command"
    what = "%mlpack needs a command."
    hint = "%mlpack build, submit, jobs, logs, cancel, fetch, or any other of: %mlpack --help"


class NoJobYet(InputError):
    """No job was named, and there is none."""

    code = "no-job-yet"
    what = "There is no job to take for %mlpack {command}."
    why = "None was named, and none was submitted from this notebook."
    hint = "%mlpack jobs lists those that there are."
