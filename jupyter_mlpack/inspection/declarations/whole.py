"""``--requirements FILE``: all that a file declares, whether the notebook imports it or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.declarations.page import NO_PLACE, DeclaredRequirement, Page, UnreadablePageError
from jupyter_mlpack.inspection.declarations.read import FORMATS, READ_REQUIREMENTS, Reader
from jupyter_mlpack.values import Location

READERS: dict[str, tuple[str, Reader]] = {name: (kind, reader) for name, kind, reader in FORMATS}
LARGEST = 20_000_000
"""Bytes."""


def read_whole(path: Path, python: str) -> tuple[str, tuple[DeclaredRequirement, ...]]:
    """The file's kind (as in ``Declaration``) and its entries, of all groups. Files that it includes are read, too.

    Raises ``RequirementsUnreadable``.
    """
    usual = ("requirements", READ_REQUIREMENTS) if path.suffix in (".txt", ".in") else None
    found = READERS.get(path.name) or usual
    if found is None:
        raise errors.RequirementsUnreadable(path=path, reason="it is none of the kinds of files that are known")
    kind, reader = found
    text = _text(path)
    if text is None:
        raise errors.RequirementsUnreadable(path=path, reason="it is not there, too large, or may not be read")
    page = Page(Location(path.name), text, kind, kind, python, lambda other: _text(path.parent / other))
    try:
        return kind, reader(page).requirements
    except UnreadablePageError as error:
        raise errors.RequirementsUnreadable(path=path, reason=str(error)) from error


def lines_of(path: Path, entries: Iterable[DeclaredRequirement], groups: frozenset[str]) -> Iterator[str]:
    """PEP 508 lines of the entries that are in no group, or in one of these. Raises ``RequirementsUnreadable``."""
    for entry in entries:
        if entry.group and entry.group not in groups:
            continue
        if entry.specifier.startswith(NO_PLACE):
            raise errors.RequirementsUnreadable(path=path, reason=f"{entry.name} is a file of this machine")
        extras = f"[{','.join(sorted(entry.extras))}]" if entry.extras else ""
        yield f"{entry.name}{extras}{entry.specifier}"


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= LARGEST else None
    except (OSError, UnicodeDecodeError):
        return None
