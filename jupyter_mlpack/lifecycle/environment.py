"""The environment rules of the specification, as functions on plain dictionaries.

What a buildpack sees at build time: a short list of the machine's variables, what layers of earlier buildpacks add,
the platform's files, the operator's defaults. Values are taken byte by byte: a trailing newline counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

Environment = dict[str, str]

BUILD_ROOTS = {
    "bin": ("PATH",),
    "lib": ("LD_LIBRARY_PATH", "LIBRARY_PATH"),
    "include": ("CPATH",),
    "pkgconfig": ("PKG_CONFIG_PATH",),
}
"""Folders of a layer that are put in front of a variable at build time."""
PATH_VARIABLES = frozenset(name for names in BUILD_ROOTS.values() for name in names)
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
INHERITED = PATH_VARIABLES | {"CNB_STACK_ID", "HOSTNAME", "HOME", *_PROXIES, *map(str.lower, _PROXIES)}
"""All that a buildpack sees of the machine's environment."""


def inherited_environment(environ: Mapping[str, str]) -> Environment:
    """The variables of ``environ`` that a buildpack may see."""
    return {name: value for name, value in environ.items() if name in INHERITED}


def add_root(env: Environment, layer: Path, shown: str = "") -> None:
    """Put the layer's ``bin``, ``lib``, ``include`` and ``pkgconfig`` in front, where they exist.

    ``shown`` is the path at which buildpacks see the layer, if it is another one.
    """
    for folder, names in BUILD_ROOTS.items():
        if (layer / folder).exists():
            for name in names:
                env[name] = f"{shown or layer}/{folder}" + _before(env.get(name, ""), os.pathsep)


def add_files(env: Environment, folder: Path, default: str = "override") -> None:
    """Apply the files of an ``env`` folder: ``NAME`` or ``NAME.action``, in the order of their names.

    ``default`` is the action of a file without a suffix: ``override`` for layers, ``default`` for build-config.
    Unknown actions, ``delim`` among them, do nothing. Raises ``OSError`` when a file cannot be read.
    """
    for file, value in env_files(folder):
        name, dot, action = file.partition(".")
        _apply(env, folder, name, value, action if dot else default)


def _apply(env: Environment, folder: Path, name: str, value: str, action: str) -> None:
    current = env.get(name, "")
    if action == "override" or (action == "default" and not current):
        env[name] = value
    elif action == "prepend":
        env[name] = value + _before(current, _delimiter(folder, name, ""))
    elif action == "append":
        env[name] = (current + _delimiter(folder, name, "") if current else "") + value
    elif action == "":
        # ``NAME.`` with nothing behind the dot: the official lifecycle still knows the oldest rule by this name
        env[name] = value + _before(current, _delimiter(folder, name, os.pathsep))


def add_platform(env: Environment, platform: Path) -> None:
    """Apply ``<platform>/env``: path variables are put in front, all others replaced."""
    for name, value in env_files(platform / "env"):
        env[name] = value + (_before(env.get(name, ""), os.pathsep) if name in PATH_VARIABLES else "")


def with_overrides(env: Environment, platform: Path | None, build_config: Path | None) -> Environment:
    """A copy of ``env`` with the platform's files (``None`` when the buildpack clears it) and build-config applied."""
    full = dict(env)
    if platform is not None:
        add_platform(full, platform)
    if build_config is not None:
        add_files(full, build_config / "env", "default")
    return full


def env_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and content of each file in ``folder``, sorted by name; folders and links to folders are passed over."""
    try:
        names = sorted(os.listdir(folder), key=os.fsencode)
    except FileNotFoundError:
        return
    for name in names:
        path = folder / name
        if not path.is_dir():
            yield name, os.fsdecode(path.read_bytes())


def _before(current: str, delimiter: str) -> str:
    return delimiter + current if current else ""


def _delimiter(folder: Path, name: str, default: str) -> str:
    try:
        return os.fsdecode((folder / f"{name}.delim").read_bytes())
    except OSError:
        return default
