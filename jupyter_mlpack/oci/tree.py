"""A file tree that grows by the entries of layers and cannot be left, whatever their names and links say."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from jupyter_mlpack.errors import LayerUnsafe

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_LINKS = 40  # as many links as Linux follows in one path
_DEEPEST = 200  # folders in folders: Python's own rmtree, which removes the tree one day, cannot go much deeper


class Unsafe(Exception):  # the layer's digest is added, and with it the words, by the caller
    """An entry that has no business in a layer."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def told(self, digest: str) -> LayerUnsafe:
        """The error that the user sees."""
        return LayerUnsafe(name=ascii(self.name)[:200], digest=digest, reason=self.reason)


class Tree:
    """The folder ``root`` while one layer is unpacked over it. Every method raises ``Unsafe`` or ``OSError``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._made: set[Path] = set()
        # Folders already walked to. Only a name that is removed can change where a walk leads: _remove forgets them.
        self._walked: dict[tuple[str, ...], Path] = {}

    def folder(self, name: str, mode: int) -> None:
        """A folder; one that is there gets the mode and keeps what is in it."""
        parts = _parts(name)
        if parts:
            path = self._parent(parts, name) / parts[-1]
            if not path.is_dir() or path.is_symlink():
                self._remove(path)
                path.mkdir()
            path.chmod(mode & 0o777 | 0o700)
            self._made.add(path)

    def file(self, name: str, mode: int, content: Iterable[bytes]) -> None:
        """A file, or what a whiteout asks for. What is there is replaced, never written into: it may have links."""
        path = self._place(name)
        if path.name.startswith(_WHITEOUT):
            self._whiteout(path, name)
            return
        self._remove(path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as file:
            for piece in content:
                file.write(piece)
            os.fchmod(handle, mode & 0o777 | 0o400)

    def symlink(self, name: str, target: str) -> None:
        """A symbolic link, its target verbatim: nobody follows it on this machine but within the root."""
        path = self._place(name)
        if not target or "\0" in target:
            raise Unsafe(name, "It is a link to nothing.")
        self._remove(path)
        path.symlink_to(target)

    def hard_link(self, name: str, target: str) -> None:
        """Another name for a file or symbolic link of this tree, a copy where the disk has no hard links."""
        import shutil

        path, source = self._place(name), self._existing(target)
        found = _kind(source)
        if found not in (stat.S_IFREG, stat.S_IFLNK):
            raise Unsafe(name, f"It is a hard link to {target!a}, which is no file of the image.")
        if path == source:
            return
        self._remove(path)
        try:
            os.link(source, path, follow_symlinks=False)
        except OSError:
            shutil.copy2(source, path, follow_symlinks=False)

    def _place(self, name: str) -> Path:
        path = self._existing(name)
        self._made.add(path)
        return path

    def _existing(self, name: str) -> Path:
        parts = _parts(name)
        if not parts:
            raise Unsafe(name, "It would replace the root folder.")
        return self._parent(parts, name) / parts[-1]

    def _parent(self, parts: list[str], name: str) -> Path:
        """The real folder of a name, links resolved within the root; folders that are missing are made."""
        folders = tuple(parts[:-1])
        if folders not in self._walked:
            self._walked[folders] = self._walk(parts, name)
        return self._walked[folders]

    def _walk(self, parts: list[str], name: str) -> Path:
        waiting, path, links = parts[-2::-1], self.root, 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                path = path if path == self.root else path.parent
                continue
            step = path / part
            kind = _kind(step)
            if kind == stat.S_IFLNK:
                links += 1
                if links > _LINKS:
                    raise Unsafe(name, "The links on its way lead in a circle.")
                target = os.readlink(step)
                path = self.root if target.startswith("/") else path
                waiting.extend(part for part in reversed(target.split("/")) if part not in ("", "."))
                continue
            if kind is None:
                step.mkdir()
                step.chmod(0o755)
            elif kind != stat.S_IFDIR:
                raise Unsafe(name, f"{part!a} on its way is a file.")
            path = step
            if len(path.parts) - len(self.root.parts) > _DEEPEST:
                raise Unsafe(name, f"It lies more than {_DEEPEST} folders deep.")
            # An opaque whiteout above must not take what this layer puts here.
            self._made.add(path)
        return path

    def _whiteout(self, path: Path, name: str) -> None:
        if path.name == _OPAQUE:
            self._clear(path.parent)
        elif not path.name.startswith(_WHITEOUT * 2):
            hidden = path.name.removeprefix(_WHITEOUT)
            if hidden in ("", ".", ".."):
                raise Unsafe(name, "It would remove more than one name.")
            self._hide(path.parent / hidden)

    def _hide(self, path: Path) -> None:
        """Remove what lower layers brought to ``path``; what this layer brought stays, wherever the whiteout stands."""
        if path in self._made and path.is_dir() and not path.is_symlink():
            self._clear(path)
        elif path not in self._made:
            self._remove(path)

    def _clear(self, folder: Path) -> None:
        for path in list(folder.iterdir()):
            self._hide(path)

    def _remove(self, path: Path) -> None:
        import shutil

        kind = _kind(path)
        if kind == stat.S_IFDIR:
            self._walked.clear()
            shutil.rmtree(path)
        elif kind is not None:
            self._walked.clear()
            path.unlink()


def _kind(path: Path) -> int | None:
    """The file type bits of what is at ``path`` itself; ``None`` when nothing is."""
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except FileNotFoundError:
        return None


def _parts(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Unsafe(name, "It climbs out of its folder with '..'.")
    if "\0" in name:
        raise Unsafe(name, "It has a NUL in it.")
    return parts
