"""The packages behind a few libraries: what their shared objects need, and no more.

A package's *Depends* say what its whole use may need: those of ``libgl1`` bring drivers and a compiler, 100 MB that
``import cv2`` never touches. So the loader's view is taken: the libraries that a package's own libraries name. Data of
a library stands in packages for all architectures; those that it depends on come along while they are small.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from jupyter_mlpack.errors import AptFailed
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.scratch import passing_folder
from jupyter_mlpack.stack.apt import Apt, Package, listed_package, run_apt
from jupyter_mlpack.stack.archive import UNWANTED, Contents, read_archive
from jupyter_mlpack.stack.sources import stanzas

LARGEST_DATA = 4096
"""Kibibytes, installed: data packages above this (icon themes, fonts) are not what a library needs to load."""
FOLDER = pattern(r"/usr/lib/(?:[a-z0-9_]+-linux-gnu/)?([^/]+)")
MOST_ROUNDS = 40
NONE_FOUND = "No packages found"


@dataclass(frozen=True)
class Offer:
    """A package of the index: ``data`` when it is for all architectures, ``depends`` the first of each alternative."""

    package: Package
    data: bool
    depends: tuple[str, ...]
    installed: int


@dataclass
class Closure:
    """The packages taken so far, what they hold, and the libraries that are there."""

    apt: Apt
    table: Mapping[str, str]
    there: frozenset[str]
    installed: frozenset[str]
    seen: Callable[[int], None]
    taken: dict[str, Contents] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def take(self, names: Iterable[str]) -> None:
        """Take these packages and all that their libraries need; ``missing`` are those that the index does not have.

        Raises leaves of ``StackError``.
        """
        wanted, data = frozenset(names), frozenset[str]()
        for _ in range(MOST_ROUNDS):
            offers = show(self.apt, sorted((wanted | data) - self.taken.keys() - self.installed))
            self.missing.update(wanted - self.taken.keys() - self.installed - offers.keys())
            fits = {name for name in data & offers.keys() if is_data(offers[name])}
            chosen = [offers[name] for name in sorted(offers) if name in wanted or name in fits]
            if not chosen:
                return
            got = fetch(self.apt, [offer.package for offer in chosen])
            self.taken.update({contents.name: contents for contents in got})
            self.seen(len(self.taken))
            wanted = frozenset(self._needed(got))
            data = frozenset(name for offer in chosen if not offer.data for name in offer.depends)

    def _needed(self, contents: Iterable[Contents]) -> Iterator[str]:
        """The packages of the libraries that these ones need and that are not there yet."""
        there = self.there | {name for one in self.taken.values() for name in public_libraries(one)}
        for one in contents:
            for library in sorted(needed_libraries(one) - there):
                if library in self.table:
                    yield self.table[library]


def is_data(offer: Offer) -> bool:
    """Whether a dependency is a library's data."""
    return offer.data and offer.installed <= LARGEST_DATA


def show(apt: Apt, names: Sequence[str]) -> dict[str, Offer]:
    """The candidates of the index by name; a name without one is left out (if all are, apt calls that a failure)."""
    try:
        listed = run_apt(apt, "show", ["apt-cache", "show", "--no-all-versions", "--", *names]) if names else ""
    except AptFailed as error:
        if NONE_FOUND not in str(error.data["reason"]):
            raise
        return {}
    return {entry["package"]: _offer(entry) for entry in stanzas(listed) if entry.get("package") in names}


def _offer(entry: Mapping[str, str]) -> Offer:
    fields = [entry.get(name, "") for name in ("pre-depends", "depends")]
    depends = [re.split(r"[\s:(|]", part.strip(), maxsplit=1)[0] for text in fields for part in text.split(",")]
    size = int(entry.get("installed-size", "0"))
    return Offer(listed_package(entry), entry["architecture"] == "all", tuple(filter(None, depends)), size)


def fetch(apt: Apt, packages: Sequence[Package], unwanted: re.Pattern[str] = UNWANTED) -> list[Contents]:
    """The contents of these very packages, in their order; apt downloads and verifies. Raises ``StackError`` leaves."""
    if not packages:
        return []
    with passing_folder(apt.state / f"fetch-{os.urandom(6).hex()}") as folder:
        exact = [f"{package.name}={package.version}" for package in packages]
        run_apt(apt, "download", ["apt-get", "-qq", "download", "--", *exact], folder=folder)
        return [read_archive(folder / package.file, package.sha256, unwanted) for package in packages]


def public_libraries(contents: Contents) -> set[str]:
    """The names below which the loader finds libraries of a package."""
    found = (FOLDER.fullmatch(entry.name) for entry in contents.entries if entry.kind in ("file", "symlink"))
    return {match[1] for match in found if match and ".so" in match[1]}


def needed_libraries(contents: Contents) -> set[str]:
    """What a package's public libraries need: followed into its private folders, where it has any."""
    objects = {
        entry.name.rpartition("/")[2]: entry.data for entry in contents.entries if entry.data and ".so" in entry.name
    }
    public = public_libraries(contents)
    waiting, needed = [name for name in objects if name in public], set[str]()
    while waiting:
        new = dynamic_names(objects[waiting.pop()] or b"", "DT_NEEDED") - needed
        needed |= new
        waiting.extend(name for name in new if name in objects and name not in public)
    return needed - objects.keys()


def dynamic_names(data: bytes, tag: str) -> set[str]:
    """The names that stand under ``tag`` (``DT_NEEDED``, ``DT_SONAME``) in an ELF object; none if it is not one."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile

    field_name = {"DT_NEEDED": "needed", "DT_SONAME": "soname"}[tag]
    try:
        segments = list(ELFFile(io.BytesIO(data)).iter_segments()) if data[:4] == b"\x7fELF" else []
        dynamic = (segment for segment in segments if isinstance(segment, DynamicSegment))
        return {str(getattr(entry, field_name)) for one in dynamic for entry in one.iter_tags(tag)}
    except ELFError:
        return set()
