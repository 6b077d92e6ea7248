"""The application folder, cut into layers along the slices that buildpacks wrote, as the official exporter cuts it.

A file goes to the first slice that matches it or a folder above it. A slice also gets the folders above its files. What
no slice took is the last list; a folder is not repeated there once everything in it is taken.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from jupyter_mlpack.oci.pattern import Pattern, parse_pattern
from jupyter_mlpack.oci.tar import TarEntry, file_entry, sorted_names


def slice_entries(
    root: Path, at: str, slices: Sequence[Sequence[str] | None], uid: int, gid: int
) -> list[list[TarEntry]]:
    """The entries of the folder ``root``, known in the image as ``at``: a list for each slice, and one for the rest.

    Sorted by the bytes of their full names. The parents of ``at`` are not in them; a layer whose list is not empty
    begins with them, one whose list is empty is an empty tar. Raises ``SlicePatternBad`` or ``FileUnreadable``.
    """
    patterns = [[parse_pattern(_clean(text)) for text in texts or ()] for texts in slices]
    folder = _Folder(root, at, uid, gid)
    cut = [folder.take(paths) for paths in patterns]
    return [folder.entries(names) for names in (*cut, folder.left())]


class _Folder:
    """A folder by relative names (the root is the empty one), and what of it is taken."""

    def __init__(self, root: Path, at: str, uid: int, gid: int) -> None:
        self._at = at.rstrip("/")
        self._found: dict[str, TarEntry | None] = {}
        self._below: dict[str, list[str]] = {}
        self._taken: set[str] = set()
        waiting = [""]
        while waiting:
            name = waiting.pop()
            path = root / name if name else root
            entry = file_entry(path, f"{self._at}/{name}" if name else self._at, uid, gid)
            self._found[name] = entry
            if entry is not None and entry.kind == "directory":
                self._below[name] = [f"{name}/{child}" if name else child for child in sorted_names(path)]
                waiting.extend(self._below[name])

    def take(self, patterns: Sequence[Pattern]) -> set[str]:
        """The names of one slice: what matches and is not taken yet, and the folders above."""
        matched = {name for name in self._found if name and any(pattern.matches(name) for pattern in patterns)}
        mine = {name for match in matched for name in self._untaken(match)}
        self._taken |= mine
        parents = {parent for name in mine for parent in _parents(name)} - mine
        for parent in sorted(parents, key=_depth, reverse=True):
            if all(child in self._taken for child in self._below[parent]):
                self._taken.add(parent)
        return mine | parents

    def left(self) -> set[str]:
        """The names that nobody took."""
        return set(self._found) - self._taken

    def entries(self, names: Iterable[str]) -> list[TarEntry]:
        """The entries of ``names``, sorted; sockets have none."""
        found = (self._found[name] for name in names)
        return sorted((entry for entry in found if entry is not None), key=lambda entry: os.fsencode(entry.name))

    def _untaken(self, name: str) -> Iterator[str]:
        waiting = [name]
        while waiting:
            name = waiting.pop()
            if name not in self._taken:
                yield name
                waiting.extend(self._below.get(name, ()))


def _parents(name: str) -> Iterator[str]:
    while name:
        name = posixpath.dirname(name)
        yield name


def _depth(name: str) -> int:
    return name.count("/") + 1 if name else 0


def _clean(text: str) -> str:
    """The pattern without ``.``, doubled slashes and a trailing one, as Go cleans paths."""
    clean = posixpath.normpath(text)
    return clean[1:] if clean.startswith("//") else clean
