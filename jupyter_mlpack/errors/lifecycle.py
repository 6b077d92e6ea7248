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
    hint = "Free some space there, or set TMPDIR (scratch) or UV_CACHE_DIR (downloads) to a folder on a larger disk."
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
