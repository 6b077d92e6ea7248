"""A job could not be given to Slurm, or ended there for a reason that is not its own."""

from __future__ import annotations

from jupyter_mlpack.errors.base import LOG
from jupyter_mlpack.errors.engine import EngineError


class SlurmMissing(EngineError):
    """Slurm's commands are not on this machine."""

    code = "slurm-missing"
    what = "Slurm's command {command} cannot be run here ({reason})."
    why = "Jobs are submitted with the commands of a login node."
    hint = "Run Jupyter on a login node, or install Slurm's client commands and the site's slurm.conf here."


class SlurmUnreachable(EngineError):
    """The controller does not answer."""

    code = "slurm-unreachable"
    what = "The controller of Slurm does not answer."
    why = "{reason}."
    hint = "Look whether sinfo works in a terminal. Jobs that run go on, and are found again."


class SlurmRefused(EngineError):
    """A command of Slurm was refused."""

    code = "slurm-refused"
    what = "Slurm refuses {command}: {reason}."
    hint = "{advice}"


class SlurmFolder(EngineError):
    """The folder that this machine shares with the nodes cannot be used."""

    code = "slurm-folder"
    what = "The folder {path} for jobs of Slurm cannot be used ({reason})."
    why = "Image, log and outputs go through a folder that this machine and all nodes see under the same path."
    hint = 'Name one in the configuration of the target, on a shared file system: "shared": "/scratch/me/mlpack".'


class SlurmRuntimeUnknown(EngineError):
    """The target's runtime is not one that we know."""

    code = "slurm-runtime-unknown"
    exit_code = 2
    what = "The target's runtime {runtime} is not known."
    why = "Known: {known}."
    hint = 'Name one of them, or give the words that run an image at your site: "command": "shifter --image=$image".'


class SlurmOneNode(EngineError):
    """Several nodes were wished for."""

    code = "slurm-one-node"
    exit_code = 2
    what = "A job of Slurm cannot run on {nodes} nodes as yet."
    why = "Its script starts one container, on one node."
    hint = "Leave --nodes out, or train on a Kubernetes target."


class SlurmStepFailed(EngineError):
    """The container could not be made on the node."""

    code = "slurm-step-failed"
    what = "The node could not {step}: {said}."
    why = "Slurm's job {number} ran on the node, and the container runtime {runtime} refused there (status {status})."
    hint = "Look whether it works in a job: srun {runtime} --version. The target's option runtime names another."
    action = LOG


class SlurmTimeLimit(EngineError):
    """The job's time was over."""

    code = "slurm-time-limit"
    what = "The training's time was over: Slurm ended its job {number}."
    why = "It took longer than was wished for, or than the partition allows."
    hint = "Wish for more time (--time 4h), or name a partition that gives more."


class SlurmEndedJob(EngineError):
    """Slurm ended the job, for a reason of its own."""

    code = "slurm-ended-job"
    what = "Slurm ended its job {number}: {reason}."
    why = "Slurm's state of it is {state}."
    hint = "Submit it again."


class SlurmLeftNothing(EngineError):
    """The job is gone and its script said nothing of its end."""

    code = "slurm-left-nothing"
    what = "Slurm's job {number} ended without a word of how the training ended."
    why = "Slurm's state of it is {state}; the last that it said: {said}."
    hint = "Look whether the nodes see the target's shared folder under the same path, and whether it is full."
    action = LOG
