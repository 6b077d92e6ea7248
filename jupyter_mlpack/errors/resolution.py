"""No set of packages satisfies what the notebook needs."""

from __future__ import annotations

from jupyter_mlpack.errors.base import LOG, PACKAGES, RETRY, MlpackError


class ResolutionError(MlpackError):
    """No set of packages satisfies what the notebook needs."""

    exit_code = 4
    action = PACKAGES


class PackageUnknown(ResolutionError):
    """The index has no distribution of that name."""

    code = "package-unknown"
    what = "There is no package called {package} on the package index."
    hint = "Correct the name in the notebook, or set the index that has it (pip's or uv's index settings are used)."


class PackageVersionUnknown(ResolutionError):
    """The index has the distribution, but not that version."""

    code = "package-version-unknown"
    what = "No version of {package} on the package index satisfies {package}{specifier}."
    hint = "Change the pin in the notebook, or add the index that holds this version."
    action = ("open-packages", "Choose a version")


class NoWheelForTarget(ResolutionError):
    """The distribution has no wheel that the target takes."""

    code = "no-wheel-for-target"
    what = "{release} has no wheel for Linux {arch} with Python {python}."
    why = "Packages are installed from wheels only, so that the target never depends on this machine's compilers."
    hint = "Pin a version that has a wheel, or add an index or a find-links folder (UV_FIND_LINKS) that holds one."
    action = ("open-packages", "Choose a version")


class HashNotInLock(ResolutionError):
    """The index has other files of a release than those that a lock of the folder holds the hashes of."""

    code = "hash-not-in-lock"
    what = "The index has no file of {release} for the image whose hash is in {lock}."
    why = "The lock was made for other files; {file} is not among them, and may be somebody else's code."
    hint = "Use the index that the lock was made with, or make the lock again if you trust that file."


class DependencyConflict(ResolutionError):
    """Two needs exclude each other."""

    code = "dependency-conflict"
    what = "The notebook's packages cannot be installed together."
    why = "{reason}"
    hint = (
        "Loosen one of the pins, choose a version under Packages in the panel or with --require, or install the other "
        "version in the kernel; then build again."
    )
    action = ("open-packages", "Choose versions")


class RequirementInvalid(ResolutionError):
    """An install line holds something that is no requirement."""

    code = "requirement-invalid"
    what = "A requirement cannot be read."
    why = "{reason}"
    hint = "Write it as pip would take it, for example: pandas==2.2.3"


class IndexUnreachable(ResolutionError):
    """The package index did not answer."""

    code = "index-unreachable"
    what = "The package index cannot be reached: {reason}."
    why = "{detail}"
    hint = "Check the network and the proxy; a notebook whose packages did not change builds without a network."
    action = RETRY


class ResolverFailed(ResolutionError):
    """uv failed in another way."""

    code = "resolver-failed"
    what = "The resolver (uv) stopped."
    why = "{reason}"
    hint = "Run the build again with -v; if a package is installed from an address, check that it can be fetched."
    action = LOG


class ImportsUnresolved(ResolutionError):
    """Imported names that nothing knows."""

    code = "imports-unresolved"
    what = "Nobody knows which package provides: {modules}."
    where = "{where}"
    why = (
        "Neither the kernel's environment, an install line nor the table of import names has them, "
        "and a guess could install somebody else's code."
    )
    hint = (
        "Install them in the kernel, write a cell '%pip install NAME', or name the package: under Packages in the "
        "panel, or with --require NAME."
    )
    action = ("retry", "Build without {short}")
    choices = {"ignore": "{names}"}


class PythonUnsupported(ResolutionError):
    """No stack has the notebook's Python."""

    code = "python-unsupported"
    what = "No stack has Python {python}; there are stacks for Python {available}."
    where = "{where}"
    hint = "Choose one that will do: in the panel, or with --python {example}"
    action = ("retry", "Build with Python {example}")
    choices = {"python": "{example}"}


class StackUnknown(ResolutionError):
    """No stack of that name."""

    code = "stack-unknown"
    what = "There is no stack called {stack}; there are: {available}."
    hint = "Leave --stack out to have it chosen by the notebook's Python version; jupyter mlpack stack list has all."
    action = RETRY


class NoKernelsForCard(ResolutionError):
    """The image is for a card that the notebook's framework has no kernels for."""

    code = "no-kernels-for-card"
    what = "{release} in this lock has no kernels for the {card}."
    why = "The code needs the GPU, and its first operation on it would fail: no kernel image is available."
    hint = "{advice}"
    action = ("open-packages", "Choose versions")
