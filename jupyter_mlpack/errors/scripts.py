"""A script of a binder folder is refused, or did not end well."""

from __future__ import annotations

from jupyter_mlpack.errors.base import LOG
from jupyter_mlpack.errors.input import InputError
from jupyter_mlpack.errors.lifecycle import LifecycleError


class ScriptRefused(InputError):
    """Nobody has said what shall become of it."""

    code = "script-refused"
    what = "{script} prepares what the notebook runs in, and nobody has said whether it shall run."
    where = "{where}"
    why = "An image without what it does may be wrong, and it may do anything in the image while it is built."
    hint = (
        "Say it: {option} run (in the image), or {option} skip (the image is made without it). A line "
        "'# jupyter-mlpack: skip' in the script says the latter to everybody."
    )
    action = ("retry", "Build without {name}")
    choices = {"scripts": "skip"}


class ScriptNeedsShell(InputError):
    """A script, and an image without a shell."""

    code = "script-needs-shell"
    what = "{script} cannot run: stack {stack} has no shell and no programs."
    where = "{script}"
    hint = "Use --stack {other}, which has them, or leave the script out."
    action = ("retry", "Build with {other}")
    choices = {"stack": "{other}"}


class ScriptUnusable(InputError):
    """A script that nothing can execute."""

    code = "script-unusable"
    what = "{script} cannot be executed. {reason}"
    hint = "Mend the script, or leave it out."


class PostBuildImpossible(InputError):
    """``postBuild`` cannot run in the image here."""

    code = "post-build-impossible"
    what = "{script} cannot run in the image here."
    where = "{script}"
    why = "{reason}"
    hint = (
        "Leave it out (--post-build skip), or build where it can run: on Linux with user namespaces, for its processor."
    )
    action = ("retry", "Build without it")
    choices = {"scripts": "skip"}


class PostBuildFailed(LifecycleError):
    """It ran, and said that it failed."""

    code = "post-build-failed"
    exit_code = 51
    what = "{script} failed in the image with exit status {status}."
    where = "{script}"
    why = "{lines}"
    hint = (
        "It runs as the image's user, with the image's packages and programs (more of them by apt.txt); it can "
        "write to the application's folder and to /tmp."
    )
    action = LOG
