"""Where a notebook runs: its folder, and what the notebook itself writes, clones and downloads into it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.commands import Command
from jupyter_mlpack.inspection.folder import Folder, NoFolder
from jupyter_mlpack.inspection.project import Above, read_above
from jupyter_mlpack.inspection.touches import touched
from jupyter_mlpack.values import Cell, Magic

MAX_ROOTS = 100

CLONE_VALUED = frozenset(
    ["-b", "--branch", "--depth", "-o", "--origin", "-j", "--jobs", "--config", "-c", "--reference", "--filter"]
)
WRITERS = ("writefile", "file", "writetemplate", "writetext")


MAX_PATH = 4_000
MAX_PART = 255
"""Characters of a path and of one name in it; what is longer is no path."""


@dataclass(frozen=True)
class Surroundings:
    """What stands around the notebook when it runs. Paths are relative to its folder, POSIX style.

    ``written`` are files that cells write, ``clones`` folders with the repository they come from, ``downloads`` files
    that are fetched, ``roots`` the folders on the module path, the notebook's own first. ``above`` is the project
    around the folder: what is found there is told, and its own needs are, but it does not go into an image.
    ``commands`` are what the cells run in a shell.
    """

    folder: Folder
    written: Mapping[str, str] = field(default_factory=dict)
    clones: Mapping[str, str] = field(default_factory=dict)
    downloads: frozenset[str] = frozenset()
    roots: tuple[str, ...] = ("",)
    above: Above = field(default_factory=lambda: Above(NoFolder()))
    commands: tuple[Command, ...] = ()

    def text(self, path: str) -> str | None:
        """The text of a local or written file, also of one in the project around."""
        if path in self.written:
            return self.written[path]
        return self._holder(path).text(path) if is_path(path) else None

    def has(self, path: str) -> bool:
        """Whether a file stands at ``path``, now or when the notebook has written or fetched it."""
        return path in self.written or path in self.downloads or self.kind(path) == "file"

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """What stands at ``path`` now, in the notebook's folder or in the project around it."""
        return self._holder(path).kind(path) if is_path(path) else None

    def size(self, path: str) -> int:
        """Bytes of a file in the notebook's folder or in the project around it; 0 for others."""
        return self._holder(path).size(path) if is_path(path) else 0

    def _holder(self, path: str) -> Folder | Above:
        return self.above if path == ".." or path.startswith("../") else self.folder

    def clone_of(self, folder: str) -> str | None:
        """The repository that is cloned into ``folder``, by its path or by its last name alone."""
        name = posixpath.basename(folder)
        return self.clones.get(folder) or next(
            (url for at, url in self.clones.items() if posixpath.basename(at) == name), None
        )

    def module(self, name: str, *, known: bool) -> str | None:
        """The local file or folder that ``import name`` finds, or ``None``.

        A folder without ``__init__.py`` counts only if the name is not ``known`` as an installed package: Python
        finds the package first. A clone shadows what has its name, since it is there to be imported.
        """
        for root in self.roots:
            base = posixpath.join(root, *name.split("."))
            for path in (f"{base}.py", f"{base}/__init__.py"):
                if self.has(path):
                    return path
            if not known and (self._holds_python(base) or any(file.startswith(f"{base}/") for file in self.written)):
                return base
        return self._in_clone(name.partition(".")[0], known=known)

    def beyond(self, name: str) -> str | None:
        """The file or folder in the project around that ``import name`` would find, were its folder on the path.

        Only a marked project is looked into, at each level up and in the ``src`` and ``lib`` folders there.
        """
        levels = self.above.levels if self.above.marked else ()
        bases = [posixpath.join(level, inner, *name.split(".")) for level in levels for inner in ("", "src", "lib")]
        found = (path for base in bases for path in (f"{base}/__init__.py", f"{base}.py") if self.has(path))
        return next(found, None)

    def _holds_python(self, path: str) -> bool:
        if path.startswith(".."):
            return self.kind(path) == "folder"
        return self.kind(path) == "folder" and any(file.endswith(".py") for file in self.folder.tree(path))

    def _in_clone(self, top: str, *, known: bool) -> str | None:
        for folder in self.clones:
            same = posixpath.basename(folder).lower().replace("-", "_") == top.lower()
            on_path = any(root == folder or root.startswith(f"{folder}/") for root in self.roots)
            if (on_path and (same or not known)) or (same and not known):
                return folder
        return None


