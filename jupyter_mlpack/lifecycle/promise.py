"""What a buildpack promises that its outcome depends on, and a digest of all that.

A ``buildpack.toml`` may say::

    [metadata.mlpack]
    reads = [".mlpack/lock.txt", ".mlpack/build.json#python"]
    lists = ["wheels/"]
    settings = ["BP_IMAGE_LAYERS_DIR"]
    programs = ["BP_TARGET_PYTHON"]

The outcome of its ``bin/detect`` and ``bin/build`` is then a function of these files of the application (of a JSON file
also one key alone), of which files the application has (of all, or of those whose paths begin as ``lists`` says), of
these settings, of these programs, of what it is asked to provide, of the target, and of the buildpack's own files. Its
layers may be kept from an earlier build, or made: that must not show. The promise holds only while all these settings
are set: without one, a buildpack looks at the machine. A table ``[metadata.mlpack.detect]`` alone promises no build.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_mlpack.frozen import dataclass

FORMAT = 1
"""Raised when equal inputs shall have other digests."""


@dataclass(frozen=True)
class Promise:
    """The names of the inputs. ``reads`` are paths in the application, ``FILE#KEY`` is a key of a JSON object.

    ``lists`` are beginnings of paths: it looks which of these are there. ``None``: it may look for any file.
    ``named`` are keys (``FILE#KEY``) that name a file of the application: whether they do, and whether it is there.
    ``detect`` is what the outcome of ``bin/detect`` depends on, where that is less. Without ``build`` nothing else is
    promised: the build looks at the world.
    """

    reads: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    lists: tuple[str, ...] | None = None
    named: tuple[str, ...] = ()
    detect: Promise | None = None
    build: bool = True


def inputs_digest(promise: Promise, app: Path, environment: Mapping[str, str], others: object) -> str | None:
    """A digest of what the promise names, and of ``others``; ``None`` where it does not hold. Raises ``OSError``."""
    values = {name: environment.get(name, "") for name in (*promise.settings, *promise.programs)}
    if not all(values.values()):
        return None
    read = [[name, _content(app, name)] for name in sorted(promise.reads)]
    read += [[name, *_names_file(app, name)] for name in sorted(promise.named)]
    programs = [[name, *_signatures(values[name])] for name in sorted(promise.programs)]
    return digest([FORMAT, read, sorted(values.items()), programs, _listed(promise, app), others])


def _names_file(app: Path, name: str) -> tuple[bool, bool]:
    """Whether the key names something, and whether that is a file of the application."""
    content = _content(app, name)
    path = content[0] if isinstance(content, list) else None
    return bool(path), isinstance(path, str) and (app / path).is_file()


def _listed(promise: Promise, app: Path) -> list[str]:
    """The files of the application that count by their being there."""
    if promise.lists is None:
        return list(_names(app))
    return [name for name in _names(app) if name.startswith(promise.lists)] if promise.lists else []


def folder_digest(root: Path) -> str:
    """A digest of a buildpack's own files: paths, contents, and which are executable."""
    files = [
        [name, (root / name).stat().st_mode & 0o111, hashlib.sha256((root / name).read_bytes()).hexdigest()]
        for name in _names(root)
        if "__pycache__" not in name
    ]
    return digest(files)


def digest(value: object) -> str:
    """A digest of what JSON can say; dates are told by their text."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _content(app: Path, name: str) -> object:
    """A digest of the file, or the value of one of its keys; ``None`` if there is none."""
    path, hash_, key = name.partition("#")
    try:
        data = (app / path).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    if not hash_:
        return hashlib.sha256(data).hexdigest()
    try:
        return [json.loads(data).get(key)]
    except (ValueError, AttributeError):
        return hashlib.sha256(data).hexdigest()


def _signatures(command: str) -> Iterator[object]:
    """Size and time of the files that a command names: the machine may replace them."""
    for word in _words(command):
        for path in word.split(os.pathsep):
            if os.path.isabs(path) and os.path.exists(path):
                status = os.stat(path)
                yield [path, status.st_size, status.st_mtime_ns]


@functools.cache
def _words(command: str) -> Iterable[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return ()


def _names(folder: Path) -> Iterator[str]:
    """All files below ``folder``, relative, sorted."""
    found, start = [], len(os.path.join(folder, ""))
    for here, _, files in os.walk(folder):
        found += [os.path.join(here, file)[start:] for file in files]
    yield from sorted(found)
