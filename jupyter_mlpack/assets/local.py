"""Files and folders of this machine as sources."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.assets.origin import Opened
from jupyter_mlpack.assets.shelf import CHUNK
from jupyter_mlpack.inspection.folder import SKIPPED
from jupyter_mlpack.inspection.search import CREDENTIALS


class FileSource:
    """A file; its key says all that tells whether it was changed."""

    def __init__(self, file: Path, path: str = "") -> None:
        state = file.stat()
        self.file, self.path = file, path
        self.size = state.st_size
        self.identity = [str(file), state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns]
        self.key = str(file)

    @contextmanager
    def open(self, offset: int, version: str) -> Iterator[Opened]:
        """All of it: reading again is no trouble."""
        with self.file.open("rb") as file:
            yield Opened(0, self.size, "", iter(lambda: file.read(CHUNK), b""))


def local_sources(source: str, folder: Path, asset: str, *, given: bool) -> list[FileSource]:
    """The file, or the files of the folder in the order of their paths.

    Of what a notebook names, only what really lies in its own ``folder`` and holds no credentials by its name. Raises
    ``AssetMissing``.
    """
    top = folder / source
    try:
        files = list(walk(top)) if top.is_dir() else [top]
        inside = folder.resolve()
        if not given:
            files = [file for file in files if file.resolve().is_relative_to(inside) and not is_secret(file)]
        found = [FileSource(file, "" if file == top else file.relative_to(top).as_posix()) for file in files]
    except OSError as error:
        reason = f"{error.strerror or error}."
        raise errors.AssetMissing(path=asset, source=source, reason=reason) from error
    if not found:
        reason = "There is no file in it that may go into an image." if top.exists() else "There is no such file."
        raise errors.AssetMissing(path=asset, source=source, reason=reason)
    return found


def is_secret(file: Path) -> bool:
    """Whether a file holds credentials by its name."""
    return bool(CREDENTIALS.search(file.name))


def walk(top: Path) -> Iterator[Path]:
    """The plain files below a folder, without caches and version control."""
    for here, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(names):
            path = Path(here, name)
            if path.is_file():
                yield path