def read_surroundings(cells: Iterable[Cell], commands: Iterable[Command], folder: Folder) -> Surroundings:
    """The surroundings of a notebook with these cells and commands in ``folder``."""
    cells, commands = tuple(cells), tuple(commands)
    written = dict(file for cell in cells for magic in cell.magics for file in _written(magic))
    clones = dict(clone for command in commands for clone in _clone(command))
    downloads = frozenset(file for command in commands for file in _downloads(command))
    touches = touched(cells)
    moved = [magic.arguments.strip("\"' ") for cell in cells for magic in cell.magics if magic.name == "cd"]
    entered = [path for touch in touches if touch.verb == "enters" for path in (touch.path, _known_end(touch.path))]
    folders = [touch.folder for touch in touches if touch.folder]
    roots = ["", *entered, *(command.folder for command in commands), *moved, *folders]
    fetched = frozenset(
        posixpath.basename(touch.text.text)
        for touch in touches
        if touch.verb in ("writes", "fetches") and touch.text.text.endswith(".py")
    )
    usable = dict.fromkeys(root for root in map(_plain, roots) if is_path(root) and "{" not in root)
    return Surroundings(
        folder, written, clones, downloads | fetched, tuple(usable)[:MAX_ROOTS], read_above(folder), commands
    )


def _known_end(path: str) -> str:
    """``src`` of ``{base}/src``: what is unknown is the notebook's folder more often than not."""
    return re.sub(r"^.*\}/?", "", path)


def is_path(text: str) -> bool:
    """Whether a file system would take ``text`` for a path."""
    return (
        len(text) <= MAX_PATH
        and "\0" not in text
        and all(len(part.encode("utf-8", "surrogatepass")) <= MAX_PART for part in text.split("/"))
    )


def _plain(path: str) -> str:
    """Seen from the notebook's folder, which is the working folder of the hosted services, too."""
    path = re.sub(r"^(/content/|/kaggle/working/|\./)", "", path)
    normal = posixpath.normpath(path) if path else ""
    return "" if normal == "." else normal


def _written(magic: Magic) -> Iterator[tuple[str, str]]:
    words = [word.strip("\"'") for word in magic.arguments.split() if not word.startswith("-")]
    if magic.name in WRITERS and words:
        yield _plain(words[0]), magic.body


def _clone(command: Command) -> Iterator[tuple[str, str]]:
    words = list(command.words)
    if words[:1] != ["git"] or "clone" not in words[:4]:
        return
    rest = iter(words[words.index("clone") + 1 :])
    plain: list[str] = []
    for word in rest:
        if word in CLONE_VALUED:
            next(rest, "")
        elif not word.startswith("-"):
            plain.append(word)
    if plain and "://" in plain[0]:
        url = re.sub(r"://[^/@]*@", "://", plain[0])
        name = plain[1] if len(plain) > 1 else plain[0].rstrip("/").split("/")[-1].removesuffix(".git")
        yield _plain(posixpath.join(command.folder, name)), url


def _downloads(command: Command) -> Iterator[str]:
    words = command.words
    if words[0] not in ("wget", "curl", "gdown", "cp", "mv"):
        return
    for word, after in zip(words, (*words[1:], ""), strict=True):
        if word in ("-O", "-o", "--output", "--output-document") and after.endswith(".py"):
            yield _plain(posixpath.join(command.folder, after))
        elif word.endswith(".py"):
            yield _plain(posixpath.join(command.folder, posixpath.basename(word)))
