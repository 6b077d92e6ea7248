"""``read_declarations``: all that is declared about a notebook's packages, each with its place.

What belongs to the notebook itself (a PEP 723 block, its metadata) adds dependencies. Files of its folder inform: they
settle names and versions of what the notebook needs, and add nothing, since a folder is shared by many notebooks.
"""

from __future__ import annotations

import functools
import itertools
import posixpath
import re
from collections.abc import Callable, Iterator
from importlib import import_module

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.belief import OWN, rank
from jupyter_mlpack.inspection.declarations.page import DeclaredRequirement, Page, Reading, UnreadablePageError
from jupyter_mlpack.inspection.declarations.script import read_script, script_pages, second_block
from jupyter_mlpack.inspection.declarations.tools import read_metadata
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import (
    Claim,
    Declaration,
    Dependency,
    Location,
    Notebook,
    Notice,
    PackageIndex,
    SystemPackage,
)

Reader = Callable[[Page], Reading]


def late(module: str, name: str) -> Reader:
    """A reader that is imported when there is a page for it: most folders have one kind of file, or none."""

    def read(page: Page) -> Reading:
        reading: Reading = getattr(import_module(f"{__package__}.{module}"), name)(page)
        return reading

    return read


READ_APT = late("binder", "read_apt")
READ_RUNTIME = late("binder", "read_runtime")
READ_ENVIRONMENT = late("environment", "read_environment")
READ_LOCK = late("lock", "read_lock")
READ_PIPFILE_LOCK = late("lock", "read_pipfile_lock")
READ_PIPFILE = late("pipfile", "read_pipfile")
READ_PROJECT = late("project", "read_project")
READ_REQUIREMENTS = late("requirements", "read_requirements")
READ_SETUP_CFG = late("setup_files", "read_setup_cfg")
READ_SETUP_PY = late("setup_files", "read_setup_py")

FORMATS: tuple[tuple[str, str, Reader], ...] = (
    ("uv.lock", "lock", READ_LOCK),
    ("pylock.toml", "lock", READ_LOCK),
    ("poetry.lock", "lock", READ_LOCK),
    ("pdm.lock", "lock", READ_LOCK),
    ("Pipfile.lock", "lock", READ_PIPFILE_LOCK),
    ("pyproject.toml", "project", READ_PROJECT),
    ("setup.cfg", "project", READ_SETUP_CFG),
    ("setup.py", "project", READ_SETUP_PY),
    ("environment.yml", "environment", READ_ENVIRONMENT),
    ("environment.yaml", "environment", READ_ENVIRONMENT),
    ("requirements.txt", "requirements", READ_REQUIREMENTS),
    ("requirements.in", "requirements", READ_REQUIREMENTS),
    ("Pipfile", "pipfile", READ_PIPFILE),
)
"""File name, ``Declaration.kind``, reader."""

ONCE: tuple[tuple[str, str, Reader], ...] = (
    ("apt.txt", "apt", READ_APT),
    ("runtime.txt", "runtime", READ_RUNTIME),
    (".python-version", "runtime", READ_RUNTIME),
)
"""Files of the binder folder, or of the notebook's folder where there is none."""

FOLDERS = ("binder", ".binder")
"""The first that exists is meant; its apt.txt and runtime.txt stand for those of the notebook's folder."""

SCRIPTS = {
    "postBuild": "--post-build run runs it in the image when that is built, --post-build skip does without it",
    "start": "--start-script run lets it start the notebook in the image, --start-script skip does without it",
    "Dockerfile": "it describes an environment of its own. Its base may be one for --run-image",
}

RAN = "declaration-not-run"
"""The notice about each of them."""

SKIPPED = pattern(r"(?m)^[ \t]*#[ \t]*jupyter-mlpack:[ \t]*skip[ \t]*\r?$")
"""A line by which a script says that it is not for the notebooks."""

MAX_TOGETHER = 4_000_000
"""Characters of all files; a notebook in a project of many large ones is read with what stands nearest."""

MIN_KEPT, MAX_KEPT = 500, 500_000
"""Characters of pages whose reading is kept in this process."""


