"""What a notebook's image needs of the files around it, one touched path after the other."""

from __future__ import annotations

import fnmatch
import itertools
import posixpath
import re
from collections.abc import Iterator

from jupyter_mlpack.inspection import filenotices as tell
from jupyter_mlpack.inspection.assets import Covered
from jupyter_mlpack.inspection.mounts import Place, dataset_of, locate
from jupyter_mlpack.inspection.paths import GAP, word_set
from jupyter_mlpack.inspection.project import leaving_links
from jupyter_mlpack.inspection.surroundings import Surroundings, is_path
from jupyter_mlpack.inspection.touches import Touch
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Evidence, Notice, OutputFile

MAX_FOLDER = 20_000_000
MAX_FOLDER_FILES = 200
"""A folder that the code names is taken whole up to this size and number of files."""

MAX_WILDCARDS = 10
MAX_PATTERNS = 200
"""Patterns of one notebook that are compared with the files."""

MAX_EVIDENCE = 20
"""Places that are told for one file."""

KNOWN_OTHERWISE = pattern(r"(^|/)(requirements[\w.-]*\.txt|environment[\w.-]*\.ya?ml)$")
CREDENTIALS = pattern(
    r"(^|/)(\.env(\.\w+)?|id_(rsa|dsa|ecdsa|ed25519)[\w.-]*|[^/]*\.(pem|key|p12|pfx|jks|keystore)|credentials(\.json)?|kaggle\.json|\.netrc|\.pypirc"
    r"|client_secrets?[\w.-]*\.json|service[_-]?account[\w.-]*\.json|secrets?\.(toml|ya?ml|json)|\.git-credentials|token\.json)$"
)
NAMED = r"(?<![$\w])\w"
"""A letter or digit that is no shell variable's: without one nothing is known of a name."""

QUIET = word_set(
    """
    ls dir pip pip2 pip3 conda mamba apt apt-get nvidia-smi head tail cat echo pwd rm du df wc which grep lscpu
    free uname find tree export set sudo dpkg java node ps whoami date %cd cd mkdir file less more sort jupyter
    """
)
"""Commands that bring no file; after any other one a file may be there that nobody names."""


