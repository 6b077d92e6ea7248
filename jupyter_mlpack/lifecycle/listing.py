"""A layer that a buildpack lists instead of making its folder: the same tar entries, and no file is made or removed.

The platform offers a folder in ``BP_LISTINGS_DIR``; a buildpack that knows it writes ``<buildpack>/<layer>.json`` there
for a layer that is nothing but a launch layer, and leaves no folder. One JSON document:

- ``format``: 1;
- ``trees``: ``[where in the layer, folder of this machine, [[name, mode, size], ...]]`` each;
- ``links``: ``[where in the layer, folder of the image, [name, ...]]`` each: symbolic links to the same names there;
- ``stretches``, if there are any: ``[where in the layer, folder of the image, folder, how many, digest, names]`` each:
  all that is below ``folder`` in both places, as ``links`` tells it. ``names`` begin with ``folder``; they may be
  ``{"file": path, "key": key}``, an object in a file of this machine and the key that has them, for they are read only
  where the store does not have the same stretch already. ``digest`` is SHA-256 of the names with NULs between;
- ``symlinks``: path -> target; ``texts``: path -> ``[mode, text]``.

Folders are those that the paths speak of, 0755. No path is named twice.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.oci.fields import is_digest
from jupyter_mlpack.oci.stretch import Stretch
from jupyter_mlpack.oci.tar import TarEntry

FORMAT = 1
PERMISSIONS = 0o777
FOLDER, LINK = 0o755, 0o777


def listed_entries(listing: Path, at: str, uid: int, gid: int) -> list[TarEntry | Stretch]:
    """The entries of the layer at ``at``, as a walk of its folder would find them. Raises ``MalformedError``."""
    try:
        document = json.loads(listing.read_bytes())
        if document["format"] != FORMAT:
            raise MalformedError(listing, f"its format is not {FORMAT}")
        entries: list[TarEntry | Stretch] = list(_members(document, at, uid, gid))
        entries += [_stretch(listing, row, at, uid, gid) for row in document.get("stretches", ())]
    except (OSError, LookupError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, MalformedError):
            raise
        raise MalformedError(listing, f"it is no listing of a layer: {error!r}") from error
    entries += _own_folders(listing, [entry.name for entry in entries], at, uid, gid)
    return sorted(entries, key=lambda entry: _order(entry.name))


def _own_folders(listing: Path, names: list[str], at: str, uid: int, gid: int) -> list[TarEntry]:
    """The folders below ``at`` of what is named so. Raises ``MalformedError`` where two things have one name."""
    once = set(names)
    folders = _folders(once, at)
    if len(once) != len(names) or once & folders:
        raise MalformedError(listing, "it names a path twice")
    return [TarEntry(name, "directory", FOLDER, uid, gid) for name in folders]


def _members(document: dict[str, Any], at: str, uid: int, gid: int) -> Iterator[TarEntry]:
    """Everything but folders. Raises ``ValueError`` for a path that leads out of the layer."""
    for where, root, files in document["trees"]:
        above = _inside(at, where)
        for name, mode, size in files:
            path = _inside(above, name)
            yield TarEntry(path, "file", mode & PERMISSIONS, uid, gid, size=int(size), source=f"{root}/{name}")
    for where, to, names in document["links"]:
        above = _inside(at, where)
        for name in names:
            yield TarEntry(_inside(above, name), "symlink", LINK, uid, gid, f"{to}/{name}")
    for name, target in document["symlinks"].items():
        yield TarEntry(_inside(at, name), "symlink", LINK, uid, gid, str(target))
    for name, (mode, text) in document["texts"].items():
        data = text.encode("utf-8", "surrogateescape")
        yield TarEntry(_inside(at, name), "file", mode & PERMISSIONS, uid, gid, size=len(data), data=data)


def _stretch(listing: Path, row: list[Any], at: str, uid: int, gid: int) -> Stretch:
    """One of ``stretches``. Raises ``ValueError`` for a path that leads out of the layer, or what is not as it says."""
    where, to, folder, count, digest, names = row
    above = _inside(at, where)
    top = _inside(above, folder)

    def entries() -> list[TarEntry]:
        try:
            found = json.loads(Path(names["file"]).read_bytes())[names["key"]] if isinstance(names, dict) else names
            if hashlib.sha256("\0".join(found).encode("utf-8", "surrogatepass")).hexdigest() != digest:
                raise MalformedError(listing, f"the names in {folder} are others than it says")
            links = [TarEntry(_inside(above, name), "symlink", LINK, uid, gid, f"{to}/{name}") for name in found]
        except (OSError, LookupError, TypeError, ValueError) as error:
            if isinstance(error, MalformedError):
                raise
            raise MalformedError(listing, f"the names in {folder} cannot be read: {error!r}") from error
        if not all(link.name.startswith(f"{top}/") for link in links):
            raise MalformedError(listing, f"it names something else under {folder}")
        links += _own_folders(listing, [link.name for link in links], top, uid, gid)
        return sorted(links, key=lambda entry: _order(entry.name))

    if not isinstance(digest, str) or not is_digest(f"sha256:{digest}"):
        raise ValueError(digest)
    return Stretch(top, int(count), (above, str(to), digest, uid, gid), entries)


def _inside(folder: str, name: str) -> str:
    """The path of ``name`` in ``folder``; ``ValueError`` if it is not below it, or not in its shortest form."""
    framed = f"/{name}/"
    if "//" in framed or "/./" in framed or "/../" in framed or "\0" in name:
        raise ValueError(name)
    return f"{folder}/{name}"


def _folders(names: set[str], at: str) -> set[str]:
    """The layer's own folder, and all between it and these paths."""
    folders = {at}
    for name in names:
        above = name.rpartition("/")[0]
        while above not in folders:
            folders.add(above)
            above = above.rpartition("/")[0]
    return folders


def _order(name: str) -> bytes:
    """Sorts as a walk does: each folder's names by their bytes, a folder before what is in it."""
    return os.fsencode(name).replace(b"/", b"\0")
