"""What the notebook made, on its way to where the platform collects it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from mlpack_runner.folder import FolderError


def check_writable(folder: Path) -> None:
    """Raises FolderError before a long training when its model could not be left there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".mlpack-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        why = error.strerror or str(error)
        raise FolderError(f"the folder for the model, {folder}, cannot be written to ({why})") from None


def deliver_model(output: Path, files: list[str], model: Path, say: Callable[[str], None]) -> None:
    """Copies what the notebook made to the folder for models, if the notebook has put nothing there itself."""
    if any(model.iterdir()):
        return
    for name in files:
        copy(output / name, model / name)
    if files:
        say(f"{counted(files)} that the notebook made: in {model}, too")


def deliver_all(output: Path, files: list[str], folder: Path, say: Callable[[str], None]) -> None:
    """Copies everything to a folder of a bucket."""
    for name in files:
        copy(output / name, folder / name)
    say(f"{counted(files)}: in {folder}")


def counted(files: list[str]) -> str:
    """``1 file``, ``2 files``."""
    return "1 file" if len(files) == 1 else f"{len(files)} files"


def copy(source: Path, target: Path) -> None:
    """A second name for the same file where the file system can, else a copy; modes need not be kept in a bucket."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        target.unlink()
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target)
