"""The pins of a lock that hold for a target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.resolution.pins.pin import Pin
from jupyter_mlpack.resolution.wheels import MACHINE
from jupyter_mlpack.values import Target

USUAL = frozenset(["", "main", "default"])
"""Groups that every environment has; others (``dev``, ``docs``) count where no usual one names a distribution."""

VERSION = pattern(r"[0-9][\w.!+]*")


@dataclass(frozen=True)
class FolderLock:
    """A lock of the folder for one target. ``versions`` by name; ``hashes`` of files by ``name==version``.

    ``known`` are all versions that it holds for any target, by name.
    """

    path: str = ""
    versions: Mapping[str, str] = field(default_factory=dict, hash=False)
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    known: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)

    @property
    def constraints(self) -> tuple[str, ...]:
        """``name==version`` lines, sorted. A local part (``+cu126``) is one machine's build of the release."""
        return tuple(f"{name}=={version.partition('+')[0]}" for name, version in sorted(self.versions.items()))

    def hashes_of(self, name: str, version: str) -> frozenset[str] | None:
        """The hashes of a release's files; ``None`` if the lock has none."""
        return self.hashes.get(f"{normalised(name)}=={version}")


def choose_pins(path: str, pins: Iterable[Pin], target: Target) -> FolderLock:
    """The pins for ``target``. Of a distribution that stays locked in several versions, none is taken."""
    held: dict[str, list[Pin]] = {}
    known: dict[str, set[str]] = {}
    holds = _Markers(target)
    for pin in pins:
        known.setdefault(pin.name, set()).add(pin.version)
        if not pin.markers or any(map(holds, pin.markers)):
            held.setdefault(pin.name, []).append(pin)
    versions: dict[str, str] = {}
    hashes: dict[str, frozenset[str]] = {}
    for name, found in held.items():
        usual = [pin for pin in found if not pin.groups or USUAL & set(pin.groups)] or found
        several = {pin.version for pin in usual}
        if len(several) == 1 and VERSION.fullmatch(usual[0].version):
            versions[name] = usual[0].version
        for pin in found:
            if pin.version and pin.hashes:
                key = f"{name}=={pin.version}"
                hashes[key] = hashes.get(key, frozenset()) | pin.hashes
    return FolderLock(path, versions, hashes, {name: frozenset(found) for name, found in known.items()})


class _Markers:
    """Whether markers (PEP 508, and those of PEP 751) hold for a target; asked once for each text."""

    def __init__(self, target: Target) -> None:
        python = target.python
        self.answers: dict[str, bool] = {}
        self.environment = {
            "os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_release": "",
            "platform_machine": MACHINE[target.arch], "platform_version": "", "implementation_name": "cpython",
            "platform_python_implementation": "CPython", "python_version": python,
            "python_full_version": f"{python}.0", "implementation_version": f"{python}.0", "extra": "",
        }  # fmt: skip

    def __call__(self, marker: str) -> bool:
        if marker not in self.answers:
            self.answers[marker] = self._holds(marker)
        return self.answers[marker]

    def _holds(self, marker: str) -> bool:
        from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

        plain = re.sub(r"(['\"])([\w.-]+)\1 (not )?in (?:extras|dependency_groups)", _unasked, marker)
        try:
            return Marker(plain).evaluate(self.environment)
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
            return True


def _unasked(found: re.Match[str]) -> str:
    """Extras and groups of the project are not asked for: a notebook asks for packages by importing them."""
    return "os_name == 'posix'" if found.group(3) else "os_name != 'posix'"
