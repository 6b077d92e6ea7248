"""Which libraries the installed packages need of the system: what their shared objects and programs ask the loader for.

A wheel's own libraries count as found, however its code finds them. What only an object needs that nothing loads by
itself (``optional.txt``) is left out, together with the libraries that serve it alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from elf import Dynamic, read_dynamic
from layer import LONGEST, PLAIN
from plan import OPTIONAL

if TYPE_CHECKING:
    from environment import Link

OBJECT = re.compile(r".*\.so(?:\.[0-9][0-9A-Za-z.]*)?")
EXTENSION = re.compile(r".*\.(?:cpython-\d+[a-z]*-[a-z0-9_-]+|abi3|abi3t)\.so")
PLAIN_SOURCE = (".py", ".pyc", ".txt", ".json", ".h", ".sh", ".pyi")
C_LIBRARY = re.compile(
    r"(?:ld-linux.*|ld64|libc|libm|libmvec|libdl|libpthread|librt|libutil|libresolv|libanl|libnsl|libBrokenLocale)"
    r"\.so\.\d+"
)
"""Parts of glibc, which every target has."""
OTHER_SYSTEM = re.compile(r"libc\.musl-.*|libc\.so|libc\+\+_shared\.so")
"""The C libraries of musl and Android: an object that needs one is for another system."""


@dataclass(frozen=True)
class Need:
    """A library (``libGL.so.1``) that no file of ``project`` is; ``file`` asks for it, ``holder`` brings one, too."""

    library: str
    project: str
    file: str
    holder: str = ""

    @property
    def text(self) -> str:
        """One entry of the layer's metadata."""
        file = self.file if PLAIN.fullmatch(self.file) and " " not in self.file else "-"
        return " ".join(part for part in (self.library, self.project, file, self.holder) if part)


@dataclass
class Wheel:
    """The objects of one project by their path in the environment, and by the names that the loader knows them by."""

    objects: dict[str, Dynamic] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    programs: set[str] = field(default_factory=set)

    def add(self, path: str, found: Dynamic, program: bool) -> None:
        """One more object."""
        self.objects[path] = found
        if program:
            self.programs.add(path)
        for name in {path.rpartition("/")[2], found.soname} - {""}:
            self.names.setdefault(name, set()).add(path)


def find_needs(links: Mapping[str, Link], arch: str, site: str) -> list[Need]:
    """What the files of an environment need of the system, one entry a library, sorted.

    ``site`` is the site-packages folder relative to the environment; what lies in it is named from there.
    """
    wheels: dict[str, Wheel] = {}
    for whole, link in sorted(links.items()):
        path = whole[len(site) :] if whole.startswith(site) else whole
        program = is_program(path, link.path)
        found = read_dynamic(link.path, arch) if program or OBJECT.fullmatch(path) else None
        if found and not any(OTHER_SYSTEM.fullmatch(name) for name in found.needed):
            wheels.setdefault(link.owner, Wheel()).add(path, found, program)
    patterns = read_optional(OPTIONAL)
    holders: dict[str, str] = {}
    for project in sorted(wheels, reverse=True):
        holders.update(dict.fromkeys(wheels[project].names, project))
    needs: dict[str, Need] = {}
    for project in sorted(wheels):
        for need in wheel_needs(project, wheels[project], patterns, holders):
            needs.setdefault(need.library, need)
    return [needs[library] for library in sorted(needs)]


def is_program(path: str, file: Path) -> bool:
    """Whether the file may be started; some wheels mark their libraries as if they could be."""
    return (
        not path.endswith(PLAIN_SOURCE) and not OBJECT.fullmatch(path) and os.access(file, os.X_OK) and file.is_file()
    )


def wheel_needs(project: str, wheel: Wheel, patterns: Iterable[str], holders: Mapping[str, str]) -> Iterator[Need]:
    """One need for each library that the project's loaded objects lack, with the first file that asks."""
    asked: dict[str, str] = {}
    for path in sorted(loaded(wheel, tuple(patterns))):
        for name in wheel.objects[path].needed:
            if name not in wheel.names and not C_LIBRARY.fullmatch(name):
                asked.setdefault(name, path)
    for name, path in asked.items():
        yield Need(name, project, path, holders.get(name, ""))


def loaded(wheel: Wheel, patterns: tuple[str, ...]) -> set[str]:
    """The objects that come into use: modules, programs, what nothing else of the wheel needs, and all they need."""
    needed = {path for found in wheel.objects.values() for name in found.needed for path in wheel.names.get(name, ())}
    roots = {
        path for path in wheel.objects if path not in needed or path in wheel.programs or EXTENSION.fullmatch(path)
    }
    waiting = [path for path in roots if not any(fnmatchcase(f"/{path}", f"*{pattern}") for pattern in patterns)]
    seen = set(waiting)
    while waiting:
        for name in wheel.objects[waiting.pop()].needed:
            new = wheel.names.get(name, set()) - seen
            seen |= new
            waiting.extend(new)
    return seen


def read_optional(path: Path) -> list[str]:
    """The patterns of ``optional.txt``."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def join_needs(needs: Iterable[Need]) -> str:
    """The needs as one metadata value: ``library project file [holder]``, ``|`` between; files are given up first."""
    needs = list(needs)
    value = "|".join(need.text for need in needs)
    if len(value) > LONGEST:
        value = "|".join(Need(need.library, need.project, "-", need.holder).text for need in needs)
    return value if len(value) <= LONGEST else value[:LONGEST].rpartition("|")[0]
