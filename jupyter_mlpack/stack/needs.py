"""What the packages of an image need of the system -> the distribution's packages that have it.

The packages buildpack reads the shared objects of the wheels and writes what they need into its layer's metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Notice, Stack

LIBRARY = pattern(r"[A-Za-z0-9_.+-]{1,255}")
OF_THE_HOST = pattern(
    r"lib(?:cuda|cudadebugger|nvcuvid|nvoptix|nvidia-[a-z0-9.-]+|EGL_nvidia|GLX_nvidia|vdpau_nvidia)\.so(?:\.[0-9.]+)?"
    r"|lib(?:nrt|tpu|habana_?[a-z]*|Synapse|hccl|ascend[a-z]*|mlu[a-z]*|cndrv)\.so(?:\.[0-9.]+)?"
)
"""Libraries of a card's driver: they must fit the kernel module of the machine that runs the image, and the container
engine mounts them from there."""


@dataclass(frozen=True)
class LibraryNeed:
    """A library by the name the loader looks for, the project and file that need it, and a project that brings one."""

    library: str
    project: str
    file: str = "-"
    holder: str = ""


@dataclass(frozen=True)
class Choice:
    """Packages of the distribution by name, and what has to be told."""

    packages: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


def read_needs(text: object) -> tuple[LibraryNeed, ...]:
    """The entries of the buildpack's metadata; what has another form is passed over (a label may be a stranger's)."""
    entries = [entry.split(" ") for entry in text.split("|")] if isinstance(text, str) else []
    return tuple(LibraryNeed(*entry) for entry in entries if 2 <= len(entry) <= 4 and LIBRARY.fullmatch(entry[0]))


def choose_packages(
    needs: Iterable[LibraryNeed], have: frozenset[str], libraries: Mapping[str, str], stack: Stack
) -> Choice:
    """The packages for what neither the run image (``have``) nor the card's driver brings.

    A library that another wheel brings is taken from the distribution, too, if it has one: wheels find each other's
    libraries by search paths of their own, and those come first. Without one, the other wheel's is what is meant.
    """
    packages, notices = set(), []
    for need in needs:
        if need.library in have or OF_THE_HOST.fullmatch(need.library):
            continue
        if need.library in libraries:
            packages.add(libraries[need.library])
        elif not need.holder:
            notices.append(Notice("system-library-unknown", unknown(need, stack)))
    return Choice(tuple(sorted(packages)), tuple(notices))


def unknown(need: LibraryNeed, stack: Stack) -> str:
    """The sentence about a library that nobody has."""
    file = f" ({need.file})" if need.file != "-" else ""
    return (
        f"{need.project}{file} needs the library {need.library}, which neither the packages nor {stack.distribution} "
        f"{stack.version} have; what uses it will not load."
    )


def libraries_in(root: Path) -> frozenset[str]:
    """The names of the libraries in the folders of an unpacked image that every loader looks into."""
    folders = [root / "usr/lib", *sorted((root / "usr/lib").glob("*-linux-gnu"))]
    return frozenset(
        path.name for folder in folders if folder.is_dir() for path in folder.iterdir() if _is_library(path)
    )


def _is_library(path: Path) -> bool:
    return ".so" in path.name and (path.is_symlink() or path.is_file())
