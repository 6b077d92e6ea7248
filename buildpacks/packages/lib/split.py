"""Takes apart what uv installed into one folder: to each wheel its own files, by their records."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from wheel import checksum_of, project, records

MANY = "|"
"""Stands for more than one project; no project is called so."""


def split(together: Path, folders: Mapping[str, Path]) -> set[str]:
    """Moves the files of ``together/{site,data}`` to the folders of their projects.

    Returns the projects whose files cannot be told apart: wheels that bring unequal files for one path, of which the
    installer leaves any, or files that no record names. Their folders are of no use.
    """
    claims = dict(read_claims(together))
    entangled = set(folders) - set(claims)
    holders = holders_of(claims)
    for name in sorted(claims):
        if name in folders:
            (folders[name] / "site").mkdir(parents=True)
            (folders[name] / "data").mkdir()
    moved: set[str] = set()
    for name, rows in claims.items():
        for path, checksum in rows.items():
            if name not in folders or any(above in moved for above in parents(path)):
                continue
            whole = next((above for above in parents(path) if holders[above] == name), None)
            if whole is not None:
                move(together / whole, folders[name] / whole)
                moved.add(whole)
            elif holders[path] == name:
                move(together / path, folders[name] / path)
            elif not share(together / path, checksum, folders[name] / path):
                entangled.add(name)
    for path in left_over(together, set(holders)):
        around = next((above for above in reversed(list(parents(path))) if above in holders), "")
        entangled |= {name for name, rows in claims.items() if any(one.startswith(around) for one in rows)}
    return entangled


def read_claims(together: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each project with the files that its record names and that are there, and their checksums."""
    for record in sorted((together / "site").glob("*.dist-info/RECORD"), key=project):
        rows = {}
        for path, checksum, _ in records(record):
            place = f"data/{path[9:]}" if path.startswith("../../../") else f"site/{path}"
            inside = not path.startswith("/") and ".." not in place.split("/")
            if inside and os.path.isfile(together / place):
                rows[os.path.normpath(place)] = checksum
        yield project(record), rows


def holders_of(claims: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Each file, and each folder that holds files of one project only, with the project; of others it is ``MANY``."""
    holders: dict[str, str] = {}
    for name, rows in claims.items():
        for path in rows:
            holders[path] = name if holders.setdefault(path, name) == name else MANY
            for above in parents(path):
                if holders.setdefault(above, name) != name:
                    holders[above] = MANY
    return holders


def parents(path: str) -> Iterator[str]:
    """The folders above a path and below ``site`` or ``data``, the outermost first."""
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(2, len(parts)))


def move(source: Path, target: Path) -> None:
    """Gives a file or folder its new place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def share(source: Path, checksum: str, target: Path) -> bool:
    """Gives a wheel its own of a file that several have, if theirs are equal."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # of equal files one may be executable: with these two that does not count (see ``mode_of``)
    plain = source.name == "__init__.py" or not source.stat().st_size
    if not plain or checksum != checksum_of(source):
        return False
    shutil.copyfile(source, target)
    return True


def left_over(together: Path, claimed: set[str]) -> Iterator[str]:
    """The files that nobody's record names."""
    for part in ("site", "data"):
        for folder, _, names in os.walk(together / part):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), together)
                if path not in claimed:
                    yield path
