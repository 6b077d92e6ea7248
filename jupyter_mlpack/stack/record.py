"""What this machine remembers of a run image that it made: which recipe, which packages, which digest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.values import Stack, to_json

if TYPE_CHECKING:
    from jupyter_mlpack.stack.apt import Package

ASSEMBLY = 2
"""Raised when the same packages shall make another image: what is left out, what is added by hand, labels."""


@dataclass(frozen=True)
class Record:
    """``recipe`` and ``packages_sha256`` decide if the image is still wanted; ``packages`` are ``name=version``."""

    recipe: str
    packages: tuple[str, ...]
    packages_sha256: str
    image: str


def recipe_digest(stack: Stack, arch: str) -> str:
    """SHA-256 of everything that a person decides about the run image; what is for the build image does not count."""
    text = json.dumps([ASSEMBLY, arch, to_json(replace(stack, build=(), libraries=""))], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def packages_digest(packages: Sequence[Package]) -> str:
    """SHA-256 of the package set: one line ``name=version sha256`` each, sorted."""
    lines = sorted(f"{package.name}={package.version} {package.sha256}\n" for package in packages)
    return sha256("".join(lines).encode()).hexdigest()


def read_record(state: Path) -> Record | None:
    """The record in ``state``; nothing if there is none or it is of another form (then the image is made again)."""
    try:
        data = json.loads((state / "image.json").read_text(encoding="utf-8"))
        return Record(data["recipe"], tuple(data["packages"]), data["packages_sha256"], data["image"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(state: Path, record: Record) -> None:
    """Replace the record in one step."""
    write_atomically(state / "image.json", json.dumps(to_json(record), indent=1) + "\n")
