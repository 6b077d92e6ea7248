"""The output folder: the notebook's working directory, and what is left of it when the notebook has run."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from mlpack_runner.assets import read_assets

PRIVATE = ".mlpack"


class FolderError(Exception):
    """The output folder cannot be used; the text says why."""


class OutputFolder:
    """Application files are copied in before the run, and copies that are still the same are removed after it.

    Assets and mounts may be large: of them there are links.
    """

    def __init__(self, path: Path, application: Path, notebook: str) -> None:
        self.path, self.application = path.absolute(), application
        self.notebook = notebook
        self._folders: list[Path] = []
        self._copies: list[str] = []
        self._links: list[str] = []
        self._assets = read_assets(application)

    def open(self, say: Callable[[str], None]) -> None:
        """Checks that the folder is writable and fills it. A file that is already there stays: it may be a result.

        Raises FolderError and MountError.
        """
        self._assets.check(self.application)
        try:
            self._make(self.path)
            with tempfile.TemporaryFile(dir=self.path):
                pass
            self._make((self.path / self.notebook).parent)
            for name in self._application_files():
                if self._assets.holds(name) or name in self._assets.mounts:
                    self._link(name, say)
                elif (self.path / name).exists() and not self._unchanged(name):
                    say(f"{name} is already in the output folder and differs from the image's: it stays as it is")
                else:
                    self._copy(name)
        except OSError as error:
            why = error.strerror or str(error)
            raise FolderError(f"the output folder {self.path} cannot be written to ({why})") from None

    def made(self) -> list[str]:
        """Files that are there and are neither the image's nor links: what the notebook has made."""
        found = []
        for folder, folders, files in os.walk(self.path):
            folders.sort()
            found += [os.path.relpath(os.path.join(folder, name), self.path) for name in sorted(files)]
        copies = {name for name in self._copies if self._unchanged(name)}
        return [name for name in found if name not in copies and not (self.path / name).is_symlink()]

    def close(self) -> None:
        """Removes the copies that the notebook did not change, and the folders that are empty then."""
        for name in self._links:
            if (self.path / name).is_symlink():
                (self.path / name).unlink()
        for name in self._copies:
            if self._unchanged(name):
                (self.path / name).unlink()
        for folder in reversed(self._folders):
            if folder != self.path and folder.is_dir() and not folder.is_symlink() and not os.listdir(folder):
                folder.rmdir()

    def _application_files(self) -> list[str]:
        found = []
        if self.application.resolve() == self.path.resolve():
            return found
        for folder, folders, files in os.walk(self.application):
            folders[:] = sorted(name for name in folders if Path(folder, name).absolute() != self.path)
            if Path(folder) == self.application and PRIVATE in folders:
                folders.remove(PRIVATE)
            mounted = [name for name in folders if self._inside(folder, name) in self._assets.mounts]
            folders[:] = [name for name in folders if name not in mounted]
            found += [self._inside(folder, name) for name in (*mounted, *sorted(files))]
        return [name for name in found if name != self.notebook]

    def _make(self, folder: Path) -> None:
        missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        for path in reversed(missing):
            path.mkdir()
            self._folders.append(path)

    def _inside(self, folder: str, name: str) -> str:
        return os.path.relpath(os.path.join(folder, name), self.application)

    def _link(self, name: str, say: Callable[[str], None]) -> None:
        source, target = self.application / name, self.path / name
        self._make(target.parent)
        if target.is_symlink() and os.readlink(target) == str(source):
            target.unlink()  # of a run that was killed
        if os.path.lexists(target):
            say(f"{name} is already in the output folder: it stays as it is, instead of the image's")
            return
        target.symlink_to(source)
        self._links.append(name)

    def _copy(self, name: str) -> None:
        source, target = self.application / name, self.path / name
        self._make(target.parent)
        if not target.exists():
            shutil.copyfile(source, target)
            target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
        self._copies.append(name)

    def _unchanged(self, name: str) -> bool:
        copy = self.path / name
        return copy.is_file() and not copy.is_symlink() and filecmp.cmp(self.application / name, copy, shallow=False)
