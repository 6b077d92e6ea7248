"""What a run image shall hold: ``stacks/<name>/stack.toml`` -> ``Stack``, and the machine's settings for making it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.toml import loads_known
from jupyter_mlpack.values import Stack

if TYPE_CHECKING:
    from jupyter_mlpack.oci.transport import Access

PACKAGE_NAME = pattern(r"[a-z0-9][a-z0-9+.-]+")
"""Debian Policy 5.6.7: what a package may be called. Anything else could be read as an option or a pattern by apt."""

TEXTS = ("name", "distribution", "version", "suite", "python", "libc", "user")
NUMBERS = ("uid", "gid")
WORD = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LABEL = pattern(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
OPTIONAL: Mapping[str, object] = {"libraries": "", "labels": {}, "left_out_files": []}
"""Fields that most stacks do without, and what they are then."""


@dataclass(frozen=True)
class StackSettings:
    """How this machine makes run images; all optional.

    ``mirror`` is the address of a distribution archive and ``security_mirror`` that of its security archive (without
    them the machine's own apt sources speak); ``keyring`` is the file with the archive's keys; ``refresh`` asks for
    today's packages even if an image is at hand; ``run_image`` is a registry reference to pull instead of assembling,
    ``insecure`` lets a registry of this machine be without TLS, ``insecure_hosts`` those that it names; ``state`` is
    the folder of index and archives (default: ``stacks/`` in the store).
    """

    mirror: str | None = None
    security_mirror: str | None = None
    keyring: Path | None = None
    refresh: bool = False
    run_image: str | None = None
    insecure: bool = False
    insecure_hosts: frozenset[str] = frozenset()
    state: Path | None = None

    def access(self, registry: str) -> Access:
        """How a registry is reached that a build takes something from; ``insecure`` says nothing of those elsewhere."""
        from jupyter_mlpack.oci.transport import Access, is_loopback

        return Access(insecure=self.insecure and is_loopback(registry), insecure_hosts=self.insecure_hosts)


def read_stack(folder: Path) -> Stack:
    """The recipe in ``folder/stack.toml``; raises ``RecipeInvalid`` when a field is missing or has the wrong form."""
    path = folder / "stack.toml"
    try:
        data = loads_known(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise errors.RecipeInvalid(path=path, reason=str(error)) from error
    reason = _complaint(data)
    if reason:
        raise errors.RecipeInvalid(path=path, reason=reason)
    fields = {key: data[key] for key in (*TEXTS, *NUMBERS)}
    return Stack(
        packages=tuple(data["packages"]),
        left_out=tuple(data.get("left_out", ())),
        left_out_files=tuple(data.get("left_out_files", ())),
        build=tuple(data.get("build", {}).get("packages", ())),
        libraries=data.get("libraries", ""),
        labels=tuple(sorted(data.get("labels", {}).items())),
        **fields,
    )


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
    return _names_complaint(data) or _optional_complaint(data)


def _names_complaint(data: Mapping[str, object]) -> str | None:
    """What is wrong with the lists of packages."""
    build = data.get("build", {})
    if not data.get("packages"):
        return "packages must be a list of package names"
    if not isinstance(build, dict):
        return "build must be a table with the key packages"
    lists = {"packages": data["packages"], "left_out": data.get("left_out", []), "build": build.get("packages", [])}
    for key, names in lists.items():
        if not isinstance(names, list):
            return f"{key} must be a list of package names"
        for name in names:
            if not isinstance(name, str) or not PACKAGE_NAME.fullmatch(name):
                return f"{name!r} is not a package name"
    return None


def _optional_complaint(data: Mapping[str, object]) -> str | None:
    """What is wrong with the fields that most stacks do without."""
    libraries, labels, files = (data.get(key, plain) for key, plain in OPTIONAL.items())
    if libraries and not (isinstance(libraries, str) and WORD.fullmatch(libraries)):
        return f"libraries must be the name of a stack, not {libraries!r}"
    if not isinstance(labels, dict) or not all(
        isinstance(value, str) and LABEL.fullmatch(key) for key, value in labels.items()
    ):
        return "labels must be a table of texts"
    if not isinstance(files, list) or not all(isinstance(path, str) and path.startswith("/") for path in files):
        return "left_out_files must be a list of absolute paths, in which * stands for anything"
    return None
