"""A conda environment cannot be had."""

from __future__ import annotations

from jupyter_mlpack.errors.base import RETRY
from jupyter_mlpack.errors.resolution import ResolutionError

__all__ = [
    "CondaChannelFailed", "CondaFileUnreadable", "CondaNotForTarget", "CondaUnsolvable", "CondaWithoutPython",
    "RattlerMissing",
]  # fmt: skip


class RattlerMissing(ResolutionError):
    """The library that reads channels is not installed."""

    code = "rattler-missing"
    what = "The conda environment {file} cannot be built: py-rattler is not installed here."
    why = "It is needed for conda environments only, and is as large as all the rest: {reason}."
    hint = "Install it: pip install 'jupyter-mlpack[conda]'"
    action = RETRY


class CondaFileUnreadable(ResolutionError):
    """The file describes no environment."""

    code = "conda-file-unreadable"
    what = "{file} describes no conda environment: {reason}."
    hint = "Give an environment.yml, an explicit list (@EXPLICIT), a conda-lock.yml or a pixi.lock."
    action = RETRY


class CondaUnsolvable(ResolutionError):
    """No set of the channels' packages satisfies the file."""

    code = "conda-unsolvable"
    what = "The channels have no packages that satisfy {file} together, for {platform} with {libc}."
    why = "{reason}"
    hint = "Loosen a version in the file, add the channel that has the package, or choose a newer stack (--stack)."
    action = RETRY


class CondaChannelFailed(ResolutionError):
    """A channel, or a package of it, cannot be fetched."""

    code = "conda-channel-failed"
    what = "The packages of {file} cannot be fetched from their channels."
    why = "{reason}"
    hint = "Check the network, channel_alias and custom_channels in .condarc, and the credentials that they hold."
    action = RETRY


class CondaNotForTarget(ResolutionError):
    """A lock holds no packages for the target."""

    code = "conda-not-for-target"
    what = "{file} holds no packages for {platform}; it was made for: {others}."
    hint = "Make the lock again with that platform, choose another one with --platform, or give the environment.yml."
    action = RETRY


class CondaWithoutPython(ResolutionError):
    """The environment has no Python that can run the notebook."""

    code = "conda-without-python"
    what = "The conda environment {file} holds no Python."
    why = "The notebook runs in the environment's own Python, not in that of the run image."
    hint = "Add python to its dependencies."
    action = RETRY
