"""A build in containers or on a cluster could not be started, failed there, or left nothing that can be used."""

from __future__ import annotations

from jupyter_mlpack.errors.base import RETRY
from jupyter_mlpack.errors.input import InputError
from jupyter_mlpack.errors.lifecycle import LifecycleError


class PlaceUnknown(InputError):
    """``--on`` names nothing that builds."""

    code = "build-place-unknown"
    what = "Nothing called {name} builds images."
    hint = "Say one of: --on {known}; without --on the build runs here, without Docker."


class PlaceArchitecture(LifecycleError):
    """The daemon's machine is another one than the image's."""

    code = "build-place-architecture"
    exit_code = 22
    what = "The Docker daemon at {address} cannot build for linux/{arch}."
    why = "Its machine is linux/{host}, and buildpacks run in containers there."
    hint = "Build on a daemon of that architecture (DOCKER_HOST), or here: leave --on out."


class VolumeElsewhere(InputError):
    """A folder of this machine for a build on another."""

    code = "build-volume-elsewhere"
    what = "The volumes {targets} cannot be shown to a build on another machine."
    why = "They are folders of this machine, and the build runs {place}."
    hint = "Copy what the buildpacks need beside the notebook, or build here: leave --on out."


class PhaseFailed(LifecycleError):
    """A phase of the official lifecycle ended with an error that tells of no buildpack."""

    code = "phase-failed"
    exit_code = 1
    what = "The phase {phase} of the official lifecycle failed (exit status {status})."
    where = "{phase}, {place}"
    why = "{lines}"
    hint = "The last lines of its log say what it was doing; the full log is in the build's output."


class PhaseOutOfMemory(LifecycleError):
    """The container of a phase was killed for its memory."""

    code = "phase-out-of-memory"
    exit_code = 52
    what = "The phase {phase} was killed: there was no memory left for its container."
    where = "{phase}, {place}"
    why = "The container engine says so (exit status {status})."
    hint = "Give the machine that builds more memory, then build again."
    action = RETRY


class PhaseStopped(LifecycleError):
    """A container of the build is gone, and we did not do it."""

    code = "phase-stopped"
    exit_code = 52
    what = "The container of the phase {phase} was stopped from outside (exit status {status})."
    where = "{phase}, {place}"
    hint = "Somebody or something ended it there: build again."
    action = RETRY


class ResultUnusable(LifecycleError):
    """The build ended well, and its image cannot be read."""

    code = "build-result-unusable"
    exit_code = 62
    what = "The build {place} ended well, but its image cannot be used."
    why = "{reason}"
    hint = "Build again; if it stays so, the builder's lifecycle is not the official one: take another builder."
    action = RETRY


class KpackMissing(LifecycleError):
    """The cluster does not know kpack's resources."""

    code = "kpack-missing"
    exit_code = 2
    what = "There is no kpack {place}."
    why = "The cluster knows no resource builds.kpack.io."
    hint = "Leave --kpack out: then a plain Job builds, and nothing has to be installed there."


class KpackFailed(LifecycleError):
    """kpack's build ended badly, and no phase did."""

    code = "kpack-failed"
    exit_code = 52
    what = "The build of kpack {place} failed."
    why = "{reason}"
    hint = "Check that its service account may pull the builder and push the image: kubectl describe builds"
    action = RETRY


class KpackElsewhere(InputError):
    """``--kpack`` for what is no Kubernetes cluster."""

    code = "kpack-elsewhere"
    what = "--kpack is for a target that is a Kubernetes cluster, and {name} is none."
    hint = "Say --on with the name of such a target, or leave --kpack out."
