"""The assets that a notebook's choices declare, and the notebook's folder as it is once they are there.

A notebook may come from anywhere: of this machine it may name what lies in its own folder, and of the network what has
a hash, so that its author knew the content before (``docs/assets.md``).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from jupyter_mlpack.inspection.folder import Folder
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Asset, Json

KIND = "asset"
"""The kind of a local file that is one of an asset."""

DVC = "dvc"
REMOTE = pattern(r"^[A-Za-z][A-Za-z0-9+.-]+://")
SCHEMES = ("https", "http", "s3")
HASH = pattern(r"[0-9a-f]{64}")
SECRET = pattern(
    r"://[^/?#]*@|[?&](X-Amz-Signature|X-Goog-Signature|Signature|sig|token|access_token|key)=", re.IGNORECASE
)
"""What in an address lets its reader in: an account, a signature."""

KEYS = frozenset(["path", "from", "sha256", "mount", "required"])
MAX_ASSETS = 1_000


def check_assets(key: str, value: Json) -> str:
    """What is wrong with the choice ``assets``, in words; nothing if it can be used."""
    if not isinstance(value, list) or len(value) > MAX_ASSETS:
        return f"{key} is a list of objects with path, and from or mount"
    for entry in value:
        problem = check_entry(entry)
        if problem:
            return f"{key}: {problem}"
    paths = [read_entry(entry).path for entry in value if isinstance(entry, dict)]
    for path in paths:
        if paths.count(path) > 1 or any(path.startswith(f"{other}/") for other in paths):
            return f"{key}: {path[:100]} is there twice, or inside another one"
    return ""


def check_entry(entry: Json) -> str:
    """The same for one of them."""
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        return "each is an object with a path"
    unknown = sorted(set(entry) - KEYS)
    path, mount = str(entry["path"]), entry.get("mount") is True
    if unknown:
        return f"there is no {unknown[0][:100]!r} in {path[:100]}"
    if any(not isinstance(entry.get(name, False), bool) for name in ("mount", "required")):
        return f"mount and required of {path[:100]} are true or false"
    if any(not isinstance(entry.get(name, ""), str) for name in ("from", "sha256")):
        return f"from and sha256 of {path[:100]} are texts"
    if bool(entry.get("from")) == mount:
        return f"{path[:100]} has one of from and mount"
    return check_path(path, mount) or check_source(read_entry(entry))


def check_path(path: str, mount: bool) -> str:
    """What is wrong with the place of an asset."""
    normal = posixpath.normpath(path.rstrip("/") or "/")
    inside = not path.startswith(("/", "~")) and normal not in (".", "..") and not normal.startswith("../")
    absolute = mount and path.startswith("/") and normal not in ("/", "//")
    plain = len(path) <= 1000 and not any(ord(letter) < 32 or letter == "\\" for letter in path)
    if not plain or not (inside or absolute) or normal.partition("/")[0] == ".mlpack":
        return f"{path[:100]!r} is no path below the notebook's folder"
    return ""


def check_source(asset: Asset) -> str:
    """What is wrong with where an asset comes from, when a notebook says it."""
    if asset.sha256 and not HASH.fullmatch(asset.sha256):
        return f"sha256 of {asset.path[:100]} are 64 digits of 0-9 and a-f"
    if SECRET.search(asset.source):
        return f"the address of {asset.path[:100]} holds a credential; notebooks are shared, so give it with --asset"
    if not asset.mount and asset.source != DVC and not REMOTE.search(asset.source):
        return check_path(asset.source, mount=False)
    return ""


def read_assets(value: Json) -> tuple[Asset, ...]:
    """The assets of a choice that was checked."""
    return tuple(read_entry(entry) for entry in value if isinstance(entry, dict)) if isinstance(value, list) else ()


def read_entry(entry: Mapping[str, Json]) -> Asset:
    """One of them."""
    path = str(entry["path"])
    return Asset(
        posixpath.normpath(path),
        str(entry.get("from") or ""),
        str(entry.get("sha256") or ""),
        entry.get("mount") is True,
        entry.get("required") is not False,
    )


def covers(path: str, asset: str) -> bool:
    """Whether ``path`` is the asset's, or below it."""
    return path == asset or path.startswith(f"{asset.rstrip('/')}/")


class Covered:
    """A folder with files in it that will be there when the notebook runs. What lies there now does not count."""

    def __init__(self, folder: Folder, paths: Iterable[str]) -> None:
        self.folder = folder
        self.paths = frozenset(paths)

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """Of an asset's path a file, if it looks like one; below it, what its name says."""
        if self.covered(path):
            return "file" if posixpath.splitext(path)[1] else "folder"
        return self.folder.kind(path) or ("folder" if self._below(path) else None)

    def text(self, path: str) -> str | None:
        """Nothing of assets: they are not read here."""
        return None if self.covered(path) else self.folder.text(path)

    def size(self, path: str) -> int:
        """0 for assets."""
        return 0 if self.covered(path) else self.folder.size(path)

    def tree(self, path: str) -> tuple[str, ...]:
        """The files below a folder; an asset that may be a folder stands for what is in it."""
        if self.covered(path):
            return (path,)
        files = [file for file in self.folder.tree(path) if not self.covered(file)]
        return tuple(sorted({*files, *self._below(path)}))

    def covered(self, path: str) -> bool:
        """Whether an asset lies there, or around it."""
        return any(covers(path, one) for one in self.paths)

    def _below(self, path: str) -> list[str]:
        prefix = f"{path}/" if path and path != "." else ""
        return [one for one in self.paths if one.startswith(prefix) and not one.startswith("/")]
