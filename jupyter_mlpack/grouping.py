"""Which wheels share a layer: those that change, and are shared with other images, together. Pure.

A layer is kept, uploaded and shared as a whole. What any image of a notebook has is in two layers of its own, what
comes with torch in another; each of the biggest other wheels has one; what is left is small. The figures behind the
numbers: docs/decisions/0004-package-layers.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from jupyter_mlpack.values import Lock, LockedPackage

BIG = 8_000_000
"""Compressed bytes from which a wheel gets a layer of its own in any case: most of the bytes of an image are then
shared by name and hash with every other image that holds the same wheel."""

BIG_AT_MOST = 20
"""With all other layers of an image this is far below the container runtimes' limit of 127; only CUDA comes near it."""

ALONE_FROM = 250_000
"""Compressed bytes from which a wheel may get a layer of its own."""

ALONE_AT_MOST = 10
"""So many have one: with the classes and the rest at most fourteen package layers, but for CUDA."""

REST, OWN_REST = "packages", "packages-own"
"""The layer of all other wheels; the layer of those that only this one of two twins has."""

Group = dict[str, str | list[str]]

RUNNERS = frozenset(["ipykernel", "papermill"])
"""What runs a notebook (``plan.RUNNER``). Only images with both have the classes below."""

SERVERS = frozenset(["fastapi", "uvicorn"])
"""What serves a function (``plan.RUNNER``), with what it brings along: one class."""

_RUNNER = """
asttokens comm debugpy entrypoints executing fastjsonschema ipykernel ipython ipython-pygments-lexers jedi
jupyter-client jupyter-core matplotlib-inline nbclient nbformat nest-asyncio2 papermill parso pexpect
prompt-toolkit ptyprocess pure-eval pygments pyzmq stack-data tornado traitlets wcwidth
"""
_COMMON = """
attrs certifi charset-normalizer click idna jsonschema jsonschema-specifications packaging platformdirs psutil
python-dateutil pyyaml referencing requests rpds-py tenacity tqdm typing-extensions urllib3
"""
_SCIENCE = "cycler joblib pyparsing pytz six threadpoolctl tzdata"
_TORCH = "filelock fsspec jinja2 markupsafe mpmath networkx setuptools sympy triton"
_SERVER = """
annotated-doc annotated-types anyio click fastapi h11 httptools idna prometheus-client pydantic pydantic-core sniffio
starlette typing-extensions typing-inspection uvicorn uvloop
"""
CLASSES = {
    "server": frozenset(_SERVER.split()),
    "runner": frozenset(_RUNNER.split()),
    "common": frozenset(_COMMON.split()),
    "science": frozenset(_SCIENCE.split()),
    "torch": frozenset(_TORCH.split()),
}
"""What ipykernel and papermill bring along: what serves them alone, and what notebooks often pin themselves, so that
a pinned ``requests`` does not move the twelve megabytes of the other class. The small ones that pandas, matplotlib and
scikit-learn bring along: most notebooks have them, and a package more should not move them. What torch brings along, as
far as it is not big."""

SCIENCE = frozenset(["pandas", "matplotlib", "scikit-learn"])
"""Images with one of these have the class of what they bring along."""

CUDA = ("nvidia-", "cuda-")
"""Beginnings of the names of CUDA's wheels, which come with torch."""


def group_packages(lock: Lock) -> list[Group]:
    """The package layers in order; what the twin has as well is grouped by itself.

    So it is the same layers in both images, whatever else each of them has.
    """
    if not lock.shared:
        return grouped(lock.packages, REST)
    both = [package for package in lock.packages if package.name in lock.shared]
    ours = [package for package in lock.packages if package.name not in lock.shared]
    return [*grouped(both, REST), *grouped(ours, OWN_REST)]


def grouped(packages: Iterable[LockedPackage], last: str) -> list[Group]:
    """The classes, the biggest other wheels alone, named by content, then the rest, in a layer called ``last``."""
    left = list(packages)
    layers: list[Group] = []
    for name in classes({package.name for package in left}):
        chosen = [package for package in left if in_class(package, name)]
        left = [package for package in left if package not in chosen]
        layers += [{"layer": class_name(name, chosen), "packages": pins(chosen)}] if chosen else []
    sizable = sorted((one for one in left if one.size >= ALONE_FROM), key=lambda one: (-one.size, one.name))
    big = sum(package.size >= BIG for package in sizable)
    alone = sizable[: max(ALONE_AT_MOST, min(big, BIG_AT_MOST))]
    layers += [{"layer": layer_name(package), "packages": pins([package])} for package in alone]
    rest = [package for package in left if package not in alone]
    return [*layers, {"layer": last, "packages": pins(rest)}] if rest else layers


def classes(names: set[str]) -> Iterator[str]:
    """The classes that an image with these packages has."""
    if names >= RUNNERS:
        yield from ("runner", "common")
    elif names >= SERVERS:
        yield "server"
    if names & SCIENCE:
        yield "science"
    if "torch" in names:
        yield "torch"


def in_class(package: LockedPackage, name: str) -> bool:
    """Whether the wheel belongs to the class."""
    if name == "torch":
        return package.size < BIG and (package.name in CLASSES[name] or package.name.startswith(CUDA))
    return package.name in CLASSES[name]


def class_name(name: str, packages: Iterable[LockedPackage]) -> str:
    """``runner-1a2b3c4d``: the same wheels are the same layer in every image."""
    told = "\n".join(sorted(f"{package.name} {package.sha256}" for package in packages))
    return f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def layer_name(package: LockedPackage) -> str:
    """``torch-2.15.0-1a2b3c4d``: the same wheel is the same layer in every image."""
    return f"{package.name}-{package.version}-{package.sha256[:8]}"


def pins(packages: Iterable[LockedPackage]) -> list[str]:
    """``name==version`` of each."""
    return [f"{package.name}=={package.version}" for package in packages]
