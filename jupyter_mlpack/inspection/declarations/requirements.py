"""Requirements files beside the notebook, with the files that they include."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.inspection.declarations.page import (
    MAX_ENTRIES,
    DeclaredRequirement,
    Page,
    Reading,
    logical_lines,
)
from jupyter_mlpack.inspection.declarations.script import package_indexes
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Location, PackageIndex

INCLUDE = pattern(r"^(?:-r|-c|--requirements?|--constraints?)[\s=]*(\S+)$")
INDEX = pattern(r"^(-i|--index-url|--extra-index-url|-f|--find-links)[\s=]+(\S+)")
ROLES = {"-i": "default", "--index-url": "default", "--extra-index-url": "extra"}
MAX_FILES = 20
"""Files of one chain of includes."""


@dataclass
class Found:
    """What a chain of files holds so far; ``seen`` ends circles."""

    requirements: list[DeclaredRequirement] = field(default_factory=list)
    indexes: list[PackageIndex] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    lines: int = 0


def read_requirements(page: Page) -> Reading:
    """The lines of the file and of those that it includes, each with its own place."""
    found = Found()
    _read(page, found)
    return Reading(requirements=tuple(found.requirements), indexes=tuple(dict.fromkeys(found.indexes)))


def _read(page: Page, found: Found) -> None:
    found.seen.add(page.location.path)
    for plain, number in logical_lines(page.text):
        found.lines += 1
        if found.lines > MAX_ENTRIES:
            return
        included, index = INCLUDE.match(plain), INDEX.match(plain)
        if included:
            for other in _included(page, included.group(1), found):
                _read(other, found)
        elif index:
            found.indexes += package_indexes(page, [(index.group(2), ROLES.get(index.group(1), "links"))])
        elif not plain.startswith("-") or re.match(r"^(-e|--editable)\s", plain):
            word = re.sub(r"^(-e|--editable)\s+", "", re.split(r"\s--(?:hash|config|global-option)", plain)[0])
            found.requirements += page.requirements([(word, number, "")])


def _included(page: Page, name: str, found: Found) -> Iterator[Page]:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page.location.path), name))
    if "://" not in name and path not in found.seen and len(found.seen) < MAX_FILES:
        text = page.beside(path)
        if text is not None:
            yield replace(page, location=Location(path), text=text)
