"""An installed distribution that no index has cannot be packaged along."""

from __future__ import annotations

from jupyter_mlpack.errors.base import PACKAGES, MlpackError

_ALONG = "The package {name} is on no index that is known, and its installed files cannot be packaged along."
_WHERE = "under Packages in the panel, or with --require {name}"
_OTHER = "Put a wheel of it on your index or in a find-links folder (UV_FIND_LINKS), and name the package: " + _WHERE


class PackagingError(MlpackError):
    """An installed distribution that no index has cannot be packaged along."""

    exit_code = 4
    action = PACKAGES


class DistributionCompiled(PackagingError):
    """It holds files that a compiler made for this machine."""

    code = "distribution-compiled"
    what = _ALONG
    why = "It was built for this machine: {file}."
    hint = _OTHER


class DistributionSourceGone(PackagingError):
    """The folder that an editable installation points to is gone."""

    code = "distribution-source-gone"
    what = _ALONG
    why = "Its source folder is gone: {path}."
    hint = "Install it again in the kernel, or remove it from there: pip uninstall {name}"


class DistributionFilesUnknown(PackagingError):
    """The installation does not say which files belong to it."""

    code = "distribution-files-unknown"
    what = _ALONG
    why = "Its installation does not say which files belong to it."
    hint = "Install it again in the kernel with pip or uv; or name a package that an index has: " + _WHERE


class DistributionUnreadable(PackagingError):
    """Its files cannot be read."""

    code = "distribution-unreadable"
    what = _ALONG
    why = "Its files cannot be read: {reason}."
    hint = "Give yourself the right to read them, or name a package that an index has: " + _WHERE


class DistributionEscapes(PackagingError):
    """A file of it lies, or a link of it leads, out of its own folder."""

    code = "distribution-escapes"
    what = _ALONG
    why = "{path} leads out of its own folder."
    hint = "Replace the link by the file itself, or name a package that an index has: " + _WHERE


class DistributionTooLarge(PackagingError):
    """It holds more than a wheel should."""

    code = "distribution-too-large"
    what = _ALONG
    why = "It holds more than {files} files or {megabytes} MB."
    hint = "Move data out of the package's folder and read them as files beside the notebook."


class LocalWheelUnfit(PackagingError):
    """The wheel that it was installed from is for other machines than the target."""

    code = "local-wheel-unfit"
    what = "The package {name} was installed from a local wheel that Linux {arch} with Python {python} does not take."
    why = "The wheel is {file}."
    hint = _OTHER
