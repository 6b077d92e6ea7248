"""Where a notebook runs: its folder, and what the notebook itself writes, clones and downloads into it."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.commands import Command
from jupyter_mlpack.inspection.folder import Folder
from jupyter_mlpack.values import Cell, Magic

CLONE_VALUED = frozenset(
    ["-b", "--branch", "--depth", "-o", "--origin", "-j", "--jobs", "--config", "-c", "--reference", "--filter"]
)
WRITERS = ("writefile", "file", "writetemplate", "writetext")


@dataclass(frozen=True)
class Surroundings:
    """What stands around the notebook when it runs. Paths are relative to its folder, POSIX style.

    ``written`` are files that cells write, ``clones`` folders with the repository they come from, ``downloads`` files
    that are fetched, ``roots`` the folders on the module path, the notebook's own first.
    """

    folder: Folder
    written: Mapping[str, str] = field(default_factory=dict)
    clones: Mapping[str, str] = field(default_factory=dict)
    downloads: frozenset[str] = frozenset()
    roots: tuple[str, ...] = ("",)

    def text(self, path: str) -> str | None:
        """The text of a local or written file."""
        return self.written[path] if path in self.written else self.folder.text(path)

    def has(self, path: str) -> bool:
        """Whether a file stands at ``path``, now or when the notebook has written or fetched it."""
        return path in self.written or path in self.downloads or self.folder.kind(path) == "file"

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

    def _holds_python(self, path: str) -> bool:
        return self.folder.kind(path) == "folder" and any(file.endswith(".py") for file in self.folder.tree(path))

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
    roots = ["", *(root for cell in cells for root in _path_entries(cell)), *(command.folder for command in commands)]
    roots += [
        magic.arguments.strip("\"' ").replace("/content/", "")
        for cell in cells
        for magic in cell.magics
        if magic.name == "cd"
    ]
    fetched = frozenset(file for cell in cells for file in _retrieved(cell))
    return Surroundings(folder, written, clones, downloads | fetched, tuple(dict.fromkeys(map(_plain, roots))))


def _plain(path: str) -> str:
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


def _retrieved(cell: Cell) -> Iterator[str]:
    """Python files that code fetches or writes by name: ``urlretrieve(url, "helper.py")``."""
    tree = parse_python(cell.python)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("urlretrieve", "download", "download_file", "wget", "get_file", "open", "Path", "get"):
                texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
                yield from (
                    posixpath.basename(text) for text in texts if isinstance(text, str) and text.endswith(".py")
                )


def _path_entries(cell: Cell) -> Iterator[str]:
    """Literal arguments of ``sys.path.append`` and ``sys.path.insert``."""
    for found in re.finditer(r"sys\.path\.(?:append|insert)\((.*)\)", cell.python):
        yield from re.findall(r"[\"']([^\"'\n]+)[\"']", found.group(1))
