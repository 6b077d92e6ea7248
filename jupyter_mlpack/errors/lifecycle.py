"""A phase of the lifecycle failed; the exit codes are the specification's."""

from __future__ import annotations

from jupyter_mlpack.errors.base import LOG, RETRY, MlpackError


class LifecycleError(MlpackError):
    """A phase of the lifecycle failed; ``exit_code`` is the specification's."""

    exit_code = 1
    action = LOG


class BuildpackApiUnsupported(LifecycleError):
    """A buildpack speaks a version of the Buildpack API that the embedded lifecycle does not know."""

    code = "buildpack-api-unsupported"
    exit_code = 12
    what = "The buildpack {buildpack} cannot be used here."
    why = "Its Buildpack API is {api}; supported are {apis}."
    hint = "Use a release of the buildpack that declares one of these in buildpack.toml."


class BuildpackNeedsPaths(LifecycleError):
    """A buildpack takes the image's paths for granted, and the kernel does not let us show them to it."""

    code = "buildpack-needs-paths"
    exit_code = 22
    what = "The buildpack {buildpack} cannot run on this machine."
    where = "{path}"
    why = "It must see its folders at /layers and /workspace, for which a Linux user namespace is needed. {reason}"
    hint = (
        "Allow unprivileged user namespaces, or build with pack or kpack, which run buildpacks in containers. "
        "A buildpack that writes the paths that BP_IMAGE_LAYERS_DIR says runs anywhere: it may declare "
        "relocatable = true in the [metadata.mlpack] of its buildpack.toml."
    )


class BuildpackNeedsArchitecture(LifecycleError):
    """A buildpack that is not ours would build for another architecture than this machine's."""

    code = "buildpack-needs-architecture"
    exit_code = 22
    what = "The buildpack {buildpack} cannot build for linux/{arch} on this machine."
    where = "{path}"
    why = "This machine is linux/{host}; what the buildpack installs for the image, it may have to run."
    hint = (
        "Build on a linux/{arch} machine, or leave the buildpack out. One that runs nothing of the image and writes "
        "the paths that BP_IMAGE_LAYERS_DIR says may declare relocatable = true in [metadata.mlpack]."
    )


class VolumeNotShown(LifecycleError):
    """The kernel does not let us show volumes to the buildpacks."""

    code = "volume-not-shown"
    exit_code = 22
    what = "The volumes {targets} cannot be shown to the buildpacks on this machine."
    why = "A Linux user namespace is needed for that. {reason}"
    hint = "Allow unprivileged user namespaces, or copy what the buildpacks need beside the notebook."


class WorkspaceUnwritable(LifecycleError):
    """The application folder could not be written."""

    code = "workspace-unwritable"
    exit_code = 32
    what = "The application folder could not be prepared."
    where = "{path}"
    why = "{reason}"
    hint = "Check that the file can be read and that the disk has room, then build again."
    action = RETRY


class PlannedPathUnsafe(LifecycleError):
    """A planned file would lie outside the application folder."""

    code = "planned-path-unsafe"
    exit_code = 32
    what = "The file {path} cannot be part of the image."
    why = "Its path leads out of the application folder, or collides with another file."
    hint = "Move the file below the notebook's folder and refer to it by its relative path."


class AnalyzeBroken(LifecycleError):
    """The analyze phase could not do its work."""

    code = "analyze-broken"
    exit_code = 32
    what = "The run image or the previous image could not be analyzed."
    where = "{path}"
    why = "{reason}"
    hint = "Build again without the previous image, or fetch the run image anew."


class DetectFailed(LifecycleError):
    """No group of buildpacks fits the application."""

    code = "detect-failed"
    exit_code = 20
    what = "No group of buildpacks fits this notebook."
    where = "detect, buildpacks {buildpacks}"
    why = "{lines}"
    hint = "Read which buildpack said no; it may ask for a file or a setting that is missing."


class DetectErrored(LifecycleError):
    """No group of buildpacks fits, and at least one buildpack's detect went wrong."""

    code = "detect-errored"
    exit_code = 21
    what = "The buildpack {buildpack} failed while it looked at the notebook (exit status {status})."
    where = "detect"
    why = "{lines}"
    hint = "This is a fault of the buildpack or of its settings; the lines above come from it."


class DetectBroken(LifecycleError):
    """The detect phase could not do its work."""

    code = "detect-broken"
    exit_code = 22
    what = "The buildpacks could not be asked whether they fit."
    where = "{path}"
    why = "{reason}"
    hint = "Check that the buildpacks named by the plan are installed and complete."


class RestoreBroken(LifecycleError):
    """The restore phase could not do its work."""

    code = "restore-broken"
    exit_code = 42
    what = "Layers of the previous build could not be restored."
    where = "{path}"
    why = "{reason}"
    hint = "Remove the named file or folder, or build without the previous image."


class BuildpackFailed(LifecycleError):
    """A buildpack's build ended with an error."""

    code = "buildpack-failed"
    exit_code = 51
    what = "The buildpack {buildpack} failed (exit status {status})."
    where = "build, {buildpack}"
    why = "{lines}"
    hint = "The last lines of its log say what it was doing; the full log is in the build's output."


class PackageHashDiffers(LifecycleError):
    """A downloaded wheel is not the one of the lock."""

    code = "package-hash-differs"
    exit_code = 51
    what = "{package} was refused: the file that was delivered is not the one that was locked."
    where = "build, {buildpack}"
    why = "Locked is {expected}, delivered was {found}."
    hint = "A proxy or mirror may change files. If the package was replaced on purpose, lock it again with --upgrade."
    action = RETRY


class DownloadsUnreachable(LifecycleError):
    """The packages are locked, but nobody delivers them."""

    code = "downloads-unreachable"
    exit_code = 51
    what = "The locked packages cannot be downloaded: {host} cannot be reached."
    where = "build, {buildpack}"
    hint = "Check the network and the proxy, then build again: what was downloaded before is not downloaded again."
    action = RETRY


class ScratchFull(LifecycleError):
    """No room is left where packages are unpacked or downloaded to."""

    code = "scratch-full"
    exit_code = 52
    what = "There is no room left on the disk with {folder}, where the packages are prepared."
    where = "{folder}"
    hint = (
        "Free some space there, or set TMPDIR (scratch), UV_CACHE_DIR (downloads) or MLPACK_HOME (the content store) to"
        " a folder on a larger disk."
    )
    action = RETRY


class BuildBroken(LifecycleError):
    """The build phase could not do its work, or a buildpack wrote a file that breaks the specification."""

    code = "build-broken"
    exit_code = 52
    what = "What the buildpack {buildpack} left behind cannot be used."
    where = "{path}"
    why = "{reason}"
    hint = "This is a fault of the buildpack, or the disk is full; correct it and build again."


class ExportBroken(LifecycleError):
    """The export phase could not do its work."""

    code = "export-broken"
    exit_code = 62
    what = "The image could not be put together."
    where = "{path}"
    why = "{reason}"
    hint = "Check that the disk has room and that no file changed during the build, then build again."


class LayerNotReusable(LifecycleError):
    """A buildpack kept a layer that is not there any more."""

    code = "layer-not-reusable"
    exit_code = 62
    what = "The layer {layer} cannot be reused."
    why = "The buildpack kept it without its contents, but {reason}."
    hint = "Build again without the previous image: the buildpack then makes the layer anew."
    action = RETRY
