"""What a build was given beside the notebook cannot be used: variables, bindings, volumes, orders, descriptors."""

from __future__ import annotations

from jupyter_mlpack.errors.input import InputError


class BuildVariableMissing(InputError):
    """``--env NAME`` of a variable that is not set."""

    code = "build-variable-missing"
    what = "The variable {name} is not set in this environment, so the build cannot have it."
    hint = "Set it before, for example: export {name}=...; or say its value: --env {name}=VALUE"


class BuildVariableWrong(InputError):
    """A name that cannot be the name of a variable."""

    code = "build-variable-wrong"
    what = "{name!r} cannot be the name of a variable."
    where = "{where}"
    why = "A variable is NAME=VALUE, or NAME to take it from this environment; its name has no '/' and is not empty."
    hint = "For example: --env BP_LOG_LEVEL=debug"


class BuildVariableReserved(InputError):
    """A variable by which the platform tells its buildpacks about the machine."""

    code = "build-variable-reserved"
    what = "The variable {name} cannot be set for a build."
    where = "{where}"
    why = "It tells the buildpacks about this machine and the image, which only the platform knows."
    hint = "Leave it out."


class EnvFileUnreadable(InputError):
    """A file of variables that cannot be read."""

    code = "env-file-unreadable"
    what = "The file of variables {path} cannot be used."
    where = "{path}"
    why = "{reason}"
    hint = "Each line is NAME=VALUE, or NAME to take it from this environment; lines that begin with # are passed over."


class BindingWrong(InputError):
    """A ``--binding`` that is no ``NAME=DIR``."""

    code = "binding-wrong"
    what = "The binding {text!r} cannot be used."
    why = "{reason}"
    hint = "A binding is a folder with a file for each fact, one called type: --binding pypi=./secrets/pypi"


class BindingUnreadable(InputError):
    """A binding's folder or one of its files cannot be read."""

    code = "binding-unreadable"
    what = "The service binding cannot be read."
    where = "{path}"
    why = "{reason}"
    hint = "Check that the folder is there, and that you may read it and the files in it."


class VolumeWrong(InputError):
    """A ``--volume`` that cannot be had."""

    code = "volume-wrong"
    what = "The volume {text!r} cannot be used."
    why = "{reason}"
    hint = "For example: --volume /srv/wheels:/wheels, to be read by the buildpacks at /wheels."


class MomentWrong(InputError):
    """A creation time that is none."""

    code = "moment-wrong"
    what = "{text!r} is not a time that an image can have been made at."
    where = "{where}"
    why = "It is a number of seconds since 1970, a date and time with its zone, or now."
    hint = "For example: --creation-time 1767225600, or --creation-time 2026-01-01T00:00:00Z"


class BuildpackUnreadable(InputError):
    """A buildpack that somebody named cannot be used."""

    code = "buildpack-unreadable"
    what = "There is no usable buildpack at {path}."
    where = "{where}"
    why = "{reason}"
    hint = "A buildpack is a folder with buildpack.toml, bin/detect and bin/build (or with an order and nothing else)."


class BuildpackUnknown(InputError):
    """An order names a buildpack that is not at hand."""

    code = "buildpack-unknown"
    what = "There is no buildpack {reference} here."
    where = "{where}"
    why = "At hand: {known}."
    hint = "Say where it is: --buildpack DIR, or git+https://..., docker://IMAGE, oci:FOLDER, a .cnb file."


class OrderUnreadable(InputError):
    """An order file, a builder's description or a project descriptor that cannot be used."""

    code = "order-unreadable"
    what = "{path} cannot be used."
    where = "{path}"
    why = "{reason}"
    hint = "{form}"


class OrdersDisagree(InputError):
    """Two options that both say which buildpacks are asked."""

    code = "orders-disagree"
    what = "{one} and {other} cannot be used together."
    why = "Each says which buildpacks are asked, and in which order."
    hint = "Leave one of them out; to add a buildpack to an order, use --pre-buildpack or --post-buildpack."


class DescriptorNotTrusted(InputError):
    """A project descriptor that was found, not named, and wants programs to be run."""

    code = "descriptor-not-trusted"
    what = "{path} names a buildpack of its own ({named}), which was not run."
    where = "{path}"
    why = "A buildpack is a program: who builds a notebook from elsewhere must not run one without knowing."
    hint = "If you trust it, name the file: --descriptor {path}"


class MirrorAlone(InputError):
    """A mirror of a run image that nobody names."""

    code = "mirror-alone"
    what = "{mirror} is a mirror of no run image."
    why = "Without --run-image, and without a builder that names one, the run image is assembled here."
    hint = "Name the run image, too: --run-image {mirror}"
