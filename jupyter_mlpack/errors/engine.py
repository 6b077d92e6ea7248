"""A job could not be started or followed."""

from __future__ import annotations

from jupyter_mlpack.errors.base import CELL, LOG, MlpackError


class EngineError(MlpackError):
    """A job could not be started or followed."""

    exit_code = 8


class EngineUnknown(EngineError):
    """No engine has that name."""

    code = "engine-unknown"
    exit_code = 2
    what = "There is no engine called {name}."
    hint = "Engines: {known}."


class EngineUnavailable(EngineError):
    """No engine can run anything here."""

    code = "engine-unavailable"
    what = "Nothing here can run the image."
    why = "{reasons}"
    hint = (
        "Enable one of them, or run the image elsewhere: it is an ordinary image, jupyter mlpack push brings it there."
    )


class NotLinux(EngineError):
    """The process engine needs Linux."""

    code = "engine-not-linux"
    what = "The process engine cannot run images on {system}."
    why = "It uses Linux namespaces."
    hint = "Use --engine docker with Docker Desktop, or another Docker daemon."


class NamespacesSwitchedOff(EngineError):
    """A kernel switch forbids user namespaces."""

    code = "engine-namespaces-switched-off"
    what = "The kernel does not let this user make a user namespace."
    why = "{switch} is {value}."
    hint = "An administrator can allow it: sysctl -w {switch}={allows}. Or use --engine docker."


class NamespacesExhausted(EngineError):
    """A limit on the number of user namespaces is reached."""

    code = "engine-namespaces-exhausted"
    what = "The kernel makes no further user namespace ({error})."
    why = "A limit on their number or depth is reached, here or in a container around this process."
    hint = "An administrator can raise it: sysctl -w user.max_user_namespaces=10000. Or use --engine docker."


class NamespacesForbidden(EngineError):
    """A container or security module around us forbids user namespaces."""

    code = "engine-namespaces-forbidden"
    what = "This process may not make a user namespace ({error})."
    why = "The container around it (its seccomp profile) or a security module forbids it; no kernel switch does."
    hint = "Allow the unshare system call in the container's seccomp profile, or use --engine docker."


class SandboxRefused(EngineError):
    """A later step into the sandbox was refused."""

    code = "engine-sandbox-refused"
    what = "The kernel refused a step of the sandbox: {step} {path} ({error})."
    why = "The container or security module around this process limits what a user namespace may do."
    hint = (
        "Allow mounts in user namespaces (AppArmor: "
        "kernel.apparmor_restrict_unprivileged_userns=0; Kubernetes: procMount and seccomp "
        "profile Unconfined), or use --engine docker."
    )


class CommandNotExecutable(EngineError):
    """The image's entry point cannot be executed."""

    code = "engine-command-not-executable"
    what = "The image's command {command} cannot be executed ({error})."
    why = "The file is missing or damaged in the image, or was built for another processor."
    hint = "Build the image again; jupyter mlpack inspect shows what it is made of."
    action = LOG


class JobLost(EngineError):
    """The engine does not know the job."""

    code = "engine-job-lost"
    what = "The engine {engine} knows no job {id}."
    why = "It was started by another process, or its container was removed."
    hint = "Start the job again."
    action = ("retry", "Start it again")


class ImageForOtherMachine(EngineError):
    """The image's processor is not this one."""

    code = "job-image-for-other-machine"
    what = "{image} is for {architecture}, this machine is {machine}."
    hint = "Build it for this machine, or run it on a {architecture} one."


class ImageWithoutTraining(EngineError):
    """The image has no process train."""

    code = "job-image-without-training"
    exit_code = 2
    what = "{image} has no training process."
    why = "Its processes: {processes}."
    hint = "Build the notebook for training: jupyter mlpack build NOTEBOOK --purpose training"


class PortTaken(EngineError):
    """A service cannot listen where it shall."""

    code = "service-port-taken"
    exit_code = 2
    what = "The service cannot listen on {host}, port {port}."
    why = "{reason}."
    hint = "Choose another port, or let one be chosen: jupyter mlpack run IMAGE --port 0"


class ServiceWithParameters(EngineError):
    """Parameters for an inference image."""

    code = "service-with-parameters"
    exit_code = 2
    what = "{image} serves a function: it has no parameters to run with."
    why = "-p sets those of a training; a service gets its values with each request."
    hint = "Leave -p out: jupyter mlpack run {image}"


class ParameterUnknown(EngineError):
    """A parameter that the notebook does not have."""

    code = "job-parameter-unknown"
    exit_code = 2
    what = "The notebook has no parameter {name}."
    why = "{known}"
    hint = "Check the spelling; jupyter mlpack inspect NOTEBOOK lists the parameters."


class OutputNotEmpty(EngineError):
    """The output folder holds something already."""

    code = "job-output-not-empty"
    exit_code = 2
    what = "The output folder {path} is not empty."
    why = "A run never mixes its files with those of another."
    hint = "Name another folder, for example {example}, or empty this one."


class OutputNotWritable(EngineError):
    """The output folder cannot be made or written."""

    code = "job-output-not-writable"
    exit_code = 2
    what = "The output folder {path} cannot be written."
    why = "{reason}"
    hint = "Name a folder that you may write to."


class CellFailed(EngineError):
    """A cell of the notebook raised."""

    code = "job-cell-failed"
    what = "Code cell {cell} failed: {message}"
    hint = "The executed notebook in {output} holds the whole traceback."
    action = CELL


class OutOfMemory(EngineError):
    """The container's memory ran out."""

    code = "job-out-of-memory"
    what = "The job ran out of memory and was killed."
    why = "The container engine says so (exit status 137)."
    hint = "Allow it more memory, or use less: a smaller batch, fewer data loader workers."
    action = LOG


class JobKilled(EngineError):
    """SIGKILL came from outside."""

    code = "job-killed"
    what = "The job was killed (SIGKILL, exit status 137)."
    why = "We did not do it. Mostly the kernel does, when the machine or the container around it has no memory left."
    hint = "Allow it more memory, or use less: a smaller batch, fewer data loader workers. dmesg may say more."
    action = LOG
