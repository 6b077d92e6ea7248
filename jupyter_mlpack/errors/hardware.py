"""The hardware that an image is for does not go with its packages, or its wheels are out of reach."""

from __future__ import annotations

from jupyter_mlpack.errors.base import PACKAGES, RETRY, MlpackError
from jupyter_mlpack.errors.input import InputError

__all__ = [
    "AcceleratorIndexMissing", "AcceleratorIndexUnreachable", "AcceleratorUnknown", "ArchitectureUnfit",
    "CudaInImage", "CudaLines", "HardwareError", "PlatformUnknown",
]  # fmt: skip


class HardwareError(MlpackError):
    """No set of packages satisfies what the image's hardware needs; other versions would not help."""

    exit_code = 4


class AcceleratorUnknown(InputError):
    """No row of the table of hardware has this name."""

    code = "accelerator-unknown"
    what = "There is no accelerator called {accelerator}; there are: {available}."
    hint = "Leave --accelerator out to have it chosen by what the notebook declares and needs."
    action = RETRY


class PlatformUnknown(InputError):
    """A platform that no image can be made for."""

    code = "platform-unknown"
    what = "Images are made for linux/amd64 and linux/arm64; not for {platform}."
    hint = "Say --platform linux/amd64 or --platform linux/arm64, or leave it out for this machine's."


class ArchitectureUnfit(InputError):
    """There are no wheels for this accelerator on this architecture."""

    code = "architecture-unfit"
    what = "An image for {accelerator} is for linux/{fits}, not for linux/{arch}."
    why = "Its wheels exist for that architecture only."
    hint = "Say --platform linux/{fits}, or choose another --accelerator."


class AcceleratorIndexUnreachable(HardwareError):
    """The index of an accelerator's wheels did not answer, while the others did."""

    code = "accelerator-index-unreachable"
    what = "The index with the wheels for {accelerator} cannot be reached: {reason}."
    why = "The default index has other builds of these packages, which are not for {accelerator}. {detail}"
    hint = (
        "Set {setting} to a mirror of it or to a folder with its wheels, or to the word default if your own indexes "
        "have them; or choose another --accelerator."
    )
    action = RETRY


class AcceleratorIndexMissing(HardwareError):
    """What only a vendor's index has, and that index is not named."""

    code = "accelerator-index-missing"
    what = "An image for {accelerator} needs {packages}, which only the vendor's package index has."
    why = "What the default index has under these names is a placeholder, or made for other hardware."
    hint = "Set {setting} to the address of that index, of a mirror of it, or to a folder with its wheels."
    action = RETRY


class CudaInImage(HardwareError):
    """CUDA in an image for something else."""

    code = "cuda-in-image"
    what = "The image is for {accelerator}, and its packages bring CUDA: {packages}."
    why = "These are libraries for NVIDIA's cards. They come with {askers}."
    hint = "Choose --accelerator cuda12 or cuda13, or leave that package out."
    action = PACKAGES


class CudaLines(HardwareError):
    """Another CUDA than the image is for, or two of them."""

    code = "cuda-lines"
    what = "The image is for CUDA {line}, and its packages bring CUDA {found}: {packages}."
    why = "One image holds one CUDA: libraries of two lines in one process take each other's symbols."
    hint = "{advice}"
    action = PACKAGES