@dataclass(frozen=True)
class Declared:
    """What the declarations say: ``python`` are claims of a Python (a version or a range), ``system`` packages of the
    distribution, ``requirements`` in the order of belief, ``modules`` the notebook's own pairs (import name,
    distribution).
    """

    found: tuple[Declaration, ...] = ()
    python: tuple[Claim, ...] = ()
    system: tuple[SystemPackage, ...] = ()
    indexes: tuple[PackageIndex, ...] = ()
    notices: tuple[Notice, ...] = ()
    requirements: tuple[DeclaredRequirement, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()

    @property
    def own(self) -> tuple[DeclaredRequirement, ...]:
        """Those of the notebook itself: they are needed whether an import names them or not."""
        return tuple(entry for entry in self.requirements if entry.source in OWN)


def read_declarations(notebook: Notebook, around: Surroundings) -> Declared:
    """The declarations that belong to ``notebook``. Raises nothing, whatever stands in the files."""
    path, python = notebook.path.name, _minor(notebook.python_version)
    pages = [*read_metadata(path, notebook.metadata, python), *_blocks(path, notebook, python), *_files(around, python)]
    readings = [reading for _, reading in pages]
    requirements = (entry for reading in readings for entry in reading.requirements)
    return Declared(
        found=tuple(_declaration(page, reading) for page, reading in pages if reading.says_something),
        python=tuple(claim for reading in readings for claim in reading.python),
        system=tuple(package for reading in readings for package in reading.system),
        indexes=tuple(dict.fromkeys(index for reading in readings for index in reading.indexes)),
        notices=tuple(notice for reading in readings for notice in reading.notices),
        requirements=tuple(
            sorted(requirements, key=lambda entry: (*rank(entry.source, entry.level), bool(entry.group)))
        ),
        modules=tuple(pair for reading in readings for pair in reading.modules),
    )


def with_use(declared: Declared, dependencies: tuple[Dependency, ...]) -> tuple[Declaration, ...]:
    """The declarations, each with the names that the notebook needs; system packages are all used."""
    needed = {normalised(entry.name) for entry in dependencies}
    taken = needed | {package.name for package in declared.system}
    used = {"apt": taken, "metadata": taken}
    return tuple(
        replace(entry, used=tuple(name for name in entry.names if name in used.get(entry.kind, needed)))
        for entry in declared.found
    )


def _minor(version: str | None) -> str | None:
    return ".".join(version.split(".")[:2]) if version else None


def _declaration(page: Page, reading: Reading) -> Declaration:
    names = [entry.name for entry in reading.requirements] or [package.name for package in reading.system]
    return Declaration(page.kind, page.location, tuple(sorted(set(names))), ())


def _blocks(path: str, notebook: Notebook, python: str | None) -> Iterator[tuple[Page, Reading]]:
    for number, page in enumerate(itertools.islice(script_pages(path, notebook.cells, python), 2)):
        yield page, _read(page, read_script) if number == 0 else Reading(notices=(second_block(page),))


def _files(around: Surroundings, python: str | None) -> Iterator[tuple[Page, Reading]]:
    """The files beside the notebook, then those of the project's folders above it, nearest first."""
    seen: set[str] = set()
    left = MAX_TOGETHER
    for level, top in enumerate(("", *(around.above.levels if around.above.marked else ()))):
        binder = next((name for name in FOLDERS if around.kind(posixpath.join(top, name)) == "folder"), "")
        base = posixpath.join(top, binder) if binder else top
        yield from _scripts(around, base, bool(binder))
        listed = [(folder, *one) for folder in dict.fromkeys((base, top)) for one in FORMATS]
        listed += [(base, *one) for one in ONCE if one[0] not in seen]
        for folder, name, kind, reader in listed:
            page = _page(around, posixpath.join(folder, name), kind, python)
            if page is not None:
                seen.add(name)
                left -= len(page.text)
                page = page if left >= 0 else replace(page, text="", readable=False)
                source = "binder" if kind in ("apt", "runtime") or folder != top else kind
                yield page, _read(replace(page, source=source, level=level), reader)


def _page(around: Surroundings, path: str, kind: str, python: str | None) -> Page | None:
    """The file, if it is there and the notebook does not write it itself.

    What a cell writes is for something that the notebook starts, or for an install line, which is read as such.
    """
    if path in around.written or around.kind(path) != "file":
        return None

    def beside(other: str) -> str | None:
        text = None if other in around.written else around.text(other)
        return _clean(text) if text is not None else None

    text = beside(path)
    return Page(Location(path), text or "", kind, kind, python, beside, readable=text is not None)


def _scripts(around: Surroundings, base: str, binder: bool) -> Iterator[tuple[Page, Reading]]:
    """Programs that prepare an environment are told of; a build asks what shall become of them."""
    for name, reason in SCRIPTS.items():
        path = posixpath.join(base, name)
        if (binder or name == "postBuild") and around.kind(path) == "file":
            page = Page(Location(path), "", "binder", "binder")
            if name != "Dockerfile" and SKIPPED.search(around.text(path) or ""):
                continue
            text = f"{path} is not followed: {reason}."
            yield page, Reading(notices=(Notice(RAN, text, page.location),))


def _clean(text: str) -> str:
    """UTF-16, as one shell on Windows writes lists, decoded as UTF-8 has marks and nul bytes between its letters."""
    return text.replace("\0", "").lstrip("\ufeff\ufffd")


def _read(page: Page, reader: Reader) -> Reading:
    """The reading; of a longer page without includes it is kept: a project's files are those of all its notebooks."""
    includes = reader is READ_REQUIREMENTS and re.search(r"^[ \t]*-", page.text, re.M)
    if includes or not MIN_KEPT <= len(page.text) <= MAX_KEPT:
        return _read_now(page, reader)
    return _keep(page, reader)


@functools.lru_cache(maxsize=16)
def _keep(page: Page, reader: Reader) -> Reading:
    return _read_now(page, reader)


def _read_now(page: Page, reader: Reader) -> Reading:
    reason = "it is too large, or may not be read"
    try:
        if page.readable:
            return reader(page)
    except UnreadablePageError as error:
        reason = str(error)
    text = f"{page.location} is not read: {reason}."
    return Reading(notices=(Notice("declaration-unreadable", text, page.location),))
