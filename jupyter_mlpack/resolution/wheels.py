"""Read a ``pylock.toml`` (PEP 751) and choose, for each package, the one wheel that the target takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from jupyter_mlpack.errors import NoWheelForTarget
from jupyter_mlpack.toml import loads
from jupyter_mlpack.values import LockedPackage, Target

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


def target_tags(target: Target) -> dict[Tag, int]:
    """The wheel tags that the target takes, each with its rank; 0 is the best (PEP 425, PEP 600)."""
    machine = MACHINE[target.arch]
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    platforms = []
    for minor in range(glibc_minor(target), OLDEST_GLIBC - 1, -1):
        platforms.append(f"manylinux_2_{minor}_{machine}")
        if minor in legacy:
            platforms.append(f"{legacy[minor]}_{machine}")
    platforms.append(f"linux_{machine}")
    major, minor = (int(part) for part in target.python.split("."))
    tags = [
        *cpython_tags((major, minor), platforms=platforms),
        *compatible_tags((major, minor), f"cp{major}{minor}", platforms),
    ]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


def parse_pylock(text: str, target: Target) -> Iterator[LockedPackage]:
    """The packages of a ``pylock.toml``. Raises ``NoWheelForTarget`` where none of a package's wheels fits."""
    ranks = target_tags(target)
    for package in loads(text).get("packages", []):
        yield locked_package(package, ranks, target)


def locked_package(package: Mapping[str, Any], ranks: Mapping[Tag, int], target: Target) -> LockedPackage:
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
        raise NoWheelForTarget(release=release, python=target.python, arch=target.arch)
    best = min(ranked, key=lambda item: (item[0], wheel_name(item[1])))[1]
    return LockedPackage(
        package["name"],
        package.get("version") or str(parse_wheel_filename(wheel_name(best))[1]),
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


def plain_url(address: str) -> str:
    """An address without credentials, query and fragment; empty for a file of this machine."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def wheel_rank(name: str, ranks: Mapping[Tag, int]) -> int | None:
    """The best rank among the wheel's tags, ``None`` if the target takes none of them."""
    tags = parse_wheel_filename(name)[3]
    found = [ranks[tag] for tag in tags if tag in ranks]
    return min(found) if found else None
