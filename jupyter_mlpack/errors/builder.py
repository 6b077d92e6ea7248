"""A builder image cannot be made, or an application folder for one cannot be written."""

from __future__ import annotations

from jupyter_mlpack.errors.input import InputError
from jupyter_mlpack.errors.stack import StackError


class WorkspaceTaken(InputError):
    """``--workspace`` names something that is there."""

    code = "workspace-taken"
    what = "The application cannot be written to {folder}."
    where = "{folder}"
    why = "{reason}"
    hint = "Name a folder that is not there yet: --workspace DIR"


class BuilderNotNamed(InputError):
    """``builder create`` without a name, or with several."""

    code = "builder-not-named"
    what = "One name is needed for the builder; {given} were given."
    hint = "For example: jupyter mlpack builder create registry.example.com/team/builder:1"


class BuilderUnusable(InputError):
    """What a builder shall be made of does not go together."""

    code = "builder-unusable"
    what = "The builder {name} cannot be made."
    why = "{reason}"
    hint = "{next}"


class LifecycleMissing(StackError):
    """The official lifecycle is nowhere."""

    code = "lifecycle-missing"
    what = "The builder needs the official lifecycle for {arch}, and there is none at hand."
    why = "{reason}"
    hint = (
        "Name a release of github.com/buildpacks/lifecycle: --lifecycle lifecycle-v{version}+linux.x86-64.tgz (or "
        "linux.arm64); or install Go, with which it is built."
    )


class LifecycleUnreadable(StackError):
    """What is named as the official lifecycle is none."""

    code = "lifecycle-unreadable"
    what = "{path} is no official lifecycle."
    where = "{path}"
    why = "{reason}"
    hint = "It is as the lifecycle's releases are: a file lifecycle.toml, and a folder lifecycle with the programs."


class LifecycleNotBuilt(StackError):
    """Go could not build the official lifecycle."""

    code = "lifecycle-not-built"
    what = "Go could not build version {version} of the official lifecycle for {arch}."
    why = "{reason}"
    hint = "Check that this machine reaches its Go module proxy, or name a release: --lifecycle FILE"
