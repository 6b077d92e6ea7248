"""Read a ``pylock.toml`` (PEP 751) and choose, for each package, the one wheel that the target takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from jupyter_mlpack import errors
from jupyter_mlpack.toml import loads
from jupyter_mlpack.values import Location, LockedPackage, Target

if TYPE_CHECKING:
    from jupyter_mlpack.resolution.pins import FolderLock

MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}
"""Go's names of architectures (OCI) to the names in wheel tags."""

NEWEST_GLIBC = 40
"""The newest C library that uv has a platform for."""

OLDEST_GLIBC = 5
"""manylinux1 is glibc 2.5 (PEP 513); the tags count the minor number."""


def glibc_minor(target: Target) -> int:
    """36 for ``glibc2.36``."""
    return int(target.libc.removeprefix("glibc2."))


def uv_platform(target: Target) -> str:
    """uv's word for the target: the newest platform that its C library satisfies."""
    return f"{MACHINE[target.arch]}-manylinux_2_{min(glibc_minor(target), NEWEST_GLIBC)}"


def target_tags(target: Target) -> dict[str, int]:
    """The wheel tags (``cp311-abi3-linux_x86_64``) that the target takes, each with its rank; 0 is the best.

    PEP 425, PEP 600, in the order of the ``packaging`` library, whose own asks the Python that runs us, too, and takes
    twenty times as long.
    """
    machine = MACHINE[target.arch]
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    platforms = []
    for minor in range(glibc_minor(target), OLDEST_GLIBC - 1, -1):
        platforms.append(f"manylinux_2_{minor}_{machine}")
        if minor in legacy:
            platforms.append(f"{legacy[minor]}_{machine}")
    platforms.append(f"linux_{machine}")
    major, minor = (int(part) for part in target.python.split("."))
    own, older = f"cp{major}{minor}", range(minor - 1, -1, -1)
    pure = [f"py{major}{minor}", f"py{major}", *(f"py{major}{number}" for number in older)]
    with_abi = [(own, own), (own, "abi3"), (own, "none"), *((f"cp{major}{number}", "abi3") for number in older[:-2])]
    pairs = [*with_abi, *((python, "none") for python in pure)]
    tags = [f"{python}-{abi}-{platform}" for python, abi in pairs for platform in platforms]
    tags += [f"{python}-none-any" for python in (own, *pure)]
    return {tag: rank for rank, tag in enumerate(tags)}


def parse_pylock(text: str, target: Target, folder: FolderLock | None = None) -> Iterator[LockedPackage]:
    """The packages of a ``pylock.toml``. Raises ``NoWheelForTarget`` where none of a package's wheels fits.

    Raises ``HashNotInLock`` where one fits, and none that the lock of the ``folder`` has the hash of.
    """
    ranks = target_tags(target)
    for package in loads(text).get("packages", []):
        yield locked_package(package, ranks, target, folder)


def locked_package(
    package: Mapping[str, Any], ranks: Mapping[str, int], target: Target, folder: FolderLock | None = None
) -> LockedPackage:
    """One package with its best wheel."""
    archive = package.get("archive")
    wheels: Sequence[Mapping[str, Any]] = package.get("wheels") or ([archive] if archive else [])
    ranked = [
        (rank, wheel)
        for wheel in wheels
        if wheel_name(wheel).endswith(".whl") and (rank := wheel_rank(wheel_name(wheel), ranks)) is not None
    ]
    if not ranked:
        release = f"{package['name']} {package.get('version', '')}".strip()
        raise errors.NoWheelForTarget(release=release, python=target.python, arch=target.arch)
    hashes = folder.hashes_of(package["name"], package.get("version", "")) if folder and not archive else None
    trusted = [item for item in ranked if hashes is None or item[1]["hashes"].get("sha256") in hashes]
    best = min(trusted or ranked, key=lambda item: (item[0], wheel_name(item[1])))[1]
    if folder and not trusted and "url" in best:
        release = f"{package['name']} {package['version']}"
        raise errors.HashNotInLock(
            release=release, lock=folder.path, file=wheel_name(best), location=Location(folder.path)
        )
    return LockedPackage(
        package["name"],
        package.get("version") or wheel_version(wheel_name(best)),
        best["hashes"]["sha256"],
        int(best.get("size", 0)),
        filename=wheel_name(best),
        url=plain_url(best.get("url", "")),
        uploaded=best["upload-time"].isoformat() if "upload-time" in best else "",
        direct=best is archive and "url" in best,
    )


def wheel_name(wheel: Mapping[str, Any]) -> str:
    """The wheel's file name: given, or the end of its address or path."""
    address: str = wheel.get("name") or wheel.get("url") or wheel.get("path") or ""
    return unquote(re.split("[?#]", address, maxsplit=1)[0].rsplit("/", 1)[-1])


def wheel_version(name: str) -> str:
    """The version in a wheel's file name."""
    from packaging.utils import parse_wheel_filename

    return str(parse_wheel_filename(name)[1])


def plain_url(address: str) -> str:
    """An address without credentials, query and fragment; empty for a file of this machine."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def wheel_rank(name: str, ranks: Mapping[str, int]) -> int | None:
    """The best rank among the wheel's tags, ``None`` if the target takes none of them.

    Raises packaging's ``InvalidWheelFilename``.
    """
    parts = name.removesuffix(".whl").split("-")
    if not name.endswith(".whl") or len(parts) not in (5, 6):
        from packaging.utils import InvalidWheelFilename

        raise InvalidWheelFilename(f"Not the name of a wheel: {name!r}")
    several = [part.split(".") for part in parts[-3:]]
    tags = (f"{python}-{abi}-{platform}".lower() for python, abi, platform in product(*several))
    return min((ranks[tag] for tag in tags if tag in ranks), default=None)
