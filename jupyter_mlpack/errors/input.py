"""A name, an option or a table is wrong."""

from __future__ import annotations

from jupyter_mlpack.errors.base import MlpackError


class InputError(MlpackError):
    """The notebook, a name or an option is wrong."""

    exit_code = 2


class ReferenceIsAddress(InputError):
    """A web address where an image name is expected."""

    code = "reference-is-address"
    what = "An image name does not begin with a protocol: {address} came after one."
    why = "Image names look like HOST/REPOSITORY:TAG."
    hint = "Leave out everything up to and including ://"


class ReferenceWrong(InputError):
    """A part of an image name that the grammar does not allow."""

    code = "reference-wrong"
    what = "{name!r} is not an image name: {part!r} cannot be a part of it."
    why = "Parts between slashes hold lower-case letters and digits, joined by single '.', '_' or by '-'."
    hint = "Rename it, for example: team/iris-training:1"


class ReferenceUppercase(InputError):
    """Upper-case letters in an image name."""

    code = "reference-uppercase"
    what = "{name!r} is not an image name: {part!r} has upper-case letters."
    why = "Only the tag, behind the colon, may have them."
    hint = "Write {lower} instead of {part}."


class ReferenceHostWrong(InputError):
    """The registry's host in an image name is malformed."""

    code = "reference-host-wrong"
    what = "{name!r} is not an image name: {host!r} is not a host."
    why = "A first part with a dot or a colon is read as HOST or HOST:PORT of a registry."
    hint = "Correct the host, for example: localhost:5000/team/iris"


class ReferenceTagWrong(InputError):
    """A tag that the grammar does not allow."""

    code = "reference-tag-wrong"
    what = "{name!r} is not an image name: {tag!r} is not a tag."
    why = "A tag has up to 128 letters, digits, '_', '.' and '-', and begins with none of the last two."
    hint = "Correct what stands behind the last colon, or leave it out for the tag latest."


class ReferenceDigestWrong(InputError):
    """A digest that is not a SHA-256 digest."""

    code = "reference-digest-wrong"
    what = "{name!r} is not an image name: {digest!r} is not a digest."
    why = "A digest is sha256: and 64 digits 0-9 a-f."
    hint = "Copy the whole digest, or leave out what stands behind the @."


class ReferenceTooLong(InputError):
    """An image name longer than registries accept."""

    code = "reference-too-long"
    what = "The image name {name!r} is too long."
    why = "Host and repository may have {longest} characters together."
    hint = "Choose a shorter name."


class PlainHttpRefused(InputError):
    """Unencrypted HTTP to another machine that the user did not name."""

    code = "plain-http-refused"
    what = "{host} was not contacted without encryption."
    why = "Over plain HTTP everybody on the way can read the password and change the image."
    hint = "Use HTTPS. If this network is trusted, name the host with --insecure-host {host}"


class CredentialsUnreadable(InputError):
    """A file with registry credentials is damaged or may not be read."""

    code = "credentials-unreadable"
    what = "The registry credentials in {path} cannot be read."
    where = "{path}"
    why = "{reason}"
    hint = "Repair or remove the file, then log in again with docker login."


class CredentialHelperMissing(InputError):
    """The program that should keep the registry credentials is not installed."""

    code = "credential-helper-missing"
    what = "The credentials for {host} are kept by {program}, which is not installed."
    hint = "Install it, or take it out of Docker's config.json and log in with: docker login {host}"


class CredentialHelperFailed(InputError):
    """A program that keeps registry credentials failed."""

    code = "credential-helper-failed"
    what = "{program} did not give the credentials for {host}."
    why = "{reason}"
    hint = "Repair the helper, or take it out of Docker's config.json and log in with: docker login {host}"


class PullNotFound(InputError):
    """The registry does not have the image."""

    code = "pull-not-found"
    what = "There is no image {repository} at {host}."
    why = "{reason}"
    hint = "Check the name and the tag. Some registries say this of private images too: docker login {host}"


class PullNoPlatform(InputError):
    """The image is not made for the wanted architecture."""

    code = "pull-no-platform"
    what = "{reference} has no image for {platform}."
    why = "It has: {offered}."
    hint = "Choose another target architecture or another image."


class ImageNotNamed(InputError):
    """A command wants exactly one image."""

    code = "image-not-named"
    what = "One image is wanted; {given} were named."
    hint = "For example: train:training (jupyter mlpack images lists them)"


class ImageUnknown(InputError):
    """The store has no image of that name."""

    code = "image-unknown"
    what = "There is no image called {name} in the content store."
    why = "It holds: {known}."
    hint = "Build it first: jupyter mlpack build NOTEBOOK --name {name}"


class ParameterUnreadable(InputError):
    """A ``-p`` that is no ``NAME=VALUE``."""

    code = "parameter-unreadable"
    what = "The parameter '{text}' is not of the form NAME=VALUE."
    hint = "For example: -p epochs=3 -p name=resnet -p 'sizes=[64, 32]'"


class PurposeUnsupported(InputError):
    """A purpose that no image has."""

    code = "purpose-unsupported"
    what = "There are no images for {purpose}."
    hint = "Choose training or inference as the purpose, or leave --purpose out."


class TableUnreadable(InputError):
    """An own table of modules, or a list of names, cannot be read."""

    code = "table-unreadable"
    what = "The table {path} cannot be used: {reason}."
    where = "{path}, line {line}"
    hint = "Each line is a module, a colon and the distributions that provide it: acme.billing: acme-billing"


class HardwareTableUnreadable(InputError):
    """An own table of hardware cannot be read."""

    code = "hardware-table-unreadable"
    what = "The table of hardware {path} cannot be used: {reason}."
    where = "{path}"
    hint = (
        "It has the form of hardware.toml, kernels.toml and accelerators.toml in jupyter_mlpack/inspection/data, "
        "with only what differs."
    )


class TableEmpty(InputError):
    """The generator of tables was given nothing to read."""

    code = "table-empty"
    what = "There is nothing to make a table of modules from."
    hint = "Give names of distributions, --names FILE, --wheels FOLDER or --installed FOLDER."


class IndexUnset(InputError):
    """No package index is configured on this machine."""

    code = "index-unset"
    what = "No package index is set on this machine, so no distribution can be asked for its modules."
    hint = "Give its address with --index, or set it for uv (UV_DEFAULT_INDEX) or pip (PIP_INDEX_URL)."


class RequirementsUnreadable(InputError):
    """A file that is to be required whole cannot be."""

    code = "requirements-unreadable"
    what = "{path} cannot be required: {reason}."
    hint = "Give a requirements file, a lock, pyproject.toml, setup.cfg, Pipfile or environment.yml."


class GroupUnknown(InputError):
    """No required file has a group of that name."""

    code = "group-unknown"
    what = "The files of --requirements have no group or extra called {group}; they have: {groups}."
    hint = "Correct the name of --group, or name the file that has it with --requirements."
