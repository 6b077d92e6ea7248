"""The files beside a notebook that its image needs, and what the notebook writes.

Local modules go along, packages whole, and data that the code names. What leads outside the notebook's folder, is
large, holds credentials, is mounted by a hosted service or is not there is told, not taken.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection import filenotices as tell
from jupyter_mlpack.inspection.mounts import Place, dataset_of, kaggle_sources, locate
from jupyter_mlpack.inspection.paths import GAP
from jupyter_mlpack.inspection.project import leaving_links
from jupyter_mlpack.inspection.surroundings import Surroundings, is_path
from jupyter_mlpack.inspection.touches import Touch, touched_by_cells, touched_by_commands, touched_by_file
from jupyter_mlpack.values import Cell, Evidence, Json, LocalFile, Notice, OutputFile

MAX_FILE = 100_000_000
"""Bytes of one file that is taken into an image without being asked."""

MAX_FOLDER = 20_000_000
MAX_FOLDER_FILES = 200
"""A folder that the code names is taken whole up to this size and number of files."""

MAX_WILDCARDS = 10

KNOWN_OTHERWISE = re.compile(r"(^|/)(requirements[\w.-]*\.txt|environment[\w.-]*\.ya?ml)$")
CREDENTIALS = re.compile(
    r"(^|/)(\.env(\.\w+)?|id_(rsa|dsa|ecdsa|ed25519)[\w.-]*|[^/]*\.(pem|key|p12|pfx|jks|keystore)|credentials(\.json)?|kaggle\.json|\.netrc|\.pypirc"
    r"|client_secrets?[\w.-]*\.json|service[_-]?account[\w.-]*\.json|secrets?\.(toml|ya?ml|json)|\.git-credentials|token\.json)$"
)
QUIET = re.compile(
    r"^(ls|dir|pip3?|conda|mamba|apt|apt-get|nvidia-smi|head|tail|cat|echo|pwd|rm|du|df|wc|which|grep|lscpu|free|uname|find|tree"
    r"|export|set|sudo|dpkg|java|node|ps|whoami|date|%?cd|mkdir|file|less|more|sort|jupyter)$"
)
"""Commands that bring no file; after any other one a file may be there that nobody names."""


@dataclass(frozen=True)
class Files:
    """Files to take, sorted by path, those that were not taken, and what the notebook writes, in its order.

    ``above`` are modules of the project around the notebook's folder (``../src/a.py``), which an image would need.
    """

    found: tuple[LocalFile, ...]
    notices: tuple[Notice, ...]
    outputs: tuple[OutputFile, ...] = ()


def find_files(
    path: str,
    cells: Iterable[Cell],
    modules: Iterable[tuple[str, Evidence]],
    around: Surroundings,
    metadata: Mapping[str, Json] | None = None,
) -> Files:
    """Local modules (packages whole), data files that a notebook called ``path`` reads, and the files it writes.

    ``metadata`` is the notebook's: it says which data a service mounts.
    """
    cells, modules = tuple(cells), tuple(modules)
    touches = _in_order(path, cells, around)
    search = _Search(around, touches, kaggle_sources(metadata or {}))
    for module, evidence in modules:
        search.module(module, evidence)
    for touch in touches:
        search.touch(touch)
    for module, _ in modules:
        for touch in touched_by_file(module, around.text(module) or "") if module.endswith(".py") else ():
            search.touch(touch)
    found = []
    for file, (kind, evidences) in sorted(search.wanted.items()):
        size = around.folder.size(file)
        if size > MAX_FILE:
            search.notices.append(tell.too_large(file, size, evidences[0].location))
        elif file != path:
            found.append(LocalFile(file, size, tuple(dict.fromkeys(evidences)), kind))
    return Files(tuple(found), tuple(dict.fromkeys(search.notices)), tuple(search.outputs(path)))


def _in_order(path: str, cells: tuple[Cell, ...], around: Surroundings) -> list[Touch]:
    """What code and commands touch, as it stands in the notebook; a written cell is an output, too."""
    touches = [*touched_by_cells(path, cells), *touched_by_commands(around.commands), *_written_cells(path, cells)]
    return sorted(touches, key=lambda touch: (touch.evidence.location.cell or 0, touch.evidence.location.line or 0))


def _written_cells(path: str, cells: tuple[Cell, ...]) -> Iterator[Touch]:
    from jupyter_mlpack.inspection.surroundings import WRITERS

    for cell in cells:
        for magic in cell.magics:
            names = [word.strip("\"'") for word in magic.arguments.split() if not word.startswith("-")]
            if magic.name in WRITERS and names:
                yield tell.written_cell(path, cell.number, magic, names[0])


class _Search:
    """What is wanted so far, what was told, what was written before."""

    def __init__(self, around: Surroundings, touches: list[Touch], attached: tuple[str, ...]) -> None:
        self.around = around
        self.attached = attached
        self.wanted: dict[str, tuple[str, list[Evidence]]] = {}
        self.notices: list[Notice] = []
        self.told: set[tuple[str, ...]] = set()
        self.written: dict[str, list[Evidence]] = {}
        made = [touch for touch in touches if touch.verb in ("writes", "fetches")]
        self.made = {_pattern(touch.path) for touch in made}
        self.mentioned = {touch.path for touch in touches if touch.verb == "mentions"}
        self.foreign = any(not QUIET.match(posixpath.basename(command.words[0])) for command in around.commands)
        self.judges = around.folder.kind("") == "folder" and not self.foreign

    def module(self, module: str, evidence: Evidence) -> None:
        """A local module's file; a package's whole folder, unless what is no code in it is large."""
        folder = self.around.folder
        top = module.partition("/")[0]
        if module.endswith("/__init__.py") or folder.kind(f"{top}/__init__.py") == "file":
            package = top if folder.kind(f"{top}/__init__.py") == "file" else posixpath.dirname(module)
            self._package(package, evidence)
        elif folder.kind(module) == "folder":
            self._package(module, evidence)
        elif folder.kind(module) == "file":
            self._take(module, evidence, "module")
        else:
            self._links(module, evidence)

    def _package(self, package: str, evidence: Evidence) -> None:
        if not self._once("package", package):
            return
        files = self.around.folder.tree(package)
        code = [file for file in files if file.endswith((".py", ".ipynb"))]
        others = [file for file in files if file not in set(code)]
        size = sum(self.around.folder.size(file) for file in others)
        if size > MAX_FOLDER or len(others) > MAX_FOLDER_FILES:
            self.notices.append(tell.package_data(package, len(others), size, evidence.location))
            others = []
        for file in (*code, *others):
            self._take(file, evidence, "module")
        self._links(package, evidence)

    def touch(self, touch: Touch) -> None:
        """One path that code or a command touches."""
        if touch.verb in ("writes", "fetches"):
            if touch.text.text.strip("{.}/") and not touch.text.number and _is_target(touch.text.text):
                self.written.setdefault(touch.text.text, []).append(touch.evidence)
            return
        if touch.verb == "enters" or touch.text.number:
            return
        place = locate(GAP.sub("*", touch.text.text), touch.folder)
        if place.where in ("none", "address", "scratch") or not is_path(place.path):
            return
        if place.where == "inside":
            self._inside(place.path, touch)
        elif touch.verb != "mentions" or (place.where == "mount" and touch.certain):
            self._elsewhere(place, touch)

    def _inside(self, path: str, touch: Touch) -> None:
        if path in (".", "/") or KNOWN_OTHERWISE.search(path) or path in self.around.written:
            return
        if any(path == target.removeprefix("./") for target in self.written):
            return
        kind = self.around.folder.kind(path)
        if "*" in path or "?" in path:
            if touch.verb != "mentions":
                self._matching(path, touch)
        elif kind == "file":
            self._take(path, touch.evidence, "module" if touch.verb == "runs" else "data")
        elif kind == "folder" and touch.verb in ("needs", "reads"):
            self._folder(path, self.around.folder.tree(path), touch)
        elif kind is None and self._links(path, touch.evidence) and touch.verb == "needs":
            self._missing(path, touch)

    def _matching(self, path: str, touch: Touch) -> None:
        """Files that fit a pattern with a folder or an ending that is known."""
        base = posixpath.dirname(re.split(r"[*?\[]", path)[0])
        if path.count("*") > MAX_WILDCARDS or not (base or re.search(r"\*\.\w{1,8}$", path)):
            return
        files = self.around.folder.tree(base)
        fitting = [file for file in files if fnmatch.fnmatchcase(file, path) and (base or "/" not in file)]
        if fitting:
            self._folder(path, tuple(fitting), touch)

    def _folder(self, path: str, files: tuple[str, ...], touch: Touch) -> None:
        size = sum(self.around.folder.size(file) for file in files)
        if size <= MAX_FOLDER and len(files) <= MAX_FOLDER_FILES:
            for file in files:
                self._take(file, touch.evidence, "data")
            self._links(path, touch.evidence)
        elif self._once("large", path):
            self.notices.append(tell.large_folder(path, len(files), size, touch.evidence.location))

    def _take(self, file: str, evidence: Evidence, kind: str) -> None:
        if KNOWN_OTHERWISE.search(file):
            return
        if CREDENTIALS.search(file):
            if self._once("credentials", file):
                self.notices.append(tell.credentials(file, evidence.location))
            return
        self.wanted.setdefault(file, (kind, []))[1].append(evidence)

    def _links(self, path: str, evidence: Evidence) -> bool:
        """Tell of links that are not followed; true when there is none."""
        links = leaving_links(self.around.folder, path) if "*" not in path else ()
        for link in links[:20]:
            if self._once("link", link):
                self.notices.append(tell.link(link, evidence.location))
        return not links

    def _missing(self, path: str, touch: Touch) -> None:
        """Told only if nothing in the notebook can have made it."""
        made = any(fnmatch.fnmatchcase(path, pattern) for pattern in self.made) or path in self.mentioned
        above = any(_pattern(f"{path}/").startswith(f"{pattern}/") for pattern in self.made)
        fair = touch.certain and touch.folder is not None and re.search(r"\.\w{1,8}$", path)
        if self.judges and fair and not made and not above and self._once("missing", path):
            self.notices.append(tell.missing(path, touch.evidence.location))

    def _elsewhere(self, place: Place, touch: Touch) -> None:
        """A path outside the folder: of a service, of the project around, or of this machine."""
        path = place.path
        kind = self.around.kind(path) if place.where == "outside" and touch.text.exact else None
        if place.service and kind is None:
            if self._once("mount", place.mount, dataset_of(place)):
                self.notices.append(tell.mounted(place, dataset_of(place), self.attached, touch.evidence.location))
        elif (kind is not None or re.search(r"\.\w{1,8}$", path)) and self._once("outside", path):
            size = self.around.size(path) if kind == "file" else None
            self.notices.append(tell.outside(touch.text.text, size, touch.evidence.location))

    def outputs(self, path: str) -> Iterator[OutputFile]:
        """What is written, as the code names it."""
        for target, evidences in self.written.items():
            yield OutputFile(target, tuple(dict.fromkeys(evidences)))

    def _once(self, *key: str) -> bool:
        new = key not in self.told
        self.told.add(key)
        return new


def _is_target(text: str) -> bool:
    place = locate(text)
    return place.where not in ("none", "scratch")


def _pattern(path: str) -> str:
    """A path with gaps as a pattern."""
    return GAP.sub("*", path.replace("[", "?"))
