"""The sentences about files that are not taken into an image, each with what to do about it."""

from __future__ import annotations

from jupyter_mlpack.inspection.mounts import Place
from jupyter_mlpack.inspection.paths import Text
from jupyter_mlpack.inspection.touches import Touch
from jupyter_mlpack.values import Evidence, Location, Magic, Notice


def size_of(size: int) -> str:
    """``12 MB``, ``3 kB``."""
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{max(1, size // 1000)} kB"


def outside(text: str, size: int | None, at: Location) -> Notice:
    """A file that is not in the notebook's folder; ``size`` in bytes where it is known."""
    known = f" ({size_of(size)})" if size is not None else ""
    told = (
        f"{text}{known} is outside the notebook's folder; it will not be in the image. Put it beside the notebook, "
        "download it in the notebook, or mount it."
    )
    return Notice("file-outside", told, at)


def too_large(file: str, size: int, at: Location) -> Notice:
    """A file above the limit."""
    told = f"{file} ({size_of(size)}) is too large to be put into an image; mount it or download it in the notebook."
    return Notice("file-too-large", told, at)


def large_folder(path: str, number: int, size: int, at: Location) -> Notice:
    """A folder, or the files that fit a pattern, above the limits."""
    told = (
        f"{path} ({number} files, {size_of(size)}) is too large to be put into an image; mount it or download it in "
        "the notebook."
    )
    return Notice("file-too-large", told, at)


def package_data(package: str, number: int, size: int, at: Location) -> Notice:
    """What is no code in a local package, above the limits."""
    told = (
        f"The code of {package} goes into the image, but not the {number} other files in it ({size_of(size)}); name "
        "those that the job needs, or mount them."
    )
    return Notice("file-too-large", told, at)


def credentials(file: str, at: Location) -> Notice:
    """A file that by its name holds keys."""
    told = (
        f"{file} holds credentials by its name; it is never put into an image. Give the job what it needs as variables."
    )
    return Notice("file-credentials", told, at)


def link(path: str, at: Location) -> Notice:
    """A symbolic link that is not followed."""
    told = f"{path} is a link to another place and is not followed; put a copy beside the notebook."
    return Notice("file-link", told, at)


def missing(path: str, at: Location) -> Notice:
    """A file that is read but is not there."""
    told = f"The job will not find {path}: it is not beside the notebook, and nothing in the notebook makes it."
    return Notice("file-missing", told, at)


def lost(text: str, at: Location) -> Notice:
    """A result that is written outside the notebook's folder."""
    told = f"{text} is written outside the notebook's folder: a job may not be able to, and does not keep it."
    return Notice("output-outside", told, at)


def mounted(place: Place, dataset: str, attached: tuple[str, ...], at: Location) -> Notice:
    """A folder that only a hosted service has."""
    named = f" (dataset {dataset})" if dataset else ""
    said = f" The metadata attaches {', '.join(attached[:5])}." if attached and place.service == "Kaggle" else ""
    told = f"{place.mount}{named} is there on {place.service} only; {place.hint}.{said}"
    return Notice("file-platform", told, at)


def written_cell(path: str, cell: int, magic: Magic, name: str) -> Touch:
    """The file that a ``%%writefile`` cell makes."""
    evidence = Evidence("OUT1", Location(path, cell, magic.line), f"%%{magic.name} {name}"[:200])
    return Touch("writes", Text(name, exact="{" not in name), evidence)
