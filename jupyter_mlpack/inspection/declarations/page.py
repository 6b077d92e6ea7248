"""A page that declares packages, and what was read from it. Every format's reader makes a ``Reading`` of a ``Page``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.declarations.marker import applies
from jupyter_mlpack.inspection.requirement import Wanted, parse_requirement, without_credentials
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Claim, Evidence, Location, Notice, PackageIndex, SystemPackage

MAX_ENTRIES = 1_000
"""Entries of one page that are read; the largest environments in use hold about 700."""

MAX_LINE = 2_000
"""Characters of one entry; longer ones are no requirements."""

PLAIN = pattern(r"([A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?) ?(== ?\d+(?:\.\d+)*(?:(?:a|b|rc|\.post|\.dev)\d+)?)?")
"""A name, or a name and one release."""

NO_PLACE = " @ file:"
"""The specifier of what a declaration takes from this machine's disk; the address itself goes nowhere."""

LOCAL_PART = pattern(r"(==\s*[^,+\s]+)\+[\w.]+")
"""``+cu126`` names a build for one machine; which build the image takes is decided by its accelerator."""

RULES = {
    "script": "DCL1", "metadata": "DCL2", "lock": "DCL3", "project": "DCL4", "environment": "DCL5",
    "requirements": "DCL6", "pipfile": "DCL7", "apt": "DCL8", "runtime": "DCL9",
}  # fmt: skip
"""``Declaration.kind`` -> rule code of its evidence."""


@dataclass(frozen=True)
class DeclaredRequirement:
    """A distribution that a declaration names (normalised). ``specifier`` is PEP 440 text, `` @ URL`` or ``NO_PLACE``.

    ``source`` is its name in the order of belief (``belief.py``), ``group`` the optional or development group it
    stands in, ``level`` how many folders above the notebook its file is. Its marker, if it has one, holds for the
    notebook's Python on Linux.
    """

    name: str
    specifier: str
    extras: tuple[str, ...]
    source: str
    evidence: Evidence
    group: str = ""
    level: int = 0


@dataclass(frozen=True)
class Reading:
    """What one page says. ``modules`` are pairs (import name, distribution)."""

    requirements: tuple[DeclaredRequirement, ...] = ()
    python: tuple[Claim, ...] = ()
    system: tuple[SystemPackage, ...] = ()
    indexes: tuple[PackageIndex, ...] = ()
    notices: tuple[Notice, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether it holds more than notices."""
        return bool(self.requirements or self.python or self.system or self.indexes or self.modules)


class UnreadablePageError(ValueError):
    """The page is not of its format; the message is a sentence for people. Never leaves this folder."""


Entry = tuple[str, int, str]
"""Text of a requirement, the line it stands in, the group it belongs to."""


@dataclass(frozen=True)
class Page:
    """``text`` of the file (or cell) at ``location``; ``kind`` as in ``Declaration``, ``source`` as in ``belief.py``.

    ``python`` is the minor version that markers are evaluated for, ``beside`` reads another file by its path.
    """

    location: Location
    text: str
    kind: str
    source: str
    python: str | None = None
    beside: Callable[[str], str | None] = field(default=lambda path: None, compare=False)
    level: int = 0
    readable: bool = True

    def at(self, line: int | None) -> Location:
        """The place of a line, counted from 1 inside the page."""
        return Location(self.location.path, self.location.cell, line)

    def evidence(self, text: str, line: int) -> Evidence:
        """The evidence for what stands in ``line`` (0 in metadata); addresses lose their credentials."""
        told = f"{self.text}: {text}" if self.kind == "metadata" else text
        return Evidence(RULES[self.kind], self.at(line or None), without_credentials(" ".join(told.split()))[:200])

    def line_of(self, *needles: str) -> int:
        """The first line that holds one of ``needles``, the first needle that is found deciding; else 1."""
        found = (self.text.find(needle) for needle in needles if needle)
        return self.text.count("\n", 0, next((at for at in found if at >= 0), 0)) + 1

    def python_claim(self, says: str, line: int) -> Claim:
        """A claim of a Python: a version (``3.11``) or a range (``>=3.10``)."""
        return Claim(self.source, says.strip(), self.evidence(f"python {says}", line))

    def requirements(self, entries: Iterable[Entry]) -> tuple[DeclaredRequirement, ...]:
        """The requirements among the first ``MAX_ENTRIES`` entries that hold for the notebook's Python."""
        found = (self._requirement(*entry) for entry in itertools.islice(entries, MAX_ENTRIES))
        return tuple(entry for entry in found if entry is not None)

    def nameless(self, lines: Iterable[str]) -> tuple[Notice, ...]:
        """A notice for each of the notebook's own entries that names no distribution: a folder, a wheel of a disk."""
        lost = [line for line in itertools.islice(lines, MAX_ENTRIES) if _wanted(_split_marker(line)[0]) is None]
        return tuple(
            Notice("declaration-nameless", f"{without_credentials(line)[:100]} names no package.", self.location)
            for line in lost
            if not line.startswith("-")
        )

    def _requirement(self, text: str, line: int, group: str) -> DeclaredRequirement | None:
        """``None`` for what has no name, for tools of installation, and where the marker does not hold."""
        word, marker = _split_marker(text)
        wanted = _wanted(word)
        if wanted is None or (marker and not applies(marker, self.python)):
            return None
        name = tables.renamed().get(normalised(wanted.name), normalised(wanted.name))
        if name in tables.tools():
            return None
        specifier = wanted.specifier if wanted.kind == "url" else LOCAL_PART.sub(r"\1", wanted.specifier)
        specifier = NO_PLACE if specifier.startswith(NO_PLACE) else specifier
        return DeclaredRequirement(
            name, specifier, wanted.extras, self.source, self.evidence(text, line), group, self.level
        )


def _wanted(word: str) -> Wanted | None:
    """The plain forms at once, nearly all of a long list: the grammar's own parser takes thirty times longer."""
    plain = PLAIN.fullmatch(word)
    if plain:
        return Wanted(plain.group(1), (plain.group(2) or "").replace(" ", ""))
    wanted = parse_requirement(word) if len(word) <= MAX_LINE else None
    return None if wanted is None or wanted.kind == "path" else wanted


def _split_marker(text: str) -> tuple[str, str]:
    """The requirement and its marker; after an address only a semicolon behind a blank begins one (PEP 508)."""
    address = re.match(r"^[\w.\[\], -]*@|^[\w+]+://", text[:MAX_LINE])
    word, *marker = re.split(r"\s;" if address else ";", text[: MAX_LINE + 1], maxsplit=1)
    return word.strip(), "".join(marker).strip()


def logical_lines(text: str) -> Iterator[tuple[str, int]]:
    """Lines without comments, continuations joined, each with the number of its first line; too long ones left out."""
    held, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not held and (not line or line.isspace()):
            continue
        held, first = (held + " " + line.strip(), first) if held else (line.strip(), number)
        if held.endswith("\\") and len(held) <= MAX_LINE:
            held = held[:-1].rstrip() or " "
            continue
        plain = re.sub(r"(^|\s)#.*$", "", held).strip() if "#" in held else held
        if plain and len(plain) <= MAX_LINE:
            yield plain, first
        held = ""
    if held.strip() and len(held) <= MAX_LINE:
        yield held.strip(), first
