"""A job could not be handed to a target, or not be found again there."""

from __future__ import annotations

from jupyter_mlpack.errors.engine import EngineError
from jupyter_mlpack.errors.input import InputError


class TargetError(InputError):
    """A target of the configuration is wrong, or none takes the job."""


class TargetWrong(TargetError):
    """An entry of the configuration that cannot be used."""

    code = "target-wrong"
    what = "The target {target} of the configuration cannot be used: {problem}."
    where = "c.TargetsMixin.targets in jupyter_mlpack_config.py"
    hint = "Correct the entry; docs/jobs.md has one of each engine."


class TargetHoldsSecret(TargetError):
    """A secret in the configuration."""

    code = "target-holds-secret"
    what = "The target {target} names a secret in its option {option}."
    why = "What a target says is written into the ledger and shown to people."
    hint = "Log in with the engine's own means (docker context, kubeconfig, munge), and leave the option out."


class TargetUnknown(TargetError):
    """No target has that name."""

    code = "target-unknown"
    what = "There is no target called {target}."
    why = "Targets here: {known}."
    hint = "Name one of them, or add it to c.TargetsMixin.targets in jupyter_mlpack_config.py."


class TargetUnfit(TargetError):
    """The target cannot take this job."""

    code = "target-unfit"
    what = "{target} cannot run this job: {problems}."
    why = "That is what the configuration says this target offers (jupyter mlpack jobs --targets)."
    hint = "Wish for less, build for other hardware (--accelerator, --platform), or name another target with --on."


class NoTargetFits(TargetError):
    """No target can take the job."""

    code = "no-target-fits"
    what = "No target offers {wish}."
    why = "{refusals}"
    hint = "Wish for less, build for other hardware (--accelerator cpu), or name a target with --on."


class TargetUnavailable(EngineError):
    """The target's engine does not answer."""

    code = "target-unavailable"
    what = "The target {target} cannot be reached."
    why = "{reason}"
    hint = "Once it answers, submit again; the image is kept. --on names another target."


class TargetWithoutRegistry(TargetError):
    """The target pulls images, and no registry is named."""

    code = "target-without-registry"
    what = "The target {target} has no registry to pull the image from."
    why = "Its nodes fetch images themselves."
    hint = 'Give it one in the configuration: "registry": "registry.example.com/team".'


class JobNotStarted(EngineError):
    """The ledger knows the job, the engine does not."""

    code = "job-not-started"
    what = "The target {target} has no job {id}: it was removed there, or its submission was interrupted."
    why = "The ledger wrote it down before the engine was asked."
    hint = "Submit it again; nothing of it runs."


class JobUnknown(TargetError):
    """No job has that id."""

    code = "job-unknown"
    what = "There is no job {id}."
    why = "Newest jobs: {known}."
    hint = "jupyter mlpack jobs lists them; the last six characters of an id are enough."


class JobAmbiguous(TargetError):
    """Several jobs have ids with that end."""

    code = "job-ambiguous"
    what = "Several jobs match {id}: {found}."
    hint = "Give more characters of the id."


class JobHasNoEngine(TargetError):
    """A job of this machine that ended with the process that ran it."""

    code = "job-without-target"
    what = "The job {id} ran on this machine and is not on a target."
    hint = "What it said is in its log: jupyter mlpack logs {id}"


class JobFollowed(TargetError):
    """Somebody else follows the job and will bring its outputs."""

    code = "job-followed"
    what = "Another process follows the job {id}, and brings its outputs to {output}."
    why = "Process {process} on {host} holds its file in the ledger."
    hint = "Wait for it, or stop that process and ask again."


class WishUnreadable(TargetError):
    """A size or a time that cannot be read."""

    code = "wish-unreadable"
    what = "{option} cannot be {text!r}."
    hint = "Sizes look like 16GB or 500Mi, times like 30m, 2h or 1.5d."


class JobVariableWrong(TargetError):
    """``--set`` without a value."""

    code = "job-variable-wrong"
    what = "--set {text} has no value."
    hint = "Write --set NAME=VALUE; for a value that nobody shall see: --secret NAME."


class NotebookOrImageNotNamed(TargetError):
    """``submit`` wants exactly one notebook or image."""

    code = "notebook-or-image-not-named"
    what = "One notebook or one image is wanted; {given} were named."
    hint = "For example: jupyter mlpack submit train.ipynb --on docker"


class JobNotNamed(TargetError):
    """A command wants exactly one job."""

    code = "job-not-named"
    what = "One job is wanted; {given} were named."
    hint = "jupyter mlpack jobs lists them; the last six characters of an id are enough."
