"""The files of a package's folder that belong into a wheel: what its author would ship, nothing private, not too much.

Links out of the folder are refused, caches, version control, hidden files, environments and keys are left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.pattern import pattern

LARGEST = 256_000_000
"""Bytes of one distribution; code is small, and data belong beside the notebook."""
MOST = 20_000
"""Files of one distribution; the largest pure packages on the index have about half as many."""
DEEPEST = 40

COMPILED = pattern(r"\.(so(\.\d+)*|pyd|dylib|dll|o|a)$", re.I)
LEFT_OUT = pattern(r"\.(py[co]|sw[op]|orig|rej|egg-info|dist-info)$|~$", re.I)
FOLDERS = frozenset({"__pycache__", "node_modules"})
KEYS = pattern(
    r"^(id_(rsa|dsa|ecdsa|ed25519)|credentials?|secrets?|service[-_]account|kaggle)(\.(json|ya?ml|toml|ini|cfg|txt|env))?$"
    r"|\.(p12|pfx|kdbx|jks|keystore|env)$",
    re.I,
)
PRIVATE = b"PRIVATE KEY-----"


def walk_package(name: str, folder: Path) -> Iterator[tuple[str, Path, int]]:
    """Path inside ``folder`` (POSIX), file and size in bytes, sorted. ``name`` is the distribution, for telling.

    Raises ``DistributionEscapes``.
    """
    yield from _walk(name, folder, folder.resolve(), "", DEEPEST)


def _walk(name: str, folder: Path, fence: Path, above: str, depth: int) -> Iterator[tuple[str, Path, int]]:
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink():
            check_inside(name, path, fence)
        if entry.is_dir():
            if depth and not is_private_folder(path) and not entry.is_symlink():
                yield from _walk(name, path, fence, f"{above}{entry.name}/", depth - 1)
        elif entry.is_file() and is_shipped(path):
            yield above + entry.name, path, entry.stat().st_size


def check_inside(name: str, path: Path, fence: Path) -> None:
    """Raises ``DistributionEscapes`` if ``path``, links followed, is not below ``fence`` (which is resolved)."""
    try:
        inside = path.resolve(strict=True).is_relative_to(fence)
    except (OSError, RuntimeError):
        inside = False  # leads nowhere, or in a circle
    if not inside:
        raise errors.DistributionEscapes(name=name, path=path.name)


def is_private_folder(path: Path) -> bool:
    """Caches, version control, environments, metadata of installations."""
    name = path.name
    return name.startswith(".") or name in FOLDERS or bool(LEFT_OUT.search(name)) or (path / "pyvenv.cfg").is_file()


def is_shipped(path: Path) -> bool:
    """Whether a file belongs into a wheel: no hidden ones, no bytecode, no keys."""
    name = path.name
    if name.startswith(".") or LEFT_OUT.search(name) or KEYS.search(name):
        return False
    return not (name.endswith((".pem", ".key")) and holds_key(path))


def holds_key(path: Path) -> bool:
    """Whether there is a private key near the beginning: certificates are shipped, keys are not."""
    try:
        with path.open("rb") as file:
            return PRIVATE in file.read(65536)
    except OSError:
        return True
