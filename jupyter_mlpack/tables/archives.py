"""One archive or installed environment -> modules, without running or importing anything of it.

Of a wheel only the central directory at the file's end is read, and the few short ``__init__`` files that may be
those of a namespace.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from jupyter_mlpack.tables.provides import candidates_for_namespace, extends_path, module_parts, owned_modules

SHORT = 1500
"""Bytes of the longest ``__init__`` that is looked into: a namespace's has a docstring and one or two lines."""


class Unreadable(Exception):
    """The file is no archive, or is not of the form that its name says."""


def wheel_modules(file: IO[bytes]) -> tuple[str, ...]:
    """Modules of a wheel or another zip file. Raises ``Unreadable``."""
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            short = [name for name in candidates_for_namespace(sizes) if sizes[name] <= SHORT]
            shared = [name for name in short if extends_path(archive.read(name))]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unreadable(str(error)) from error
    return owned_modules(sizes, [".".join((module_parts(name) or ())[:-1]) for name in shared])


def sdist_modules(data: bytes) -> tuple[str, ...]:
    """Modules that a source archive (tar) names in ``top_level.txt``; nothing is guessed from its folders.

    Raises ``Unreadable``.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            listed = next((text for text in _top_levels(archive)), "")
    except (tarfile.TarError, EOFError, OSError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error
    return tuple(sorted({name for name in listed.split() if name.isidentifier() and not name.startswith("_")}))


def _top_levels(archive: tarfile.TarFile) -> Iterator[str]:
    for member in archive:
        if member.name.endswith(".egg-info/top_level.txt") and member.size <= 65536:
            opened = archive.extractfile(member)
            if opened:
                yield opened.read().decode("utf-8")


def installed_modules(folder: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(distribution, version, modules) of each distribution installed in ``folder`` (a ``site-packages``)."""
    from importlib.metadata import distributions

    for held in distributions(path=[str(folder)]):
        files = [file.as_posix() for file in held.files or ()]
        short = [name for name in candidates_for_namespace(files) if _is_short_namespace(folder / name)]
        shared = [".".join((module_parts(name) or ())[:-1]) for name in short]
        if held.metadata["Name"]:  # what an interrupted removal leaves has none
            yield held.metadata["Name"], held.version, owned_modules(files, shared)


def _is_short_namespace(path: Path) -> bool:
    return path.is_file() and path.stat().st_size <= SHORT and extends_path(path.read_bytes())
