"""A buildpack, a builder or a stack that lies elsewhere could not be had: git, images, archives."""

from __future__ import annotations

from jupyter_mlpack.errors.input import InputError
from jupyter_mlpack.errors.stack import StackError


class SourceWrong(InputError):
    """A word that cannot name a place with buildpacks or stacks."""

    code = "source-wrong"
    what = "{word} cannot be used."
    where = "{where}"
    why = "{reason}"
    hint = (
        "A source is a folder, a .cnb, .tar or .tgz file, git+https://HOST/REPOSITORY@COMMIT#subdirectory=DIR, "
        "docker://IMAGE or oci:FOLDER."
    )


class SourceUnusable(InputError):
    """What a word names is there, and does not hold what is looked for."""

    code = "source-unusable"
    what = "There is nothing usable in {word}."
    where = "{where}"
    why = "{reason}"
    hint = "See with: jupyter mlpack buildpack show {word}"


class SourceDamaged(StackError):
    """What came is not what its hash says."""

    code = "source-damaged"
    what = "{word} is not what its hash says; nothing of it was used."
    where = "{word}"
    why = "Expected {expected}, found {found}."
    hint = "If it was replaced on purpose, and you trust it, write the new hash."


class SourceUnreachable(StackError):
    """The server of an archive did not answer, or did not deliver."""

    code = "source-unreachable"
    what = "{word} could not be fetched."
    where = "{word}"
    why = "{reason}"
    hint = "Check the address and the network; or fetch it by other means and name the file."


class GitMissing(StackError):
    """There is no git on this machine."""

    code = "git-missing"
    what = "{word} cannot be fetched: there is no git on this machine."
    hint = "Install git, or fetch it elsewhere and name the folder."


class GitRefused(StackError):
    """git could not fetch from a repository."""

    code = "git-refused"
    what = "git could not fetch from {word}."
    where = "{word}"
    why = "{reason}"
    hint = "Try: git ls-remote {address}; a login comes from git's own credential helper, or from ssh's agent."


class GitRefUnknown(InputError):
    """The repository has no such branch, tag or commit."""

    code = "git-ref-unknown"
    what = "There is no {revision} in {word}."
    where = "{word}"
    why = "{reason}"
    hint = "Name a branch, a tag, or a commit with all of its 40 digits."


class BuildpackIncomplete(InputError):
    """A buildpack that cannot be packed as it is."""

    code = "buildpack-incomplete"
    what = "{buildpack} cannot be packed."
    where = "{path}"
    why = "{reason}"
    hint = "Make bin/detect and bin/build executable; name other buildpacks in package.toml: [[dependencies]] uri = ..."


class BuildpackNotNamed(InputError):
    """A command about a buildpack without one, or with two."""

    code = "buildpack-not-named"
    what = "Name one buildpack; {given} were given."
    hint = "For example: jupyter mlpack buildpack {command} ./my-buildpack"
