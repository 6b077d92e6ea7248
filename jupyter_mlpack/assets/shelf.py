"""Where fetched files are kept: below the content store, by the digest of their content.

::

    assets/files/<sha256>      a whole file, checked
    assets/partial/<key>       what has arrived of one, and <key>.json: of which version
    assets/lists/<key>.json    what a source held: paths, digests, sizes

A file here is shared with the application folders of builds (hard links). All have one odd date: who writes into one
gives it another, and then it is not believed any more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.frozen import dataclass

DATE = 315_532_800_123_456_789
"""Nanoseconds since 1970: a moment of 1980 that no other file has. The date of a file that nobody has changed."""

CHUNK = 1 << 20


@dataclass(frozen=True)
class Item:
    """A file of an asset: its path in it (empty if the asset is a file), digest, and size in bytes."""

    path: str
    sha256: str
    size: int


class Shelf:
    """The folder ``assets`` of the content store in ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root / "assets"

    def path(self, sha256: str) -> Path:
        """Where the file is, or would be."""
        return self.root / "files" / sha256

    def size(self, sha256: str) -> int | None:
        """Bytes of the file if it is here unchanged."""
        with suppress(OSError):
            state = self.path(sha256).lstat()
            if is_untouched(state):
                return state.st_size
        return None

    def keep(self, draft: Path, sha256: str) -> Path:
        """Take in a file whose content is known. Raises ``OSError``."""
        place = self.path(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.chmod(0o644)
        os.utime(draft, ns=(DATE, DATE))
        os.replace(draft, place)
        return place

    def partial(self, key: object) -> Path:
        """Where a file is put together. Raises ``OSError``."""
        folder = self.root / "partial"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / digest(key)

    def recall(self, key: object) -> tuple[Item, ...] | None:
        """What a source held when it was last read, if all of it is here."""
        try:
            rows = json.loads((self.root / "lists" / f"{digest(key)}.json").read_text(encoding="utf-8"))
            items = tuple(Item(str(path), str(sha256), int(size)) for path, sha256, size in rows)
        except (OSError, ValueError, TypeError):
            return None
        return items if all(self.size(item.sha256) == item.size for item in items) else None

    def note(self, key: object, items: Iterable[Item]) -> None:
        """Remember what a source holds. What cannot be written costs time, later."""
        rows = [[item.path, item.sha256, item.size] for item in items]
        with suppress(OSError):
            write_atomically(self.root / "lists" / f"{digest(key)}.json", json.dumps(rows))


def is_untouched(state: os.stat_result) -> bool:
    """Whether nobody has written to a file since it was kept."""
    return state.st_mtime_ns == DATE


def digest(key: object) -> str:
    """A name for what JSON can say."""
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()


def folder_hash(items: Iterable[Item]) -> str:
    """The digest of a folder: that of ``sha256sum``'s lines for all its files, sorted by the bytes of their paths."""
    lines = sorted((item.path.encode("utf-8", "surrogateescape"), item.sha256) for item in items)
    return hashlib.sha256(b"".join(b"%s  %s\n" % (sha256.encode(), path) for path, sha256 in lines)).hexdigest()
