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

from elf import Dynamic, read_dynamic
from layer import LONGEST, PLAIN
from plan import OPTIONAL

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


Objects = Iterable["tuple[str, str, Dynamic, bool]"]
"""The objects of an environment: project, path, what it asks for, whether it is a program."""


@dataclass
class Group:
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


def find_needs(objects: Objects) -> list[Need]:
    """What the objects of an environment need of the system, one entry a library, sorted.

    What lies in site-packages is named from there, all else from the environment.
    """
    groups: dict[str, Group] = {}
    for project, path, found, program in sorted(objects, key=lambda one: one[:2]):
        groups.setdefault(project, Group()).add(path, found, program)
    patterns = read_optional(OPTIONAL)
    holders: dict[str, str] = {}
    for project in sorted(groups, reverse=True):
        holders.update(dict.fromkeys(groups[project].names, project))
    needs: dict[str, Need] = {}
    for project in sorted(groups):
        for need in group_needs(project, groups[project], patterns, holders):
            needs.setdefault(need.library, need)
    return [needs[library] for library in sorted(needs)]


def read_object_file(path: str, file: str, arch: str) -> tuple[Dynamic, bool] | None:
    """What the object ``file``, known in the environment as ``path``, asks for, and whether it is a program.

    None for what is no object, or one for another system.
    """
    program = is_program(path, Path(file))
    found = read_dynamic(Path(file), arch) if program or OBJECT.fullmatch(path) else None
    if found is None or any(OTHER_SYSTEM.fullmatch(name) for name in found.needed):
        return None
    return found, program


def is_program(path: str, file: Path) -> bool:
    """Whether the file may be started; some wheels mark their libraries as if they could be."""
    return (
        not path.endswith(PLAIN_SOURCE) and not OBJECT.fullmatch(path) and os.access(file, os.X_OK) and file.is_file()
    )


def group_needs(project: str, group: Group, patterns: Iterable[str], holders: Mapping[str, str]) -> Iterator[Need]:
    """One need for each library that the project's loaded objects lack, with the first file that asks."""
    asked: dict[str, str] = {}
    for path in sorted(loaded(group, tuple(patterns))):
        for name in group.objects[path].needed:
            if name not in group.names and not C_LIBRARY.fullmatch(name):
                asked.setdefault(name, path)
    for name, path in asked.items():
        yield Need(name, project, path, holders.get(name, ""))


def loaded(group: Group, patterns: tuple[str, ...]) -> set[str]:
    """The objects that come into use: modules, programs, what nothing else of the group needs, and all they need."""
    needed = {path for found in group.objects.values() for name in found.needed for path in group.names.get(name, ())}
    roots = {
        path for path in group.objects if path not in needed or path in group.programs or EXTENSION.fullmatch(path)
    }
    waiting = [path for path in roots if not any(fnmatchcase(f"/{path}", f"*{pattern}") for pattern in patterns)]
    seen = set(waiting)
    while waiting:
        for name in group.objects[waiting.pop()].needed:
            new = group.names.get(name, set()) - seen
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
