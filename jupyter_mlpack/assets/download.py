"""One file from its source to the shelf: taken up again where it broke, checked, never half there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.assets.address import shown
from jupyter_mlpack.assets.origin import Opened, Passing, Source
from jupyter_mlpack.assets.shelf import CHUNK, Item, Shelf
from jupyter_mlpack.frozen import dataclass

ATTEMPTS = 6
PAUSE = 0.5
"""Seconds before the second attempt; each pause is twice as long as the one before."""

BEAT = 0.2
"""Seconds between two words of progress."""

SPARE = 64 << 20
"""Bytes of the disk that stay free."""

Tell = Callable[[int, int | None], None]
"""Bytes so far, and all where that is known. It may raise to stop."""


@dataclass(frozen=True)
class Download:
    """What it is for: the asset's path and its hash (``algorithm`` and digits), empty where nobody said it."""

    shelf: Shelf
    path: str
    expected: str = ""
    algorithm: str = "sha256"


def download(source: Source, wanted: Download, tell: Tell) -> Item:
    """Fetch the file. What arrived of it stays when this is stopped.

    Raises leaves of ``AssetError``; ``StoreUnwritable``, ``StoreFull``.
    """
    place = wanted.shelf.partial([source.key, wanted.expected])
    try:
        with held(place) as handle:
            return Puller(source, wanted, tell, place, handle).pull()
    except OSError as error:
        raise store_error(error, place) from error


@contextmanager
def held(place: Path) -> Iterator[int]:
    """The open draft, for nobody else meanwhile."""
    while True:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with suppress(OSError):
            if os.path.samestat(os.fstat(handle), os.stat(place)):  # else another one finished it meanwhile
                break
        os.close(handle)
    try:
        yield handle
    finally:
        os.close(handle)


class Puller:
    """One download while it goes on."""

    def __init__(self, source: Source, wanted: Download, tell: Tell, place: Path, handle: int) -> None:
        self.source, self.wanted, self.tell, self.place, self.handle = source, wanted, tell, place, handle
        self.note = place.with_suffix(".json")
        self.told = 0.0

    def pull(self) -> Item:
        """Until it is whole; once more from the start if what was left of an earlier attempt does not fit."""
        resumed = os.fstat(self.handle).st_size > 0
        try:
            return self.finish(self.whole())
        except errors.AssetDiffers:
            if not resumed:
                raise
            return self.finish(self.whole())

    def whole(self) -> int:
        """All bytes, attempt by attempt; returns their number."""
        failures = 0
        while True:
            before = os.fstat(self.handle).st_size
            try:
                return self.attempt(before)
            except Passing as problem:
                failures = 1 if os.fstat(self.handle).st_size > before else failures + 1
                if failures >= ATTEMPTS:
                    raise errors.AssetUnreachable(
                        path=self.wanted.path, source=shown(self.source.key), reason=str(problem)
                    ) from None
                time.sleep(PAUSE * 2 ** (failures - 1))

    def attempt(self, have: int) -> int:
        """One request, from the byte ``have`` on if the source is still the same; returns the size of the file."""
        version = self.version() if have else ""
        if have and not version and not self.wanted.expected:
            have = 0  # nothing tells whether the rest would be of the same file
        with self.source.open(have, version) as opened:
            if opened.start != have:
                have = 0
            os.ftruncate(self.handle, have)
            os.lseek(self.handle, have, os.SEEK_SET)
            if not have:
                self.note.write_text(json.dumps(opened.version), encoding="utf-8")
            self.check_room(opened, have)
            return self.write(opened, have)

    def write(self, opened: Opened, have: int) -> int:
        """What comes, behind the bytes that are there."""
        for piece in opened.pieces:
            view = memoryview(piece)
            while view:
                view = view[os.write(self.handle, view) :]
            have += len(piece)
            if time.monotonic() - self.told > BEAT:
                self.told = time.monotonic()
                self.tell(have, opened.size)
        if opened.size is not None and have < opened.size:
            raise Passing(f"The connection was lost after {have} of {opened.size} bytes.")
        self.tell(have, opened.size)
        return have

    def finish(self, size: int) -> Item:
        """Check what came, and keep it under its name."""
        os.lseek(self.handle, 0, os.SEEK_SET)
        found, sha256 = hashlib.new(self.wanted.algorithm), hashlib.sha256()
        while piece := os.read(self.handle, CHUNK):
            sha256.update(piece)
            if self.wanted.algorithm != "sha256":
                found.update(piece)
        digits = sha256.hexdigest() if self.wanted.algorithm == "sha256" else found.hexdigest()
        if self.wanted.expected not in ("", digits):
            os.ftruncate(self.handle, 0)
            raise errors.AssetDiffers(
                path=self.wanted.path, source=shown(self.source.key), algorithm=self.wanted.algorithm,
                found=digits, expected=self.wanted.expected,
            )  # fmt: skip
        os.fsync(self.handle)
        self.wanted.shelf.keep(self.place, sha256.hexdigest())
        self.note.unlink(missing_ok=True)
        return Item(self.source.path, sha256.hexdigest(), size)

    def version(self) -> str:
        """Of what the draft is a part."""
        try:
            return str(json.loads(self.note.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return ""

    def check_room(self, opened: Opened, have: int) -> None:
        """Raises ``AssetNoRoom`` before the disk is full."""
        if opened.size is None:
            return
        needed, free = opened.size - have, shutil.disk_usage(self.place.parent).free
        if needed + SPARE > free:
            raise errors.AssetNoRoom(
                path=self.wanted.path, size=opened.size // 1_000_000, free=free // 1_000_000, folder=self.place.parent
            )


def store_error(error: OSError, place: Path) -> errors.MlpackError:
    """What the disk said."""
    import errno

    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.StoreFull(path=place.parent, reason=reason)
    return errors.StoreUnwritable(path=place.parent, reason=reason)
