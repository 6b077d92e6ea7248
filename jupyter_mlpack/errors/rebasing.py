"""An image that was named: it is not where it is looked for, or it cannot get another run image."""

from __future__ import annotations

from jupyter_mlpack.errors.input import InputError
from jupyter_mlpack.errors.lifecycle import LifecycleError
from jupyter_mlpack.errors.stack import StackError


class LayoutUnreadable(InputError):
    """A folder that is no OCI image layout, or one without the image that is looked for."""

    code = "layout-unreadable"
    what = "No image can be read in {path}."
    why = "{reason}"
    hint = "Name the folder that holds oci-layout and index.json, and the image if there are several: oci:FOLDER:NAME"


class NotRebasable(LifecycleError):
    """The image does not say, or says wrongly, what it stands on."""

    code = "not-rebasable"
    exit_code = 72
    what = "{name} cannot be rebased."
    why = "{reason}"
    hint = "Only images of a buildpacks build can be: build it anew, and the new one stands on today's run image."


class RebaseRefused(LifecycleError):
    """The image may not run on that run image."""

    code = "rebase-refused"
    exit_code = 72
    what = "{name} was not rebased on {run_image}."
    why = "{reason}"
    hint = "Name a run image that fits with --run-image, or take the risk with --force."


class RebaseElsewhere(LifecycleError):
    """The rebased image shall go to another kind of place, or another registry, than the one it is in."""

    code = "rebase-elsewhere"
    exit_code = 72
    what = "{name} cannot be rebased into {target}."
    why = "A rebase reads no layers: it writes where they are, for a registry in any of its repositories."
    hint = "Rebase it where it is, then copy it: jupyter mlpack images NAME --push REFERENCE"


class RunImageUnknown(StackError):
    """The run image to rebase on is nowhere to be found."""

    code = "run-image-unknown"
    what = "There is no run image to rebase {name} on."
    why = "{reason}"
    hint = "Name one with --run-image: a name of the store, or a reference in a registry."
