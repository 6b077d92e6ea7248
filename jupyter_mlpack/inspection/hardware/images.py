"""What hardware changes in an image: the rows of ``accelerators.toml`` as values."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.hardware.facts import OWN, images_table

SETTING = "MLPACK_INDEX_"
"""Beginning of the environment variables that say where an accelerator's wheels are."""


@dataclass(frozen=True)
class HardwareImage:
    """One row; the head of the table says what its keys mean. ``replace`` and the like go by normalised names."""

    name: str
    words: str
    kind: str = ""
    arch: str = ""
    torch: str = ""
    index: str = ""
    indexed: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    cuda: str = ""
    driver: str = ""
    capability: str = ""
    replace: Mapping[str, str] = field(default_factory=dict, hash=False)
    asked: Mapping[str, str] = field(default_factory=dict, hash=False)
    extras: Mapping[str, str] = field(default_factory=dict, hash=False)
    without: Mapping[str, str] = field(default_factory=dict, hash=False)
    add: Mapping[str, str] = field(default_factory=dict, hash=False)
    bounds: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    container: Mapping[str, str] = field(default_factory=dict, hash=False)
    resource: str = ""
    note: str = ""

    @property
    def setting(self) -> str:
        """The environment variable that says where its wheels are."""
        return f"{SETTING}{self.name.upper().replace('-', '_')}"

    def is_indexed(self, name: str) -> bool:
        """Whether the distribution (normalised) is taken from the accelerator's own index."""
        return _among(name, self.indexed)

    def is_vendors(self, name: str) -> bool:
        """Whether nobody but the accelerator's own index has the distribution."""
        return _among(name, self.vendor)


def _among(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


LISTS = frozenset(["indexed", "vendor", "bounds"])


def hardware_images() -> Mapping[str, HardwareImage]:
    """All rows by name."""
    return _images(os.environ.get(OWN, ""))


@functools.cache
def _images(files: str) -> Mapping[str, HardwareImage]:
    rows = images_table()["image"]
    return {name: _image(name, {**rows.get(row.get("same", ""), {}), **row}) for name, row in rows.items()}


def _image(name: str, row: Mapping[str, Any]) -> HardwareImage:
    said: dict[str, Any] = {key: value for key, value in row.items() if key != "same"}
    said |= {key: tuple(value.split()) for key, value in said.items() if key in LISTS}
    return HardwareImage(row.get("same", name), **said)


def hardware_image(name: str) -> HardwareImage:
    """The row of that name. Raises ``AcceleratorUnknown``."""
    images = hardware_images()
    if name not in images:
        raise errors.AcceleratorUnknown(accelerator=name, available=", ".join(images))
    return images[name]


def hardware_extras(name: str) -> frozenset[str]:
    """The extras of a distribution (normalised) that name hardware."""
    return frozenset(images_table()["hardware_extras"].get(name, "").split())


def spared(name: str) -> tuple[str, ...]:
    """What a distribution goes without where no replacement of it will do."""
    return tuple(images_table()["spared"].get(name, "").split())


def is_made_for(name: str, arch: str) -> bool:
    """Whether the distribution has wheels for the architecture (Go's word)."""
    return bool(images_table()["only"].get(name, arch) == arch)
