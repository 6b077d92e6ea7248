"""What a run image shall hold: ``stacks/<name>/stack.toml`` -> ``Stack``, and the machine's settings for making it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpack.errors import RecipeInvalid
from jupyter_mlpack.toml import TOMLDecodeError, loads
from jupyter_mlpack.values import Stack

PACKAGE_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
"""Debian Policy 5.6.7: what a package may be called. Anything else could be read as an option or a pattern by apt."""

TEXTS = ("name", "distribution", "version", "suite", "python", "libc", "user")
NUMBERS = ("uid", "gid")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class StackSettings:
    """How this machine makes run images; all optional.

    ``mirror`` is the address of a distribution archive and ``security_mirror`` that of its security archive (without
    them the machine's own apt sources speak); ``keyring`` is the file with the archive's keys; ``refresh`` asks for
    today's packages even if an image is at hand; ``run_image`` is a registry reference to pull instead of assembling,
    ``insecure`` lets that be a registry of this machine without TLS; ``state`` is the folder of index and archives
    (default: ``stacks/`` in the store).
    """

    mirror: str | None = None
    security_mirror: str | None = None
    keyring: Path | None = None
    refresh: bool = False
    run_image: str | None = None
    insecure: bool = False
    state: Path | None = None


def read_stack(folder: Path) -> Stack:
    """The recipe in ``folder/stack.toml``; raises ``RecipeInvalid`` when a field is missing or has the wrong form."""
    path = folder / "stack.toml"
    try:
        data = loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, TOMLDecodeError) as error:
        raise RecipeInvalid(path=path, reason=str(error)) from error
    reason = _complaint(data)
    if reason:
        raise RecipeInvalid(path=path, reason=reason)
    fields = {key: data[key] for key in (*TEXTS, *NUMBERS)}
    return Stack(packages=tuple(data["packages"]), **fields)


def _complaint(data: Mapping[str, object]) -> str | None:
    """What is wrong with the fields, or nothing. ``uid`` 0 is refused: images do not run as root."""
    for key in TEXTS:
        value = data.get(key)
        if not isinstance(value, str) or not WORD.fullmatch(value):
            return f"{key} must be a plain word, not {value!r}"
    for key in NUMBERS:
        value = data.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65534:
            return f"{key} must be a number from 1 to 65533, not {value!r}"
    packages = data.get("packages")
    if not isinstance(packages, list) or not packages:
        return "packages must be a list of package names"
    for package in packages:
        if not isinstance(package, str) or not PACKAGE_NAME.fullmatch(package):
            return f"{package!r} is not a package name"
    return None
