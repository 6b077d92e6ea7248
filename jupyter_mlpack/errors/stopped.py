"""The user stopped the command."""

from __future__ import annotations

from jupyter_mlpack.errors.base import MlpackError


class StoppedError(MlpackError):
    """The user stopped the command: Ctrl-C, or a signal that asks it to end."""

    exit_code = 130
    action = ("retry", "Go on")


class Interrupted(StoppedError):
    """Nothing was finished."""

    code = "interrupted"
    what = "Stopped. No image name was changed; what was finished is kept for the next time."
    hint = "Run the same command again to go on."


class InterruptedAfterBuild(StoppedError):
    """The image was finished already."""

    code = "interrupted-after-build"
    what = "Stopped. The image {image} is finished and kept in the store; not all that was to be done with it is done."
    hint = "Deliver it again: jupyter mlpack images {image} --help"


class InterruptedInspection(StoppedError):
    """Some notebooks of a folder were inspected."""

    code = "interrupted-inspection"
    what = "Stopped after {done} of {total} notebooks. What is shown is right for those; nothing was changed."
    hint = "Run the same command again for all of them."


class StoppedFollowing(StoppedError):
    """The user stopped watching a job."""

    code = "stopped-following"
    what = "Stopped watching; the job goes on."
    hint = "Go on watching: jupyter mlpack logs -f JOB. End it: jupyter mlpack cancel JOB."
