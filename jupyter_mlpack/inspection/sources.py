"""Which files on disk an installed distribution consists of, as they would stand in a wheel.

Installed ones are listed in their RECORD; of editable ones the sources are looked for (``editable.py``). Nothing of the
distribution is imported or run. Everything that cannot be a wheel for another machine is refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.editable import find_roots, read_links
from jupyter_mlpack.inspection.source_tree import COMPILED, LARGEST, MOST, check_inside, walk_package

DATA = frozenset({"bin", "etc", "include", "share"})
"""Folders of an environment, beside its site folder, that a wheel may fill."""
METADATA = ("METADATA", "PKG-INFO")


@dataclass(frozen=True)
class Holding:
    """A distribution in the kernel's environment that no index has.

    ``address`` is where it came from (a folder or a file of this machine, or a URL), ``place`` its metadata folder.
    """

    name: str
    version: str
    origin: str
    address: str
    place: Path

    @property
    def wheel(self) -> str:
        """Path or address of the wheel that it was installed from; empty if there is none any more."""
        is_wheel = self.address.endswith(".whl")
        there = self.origin == "url" or (self.origin == "local" and Path(self.address).is_file())
        return self.address if is_wheel and there else ""


def find_files(holding: Holding) -> dict[str, Path]:
    """Path in a wheel (POSIX) -> file, without the metadata. A quick look; ``checked_files`` looks at each file.

    Raises leaves of ``PackagingError`` where this cannot be told.
    """
    files = read_record(holding)
    if holding.origin == "editable":
        _, finders = read_links(holding.place.parent, files)
        sources = source_files(holding, tuple(files))
        files = {path: file for path, file in files.items() if not _is_link(path, finders)} | sources
    if not files:
        raise errors.DistributionFilesUnknown(name=holding.name)
    return dict(sorted(files.items()))


def check_portable(holding: Holding, files: Iterable[str]) -> None:
    """Raises ``DistributionCompiled`` if any of the files is for one kind of machine only."""
    compiled = next((path for path in files if COMPILED.search(path)), None) or platform_tag(holding)
    if compiled:
        raise errors.DistributionCompiled(name=holding.name, file=compiled)


def checked_files(holding: Holding) -> dict[str, Path]:
    """``find_files``, those that are there: no link leads out of the distribution's folder, and all is of bounded size.

    Raises leaves of ``PackagingError``.
    """
    files = {path: file for path, file in find_files(holding).items() if _is_there(file)}
    check_portable(holding, files)
    if len(files) > MOST or sum(file.stat().st_size for file in files.values()) > LARGEST:
        raise errors.DistributionTooLarge(name=holding.name, files=MOST, megabytes=LARGEST // 1_000_000)
    site = holding.place.parent
    inside, around = site.resolve(), site.joinpath("../../..").resolve()
    for path, file in files.items():
        if file.is_relative_to(site):
            check_inside(holding.name, file, around if path.startswith(".data/") else inside)
    return files


def _is_there(file: Path) -> bool:
    """Whether it is a file; a name that the system refuses is none."""
    try:
        return file.is_file()
    except OSError:
        return False


def source_files(holding: Holding, recorded: tuple[str, ...]) -> dict[str, Path]:
    """The files that an editable installation points to."""
    project = Path(holding.address) if holding.address else None
    if project and not project.is_dir():
        raise errors.DistributionSourceGone(name=holding.name, path=holding.address)
    files: dict[str, Path] = {}
    for where, root in find_roots(holding.name, holding.place, project, recorded).items():
        if not root.exists():
            raise errors.DistributionSourceGone(name=holding.name, path=str(root))
        check_inside(holding.name, root, (project or root.parent).resolve())
        if root.is_file():
            files[where] = root
            continue
        for path, file, _ in walk_package(holding.name, root):
            files[f"{where}/{path}"] = file
            if len(files) > MOST:
                raise errors.DistributionTooLarge(name=holding.name, files=MOST, megabytes=LARGEST // 1_000_000)
    return files


def read_record(holding: Holding) -> dict[str, Path]:
    """What RECORD lists, without metadata, bytecode and the scripts that entry points make."""
    site = holding.place.parent
    scripts = script_names(holding.place)
    files: dict[str, Path] = {}
    for path in _recorded_paths(holding.place / "RECORD"):
        parts = PurePosixPath(path).parts
        where = _in_wheel(parts, scripts)
        if where is None:
            raise errors.DistributionEscapes(name=holding.name, path=path)
        if where:
            files[where] = site / path
    return files


def _recorded_paths(record: Path) -> Iterator[str]:
    try:
        with record.open(encoding="utf-8", errors="replace", newline="") as lines:
            for number, row in enumerate(_rows(lines)):
                if row and number <= 2 * MOST:
                    yield row[0].replace("\\", "/")
    except (OSError, ValueError):
        return


def _rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """The rows of a CSV file; few have quotes, and what reads those is imported then. Raises ``ValueError``."""
    lines = iter(lines)
    for line in lines:
        if '"' not in line:
            yield line.split(",") if (line := line.rstrip("\r\n")) else []
            continue
        import csv

        try:
            yield from csv.reader(chain((line,), lines))
        except csv.Error as error:
            raise ValueError(str(error)) from error


def _in_wheel(parts: tuple[str, ...], scripts: frozenset[str]) -> str | None:
    """The place in a wheel; empty for what does not go there, ``None`` for a path that leads elsewhere.

    What lies beside the site folder gets the prefix ``data/`` or ``scripts/`` below ``.data`` (the wheel format).
    """
    inner = parts[next((index for index, part in enumerate(parts) if part != ".."), len(parts)) :]
    above = len(parts) - len(inner)
    if not inner or ".." in inner or inner[0] == "/" or above > 3:
        return None
    if above:
        if inner[0] not in DATA:
            return None
        plain = ".data/data/" + "/".join(inner)
        return plain if inner[0] != "bin" else "" if inner[-1] in scripts else ".data/scripts/" + "/".join(inner[1:])
    if inner[0].endswith((".dist-info", ".egg-info")) or "__pycache__" in inner or inner[-1].endswith(".pyc"):
        return ""
    return "/".join(inner)


def script_names(place: Path) -> frozenset[str]:
    """The names of the scripts that entry points make."""
    try:
        text = (place / "entry_points.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(re.findall(r"^\s*([^=#\[\s]+)\s*=", text, re.M))


def platform_tag(holding: Holding) -> str | None:
    """The first tag of the installed wheel that is for one platform, ``None`` if it is for all."""
    try:
        text = (holding.place / "WHEEL").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    tags = re.findall(r"^Tag:\s*(\S+)\s*$", text, re.M)
    return next((tag for tag in tags if not tag.endswith("-any")), None)


def _is_link(path: str, finders: Sequence[str]) -> bool:
    """Whether a recorded file only leads to the sources."""
    return "/" not in path and (path.startswith(".") or path.endswith(".pth") or path.removesuffix(".py") in finders)


def top_modules(files: dict[str, Path]) -> tuple[str, ...]:
    """The import names of these files, at the depth of the first package."""
    names = set()
    for path in files:
        parts = PurePosixPath(path).parts
        if path.endswith(".py") and parts[0] != ".data":
            depth = next((n for n in range(1, len(parts)) if "/".join((*parts[:n], "__init__.py")) in files), None)
            names.add(".".join(parts[:depth]) if depth else ".".join((*parts[:-1], parts[-1].removesuffix(".py"))))
    return tuple(sorted(name for name in names if name))
