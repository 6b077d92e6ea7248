"""Data and models that an image needs could not be had."""

from __future__ import annotations

from jupyter_mlpack.errors.base import MlpackError
from jupyter_mlpack.errors.engine import EngineError
from jupyter_mlpack.errors.input import InputError


class AssetError(MlpackError):
    """An asset could not be had."""

    exit_code = 4


class AssetWrong(InputError):
    """An ``--asset`` or a ``--mount`` that cannot be used."""

    code = "asset-wrong"
    what = "{option} {text!r} cannot be used."
    why = "{reason}"
    hint = "For example: --asset data/train.csv=https://example.com/train.csv#sha256=..., or --mount data"


class AssetUnpinned(AssetError):
    """A notebook names an address without the hash of what is there."""

    code = "asset-unpinned"
    what = "The notebook wants {path} from {source}, and does not say its hash."
    where = "{notebook}"
    why = "A notebook may come from anywhere: of the network it gets what has a hash, and so was known before."
    hint = "If you trust it: --asset {path}={source}. The build then tells the hash, to be kept in the notebook."


class AssetScheme(AssetError):
    """A kind of address that is not understood."""

    code = "asset-scheme"
    what = "{path} cannot be fetched from {source}."
    why = "Assets come from https://, http:// and s3:// addresses, from paths of this machine, and from DVC."
    hint = "Download it and name the file, or mount it when the image runs: --mount {path}"


class AssetMissing(AssetError):
    """There is nothing at the address or the path."""

    code = "asset-missing"
    what = "{path} cannot be had: there is nothing at {source}."
    where = "{source}"
    why = "{reason}"
    hint = "Check the address, and that it is the same for this machine as for yours."


class AssetDenied(AssetError):
    """The server wants to know who asks, or does not let them."""

    code = "asset-denied"
    what = "{path} cannot be had: {source} does not let us read it."
    where = "{source}"
    why = "{reason}"
    hint = "{advice}"


class AssetUnreachable(AssetError):
    """The server cannot be reached, or does not keep the connection."""

    code = "asset-unreachable"
    what = "{path} could not be fetched from {source}."
    where = "{source}"
    why = "{reason}"
    hint = "Try again: what has arrived is kept, and the download goes on from there."


class AssetDiffers(AssetError):
    """Another content than the one that was asked for."""

    code = "asset-differs"
    what = "{path} is not what was asked for: its {algorithm} is {found}."
    where = "{source}"
    why = (
        "Asked for was {expected}. The content has changed, or it is not the data but a page that says something else."
    )
    hint = "Look at what the address gives; if the new content is right, say its hash."


class AssetNoRoom(AssetError):
    """The disk of the content store is too small for it."""

    code = "asset-no-room"
    what = "{path} does not fit on the disk: {size} MB are needed, {free} MB are free."
    where = "{folder}"
    why = "Assets are kept in the content store, so that the next build does not fetch them again."
    hint = "Make room (jupyter mlpack cache), choose another store (--home), or mount it when the image runs."


class AssetLibraryMissing(AssetError):
    """A library that is not installed."""

    code = "asset-library-missing"
    what = "{path} cannot be fetched from {source} without boto3."
    why = "It knows the credentials of this machine; it is not installed with jupyter-mlpack by itself."
    hint = "pip install 'jupyter-mlpack[s3]'"


class AssetUntracked(AssetError):
    """DVC does not know a file."""

    code = "asset-untracked"
    what = "DVC does not track {path}."
    where = "{folder}"
    why = "{reason}"
    hint = "Track it (dvc add {path}), or name another source."


class AssetNotKept(AssetError):
    """A file that DVC knows is neither in its cache nor in its remote."""

    code = "asset-not-kept"
    what = "{path} cannot be had: its content (md5 {md5}) is neither in DVC's cache nor in a remote that can be read."
    where = "{folder}"
    why = "{reason}"
    hint = "Push it (dvc push), pull it here (dvc pull), or check the remote in .dvc/config."


class RunVolumeWrong(InputError):
    """A ``--volume`` of a run that cannot be had."""

    code = "run-volume-wrong"
    what = "The volume {text!r} cannot be used."
    why = "{reason}"
    hint = "For example: --volume ./images:data/images, seen where the notebook reads data/images."


class MountMissing(InputError):
    """The image needs a folder that nobody gave."""

    code = "mount-missing"
    what = "{image} needs a folder at {path}, which was not given."
    why = "Its notebook declares that data as a mount: it is not in the image."
    hint = "Name a folder of this machine: --volume FOLDER:{path}"


class MountPointMissing(EngineError):
    """Nothing can be mounted there."""

    code = "mount-point-missing"
    what = "Nothing can be mounted at {path}: the image has no such folder."
    why = "The image is read-only here, so no folder can be made for it."
    hint = "Declare the mount when the image is built (--mount), or use --engine docker."
