"""The content store, or a place an image is written to, could not be read or written."""

from __future__ import annotations

from jupyter_mlpack.errors.base import MlpackError


class StoreError(MlpackError):
    """The content store could not be read or written."""

    exit_code = 7


class StoreFull(StoreError):
    """No room is left where the content store lies."""

    code = "store-full"
    what = "There is no room left on the disk that holds the content store."
    where = "{path}"
    why = "{reason}"
    hint = "Free some space there, or move the store to a larger disk; what was half written is removed already."


class DiskFull(StoreError):
    """No room is left on another disk than the content store's."""

    code = "disk-full"
    what = "There is no room left on the disk with {path}."
    where = "{path}"
    why = "{reason}"
    hint = "Free some space there, or set TMPDIR to a folder on a larger disk."


class StoreUnwritable(StoreError):
    """The system does not let us write into the content store."""

    code = "store-unwritable"
    what = "The content store cannot be written."
    where = "{path}"
    why = "{reason}"
    hint = "Check who owns the folder, or choose another one for the store."


class StoreUnreadable(StoreError):
    """The system does not let us read a file of the content store."""

    code = "store-unreadable"
    what = "The content store cannot be read."
    where = "{path}"
    why = "{reason}"
    hint = "Check who owns the folder and the disk's health, or choose another folder for the store."


class DigestUnknown(StoreError):
    """A digest of a kind that the store does not keep, or no digest at all."""

    code = "digest-unknown"
    what = "{digest} is not a digest that the content store can hold."
    why = "It keeps sha256: followed by 64 lower-case hexadecimal digits."
    hint = "Push the image again with a current tool, or choose another one."


class ContentMissing(StoreError):
    """A blob that an image needs is not in the store."""

    code = "content-missing"
    what = "{digest} is not in the content store."
    why = "The image was read without its layers, or the store was cleaned up."
    hint = "Pull or build the image again."


class ContentDamaged(StoreError):
    """Bytes that are not what their digest or size promises."""

    code = "content-damaged"
    what = "Content does not match its digest {digest}."
    why = "Expected {expected}, got {found}."
    hint = "Nothing of it is kept. Try again; if it stays, its origin is damaged."


class ManifestUnreadable(StoreError):
    """A manifest or image configuration that is not one."""

    code = "manifest-unreadable"
    what = "The description of the image cannot be read."
    why = "{reason}"
    hint = "Push the image again with a current tool, or choose another one."


class FileChanged(StoreError):
    """A file was written to while it was put into a layer."""

    code = "file-changed"
    what = "{path} changed while it was put into the image."
    why = "It was {expected} bytes long, and then {found}."
    hint = "Wait until nothing writes to it any more, then build again."


class FileUnreadable(StoreError):
    """A file or folder that belongs into a layer cannot be read."""

    code = "file-unreadable"
    what = "{path} cannot be put into the image."
    why = "{reason}"
    hint = "Check that it still exists and that you may read it."


class SlicePatternBad(StoreError):
    """A slice's path pattern is malformed."""

    code = "slice-pattern-bad"
    what = "The path pattern {pattern} of a slice is malformed."
    why = "A bracket or a backslash is left open, or a range in brackets is incomplete."
    hint = "Correct the pattern in the buildpack that wrote it (launch.toml, [[slices]])."


class OutputUnwritable(StoreError):
    """An image cannot be written to the place where the user wants it."""

    code = "output-unwritable"
    what = "The image cannot be written to {path}."
    why = "{reason}"
    hint = "Check the folder's owner and free space, or choose another place; the image is kept in the store."


class OutputOccupied(StoreError):
    """The place holds something else."""

    code = "output-occupied"
    what = "{path} holds something else already."
    why = "{reason}"
    hint = "Choose another place, or remove what is there."


class LayerUnsafe(StoreError):
    """An entry of a layer that would land outside its root."""

    code = "layer-unsafe"
    what = "A layer of the image is not safe to unpack: {name}."
    where = "{digest}"
    why = "{reason}"
    hint = "Do not use this image; tell those who made it."


class LayerDamaged(StoreError):
    """A layer that cannot be unpacked."""

    code = "layer-damaged"
    what = "A layer of the image cannot be unpacked."
    where = "{digest}"
    why = "{reason}"
    hint = "Pull or build the image again."
