"""System packages that are asked for in one version, as apt writes it: ``name=version``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jupyter_mlpack.errors import AptFailed, PackageVersionMissing
from jupyter_mlpack.stack.apt import Apt, run_apt
from jupyter_mlpack.stack.sources import stanzas

MOST = 10
"""Versions that are told."""


def plain(name: str) -> str:
    """The name without its version."""
    return name.partition("=")[0]


def without_twins(names: Iterable[str]) -> tuple[str, ...]:
    """The names, sorted, without those that are also there with a version."""
    names = set(names)
    pinned = {plain(name) for name in names if "=" in name}
    return tuple(sorted(name for name in names if name not in pinned))


def check_versions(apt: Apt, names: Sequence[str], installed: Mapping[str, str]) -> None:
    """Whether the versions can be had; ``installed`` are those of the run image. Raises ``PackageVersionMissing``."""
    for name, version in (name.split("=", 1) for name in names if "=" in name):
        there = [installed[name]] if name in installed else offered_versions(apt, name)
        if there and version not in there:
            holder = "the run image" if name in installed else f"{apt.stack.distribution} {apt.stack.version}"
            listed = ", ".join(there[:MOST])
            raise PackageVersionMissing(package=name, version=version, holder=holder, versions=listed, example=there[0])


def offered_versions(apt: Apt, name: str) -> list[str]:
    """All versions in the index, newest first; none where nothing has this name."""
    try:
        shown = run_apt(apt, "show", ["apt-cache", "show", "--", name])
    except AptFailed:
        return []
    found = (entry for entry in stanzas(shown) if entry.get("package") == name)
    return list(dict.fromkeys(entry["version"] for entry in found if entry.get("version")))


def installed_versions(root: Path, names: Iterable[str]) -> dict[str, str]:
    """The versions of those packages that the run image in ``root`` has."""
    wanted = {plain(name) for name in names if "=" in name}
    status = root / "var/lib/dpkg"
    paths = [status / "status.d" / name for name in sorted(wanted)] + ([status / "status"] if wanted else [])
    found = {}
    for path in paths:
        if path.is_file():
            for entry in stanzas(path.read_text(encoding="utf-8", errors="replace")):
                if entry.get("package") in wanted and entry.get("version"):
                    found[entry["package"]] = entry["version"]
    return found
