"""What DVC tracks, taken from its cache or its remote by the hashes in its own files. dvc itself is not needed."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.assets.address import shown
from jupyter_mlpack.assets.download import Download, download
from jupyter_mlpack.assets.local import FileSource
from jupyter_mlpack.assets.remote import Keeper, read_keeper
from jupyter_mlpack.assets.shelf import Item
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.assets import covers
from jupyter_mlpack.inspection.dvc import Tracked, read_tracked, repository
from jupyter_mlpack.values import Asset

if TYPE_CHECKING:
    from jupyter_mlpack.assets.fetch import Fetcher
    from jupyter_mlpack.assets.origin import Source

LARGEST_LIST = 64 << 20
"""Bytes of the list of a folder's files."""


def fetch_tracked(asset: Asset, fetcher: Fetcher) -> tuple[Item, ...]:
    """The files of an asset that DVC tracks: a file, a folder, part of a folder, or several below a folder.

    Raises ``AssetUntracked``, ``AssetNotKept`` and what downloads raise.
    """
    folder = fetcher.fetching.folder
    root = repository(folder)
    if root is None:
        reason = "There is no .dvc/config in the notebook's folder or above it."
        raise errors.AssetUntracked(path=asset.path, folder=folder, reason=reason)
    taking = Taking(asset, fetcher, read_keeper(root))
    wanted = posixpath.normpath(posixpath.join(folder.resolve().relative_to(root).as_posix(), asset.path))
    files = tuple(taking.all(wanted, read_tracked(root)))
    if not files:
        reason = "No .dvc file and no dvc.lock of the repository names it."
        raise errors.AssetUntracked(path=asset.path, folder=root, reason=reason)
    return files


class Taking:
    """One asset while it is taken."""

    def __init__(self, asset: Asset, fetcher: Fetcher, keeper: Keeper) -> None:
        self.asset, self.fetcher, self.keeper = asset, fetcher, keeper

    def all(self, wanted: str, tracked: tuple[Tracked, ...]) -> Iterator[Item]:
        """What is tracked at ``wanted``, around it and below it; paths are from ``wanted``."""
        for one in tracked:
            if one.path == wanted or covers(wanted, one.path) or covers(one.path, wanted):
                for part in self.parts(one):
                    if covers(part.path, wanted):
                        inside = "" if part.path == wanted else posixpath.relpath(part.path, wanted)
                        yield self.item(part, inside)

    def parts(self, one: Tracked) -> Iterator[Tracked]:
        """The file itself, or those that a folder's list names."""
        if not one.md5.endswith(".dir"):
            yield one
            return
        listed = self.item(one, "")
        try:
            if listed.size > LARGEST_LIST:
                raise ValueError(f"it has {listed.size} bytes")
            for row in json.loads(self.fetcher.shelf.path(listed.sha256).read_bytes()):
                inside = posixpath.normpath(str(row["relpath"]))
                if not inside.startswith(("/", "../")) and inside not in (".", ".."):
                    yield replace(one, path=posixpath.join(one.path, inside), md5=str(row["md5"]), size=None)
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = f"The list of the folder's files cannot be read: {error}."
            raise errors.AssetNotKept(
                path=self.asset.path, md5=one.md5, folder=self.keeper.root, reason=reason
            ) from error

    def item(self, one: Tracked, inside: str) -> Item:
        """One file by its md5: on the shelf, in the cache, in the remote."""
        shelf, digits = self.fetcher.shelf, one.md5.removesuffix(".dir")
        path = posixpath.join(self.asset.path, inside) if inside else self.asset.path
        known = shelf.recall(["md5", digits])
        if known is None:
            source = self.cached(one) or self.remote(one, path)
            wanted = Download(shelf, path, digits, "md5")
            known = (download(source, wanted, self.fetcher.teller(path)),)
            shelf.note(["md5", digits], known)
        return Item(inside, known[0].sha256, known[0].size)

    def cached(self, one: Tracked) -> FileSource | None:
        """The file in the repository's own cache."""
        places = (self.keeper.cache / name for name in names(one))
        return next((FileSource(place) for place in places if place.is_file()), None)

    def remote(self, one: Tracked, path: str) -> Source:
        """The file in the default remote. Raises ``AssetNotKept``."""
        if not self.keeper.url:
            raise self.missing(one, "The repository has no default remote (dvc remote default NAME).")
        first, second = (f"{self.keeper.url}/{name}" for name in names(one))
        try:
            return self.at(first, path)
        except (errors.AssetMissing, OSError):
            with suppress(errors.AssetMissing, OSError):
                return self.at(second, path)
        raise self.missing(one, f"It is not at {shown(first)} either.")

    def at(self, address: str, path: str) -> Source:
        """A source for an address of the remote. Raises ``AssetMissing``, ``AssetScheme``, ``OSError``."""
        scheme, separator, _ = address.partition("://")
        if not separator:
            return FileSource(Path(address))
        if scheme in ("http", "https"):
            from jupyter_mlpack.assets.web import WebSource

            source = WebSource(self.fetcher.web(self.keeper.login), address, path)
            source.probe()
            return source
        if scheme == "s3":
            from jupyter_mlpack.assets.bucket import ObjectSource, split

            at = split(address, path)
            found = ObjectSource(
                self.fetcher.bucket(replace(self.asset, source=address), self.keeper.account), at, path
            )
            if not found.exists():
                raise errors.AssetMissing(path=path, source=found.key, reason="There is no such object.")
            return found
        raise errors.AssetScheme(path=path, source=shown(address))

    def missing(self, one: Tracked, reason: str) -> errors.MlpackError:
        """It is nowhere."""
        return errors.AssetNotKept(path=self.asset.path, md5=one.md5, folder=self.keeper.root, reason=reason)


def names(one: Tracked) -> tuple[str, str]:
    """Where DVC 3 and DVC 2 keep a file, the likelier first."""
    plain = f"{one.md5[:2]}/{one.md5[2:]}"
    ordered = (f"files/md5/{plain}", plain)
    return (ordered[1], ordered[0]) if one.legacy else ordered