class Search:
    """What is wanted so far, what was told, what was written before."""

    def __init__(self, around: Surroundings, touches: list[Touch], attached: tuple[str, ...]) -> None:
        self.around = around
        self.attached = attached
        self.wanted: dict[str, tuple[str, list[Evidence]]] = {}
        self.notices: list[Notice] = []
        self.told: set[tuple[str, ...]] = set()
        self.written: dict[str, list[Evidence]] = {}
        self.made_before: set[str] = set()
        self.fetched: set[str] = set()
        self.tried = 0
        self.visits: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        made = [touch for touch in touches if touch.verb in ("writes", "fetches")]
        self.made = {touch.path for touch in made if touch.text.exact}
        self.patterns = list(dict.fromkeys(_pattern(touch.path) for touch in made if not touch.text.exact))
        self.mentioned = {touch.path for touch in touches if touch.verb == "mentions"}
        self.foreign = any(posixpath.basename(command.words[0]) not in QUIET for command in around.commands)
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
        size = sum(map(self._size, others))
        if size > MAX_FOLDER or len(others) > MAX_FOLDER_FILES:
            self.notices.append(tell.package_data(package, len(others), size, evidence.location))
            others = []
        for file in (*code, *others):
            self._take(file, evidence, "module")
        self._links(package, evidence)

    def touch(self, touch: Touch) -> None:
        """One path that code or a command touches."""
        if touch.verb in ("writes", "fetches"):
            self._written(touch)
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

    def _written(self, touch: Touch) -> None:
        """An output; one outside the folder is lost with the job."""
        text = touch.text.text
        place = locate(GAP.sub("*", text), touch.folder)
        if touch.text.number or place.where in ("none", "scratch") or not re.search(NAMED, GAP.sub("", text)):
            return
        places = self.written.setdefault(text, [])
        places += [touch.evidence] if len(places) < MAX_EVIDENCE else []
        self.made_before.add(place.path)
        if touch.verb == "fetches":
            self.fetched.add(place.path)
        lost = place.where in ("outside", "mount") and not place.path.startswith("~")
        if lost and self._once("lost", place.mount or posixpath.dirname(place.path)):
            self.notices.append(tell.lost(text, touch.evidence.location))

    def _inside(self, path: str, touch: Touch) -> None:
        if path in (".", "/") or KNOWN_OTHERWISE.search(path) or path in self.around.written:
            return
        if path in self.made_before:
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
        self.tried += 1
        if (
            self.tried > MAX_PATTERNS
            or path.count("*") > MAX_WILDCARDS
            or not (base or re.search(r"\*\.\w{1,8}$", path))
        ):
            return
        files = self.around.folder.tree(base)
        fitting = [file for file in files if fnmatch.fnmatchcase(file, path) and (base or "/" not in file)]
        if fitting:
            self._folder(path, tuple(fitting), touch)

    def _folder(self, path: str, files: tuple[str, ...], touch: Touch) -> None:
        self.visits[path] = self.visits.get(path, 0) + 1
        if self.visits[path] > MAX_EVIDENCE:
            return
        size = sum(map(self._size, files))
        if size <= MAX_FOLDER and len(files) <= MAX_FOLDER_FILES:
            for file in files:
                self._take(file, touch.evidence, "data")
            self._links(path, touch.evidence)
        elif self._once("large", path):
            self.notices.append(tell.large_folder(path, len(files), size, touch.evidence.location))

    def _size(self, file: str) -> int:
        if file not in self.sizes:
            self.sizes[file] = self.around.folder.size(file)
        return self.sizes[file]

    def _take(self, file: str, evidence: Evidence, kind: str) -> None:
        if KNOWN_OTHERWISE.search(file):
            return
        if CREDENTIALS.search(file):
            if self._once("credentials", file):
                self.notices.append(tell.credentials(file, evidence.location))
            return
        evidences = self.wanted.setdefault(file, (kind, []))[1]
        if len(evidences) < MAX_EVIDENCE:
            evidences.append(evidence)

    def _links(self, path: str, evidence: Evidence) -> bool:
        """Tell of links that are not followed; true when there is none."""
        links = leaving_links(self.around.folder, path) if "*" not in path else ()
        for link in links[:20]:
            if self._once("link", link):
                self.notices.append(tell.link(link, evidence.location))
        return not links

    def _missing(self, path: str, touch: Touch) -> None:
        """Told only if nothing in the notebook can have made it."""
        above = itertools.accumulate(posixpath.dirname(path).split("/"), posixpath.join)
        made = path in self.mentioned or path in self.made or not self.made.isdisjoint(above)
        made = made or len(self.patterns) > MAX_PATTERNS or any(fnmatch.fnmatchcase(path, one) for one in self.patterns)
        fair = touch.certain and touch.folder is not None and re.search(r"\.\w{1,8}$", path)
        if self.judges and fair and not made and self._once("missing", path):
            self.notices.append(tell.missing(path, touch.evidence.location))

    def _elsewhere(self, place: Place, touch: Touch) -> None:
        """A path outside the folder: of a service, of the project around, or of this machine."""
        path = place.path
        above = itertools.accumulate(posixpath.dirname(path).split("/"), posixpath.join)
        if path in self.made_before or not self.fetched.isdisjoint(above):
            return
        if isinstance(self.around.folder, Covered) and self.around.folder.covered(path):
            return
        kind = self.around.kind(path) if place.where == "outside" and touch.text.exact else None
        if place.service and kind is None:
            if self._once("mount", place.mount, dataset_of(place)):
                self.notices.append(tell.mounted(place, dataset_of(place), self.attached, touch.evidence.location))
        elif (kind is not None or re.search(r"\.\w{1,8}$", path)) and self._once("outside", path):
            size = self.around.size(path) if kind == "file" else None
            self.notices.append(tell.outside(touch.text.text, size, touch.evidence.location))

    def outputs(self) -> Iterator[OutputFile]:
        """What is written, as the code names it."""
        for target, evidences in self.written.items():
            yield OutputFile(target, tuple(dict.fromkeys(evidences)))

    def _once(self, *key: str) -> bool:
        new = key not in self.told
        self.told.add(key)
        return new


def _pattern(path: str) -> str:
    """A path with gaps as a pattern."""
    return GAP.sub("*", path.replace("[", "?"))
