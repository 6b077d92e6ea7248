"""The file tree of a run image in memory: path -> entry, merged from archives and from what we add by hand."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_mlpack.errors import ArchiveUnsafe
from jupyter_mlpack.oci.tar import TarEntry


class Tree:
    """Entries by absolute path. A path is decided once: folders may be named again, files only if they are equal."""

    def __init__(self) -> None:
        self._entries: dict[str, TarEntry] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> TarEntry:
        return self._entries[name]

    def names(self, prefix: str = "") -> list[str]:
        """The paths that begin with ``prefix``, sorted."""
        return sorted(name for name in self._entries if name.startswith(prefix))

    def add(self, entry: TarEntry, archive: str) -> None:
        """Put an entry of ``archive`` in; raises ``ArchiveUnsafe`` when another one has already decided the path."""
        known = self._entries.setdefault(entry.name, entry)
        folders = known.kind == entry.kind == "directory"
        if not folders and known != entry:
            raise ArchiveUnsafe(archive=archive, member=entry.name, reason="is also in another package, and differs")

    def put(self, entry: TarEntry) -> None:
        """Set an entry, whatever stood there."""
        self._entries[entry.name] = entry

    def drop(self, names: Iterable[str]) -> None:
        """Forget these paths."""
        for name in names:
            del self._entries[name]

    def put_file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """Set a file of root."""
        self.put(TarEntry(name, "file", mode, 0, 0, size=len(data), data=data))

    def put_folder(self, name: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
        """Set a folder."""
        self.put(TarEntry(name, "directory", mode, uid, gid))

    def link(self, name: str, target: str) -> None:
        """Set a symbolic link of root unless the path is taken."""
        self._entries.setdefault(name, TarEntry(name, "symlink", 0o777, 0, 0, link=target))

    def close(self) -> None:
        """Add the folders that nobody named, and check that everything stands in a folder.

        Raises ``ArchiveUnsafe`` for a member below a link or a file: where it lands would depend on who unpacks it.
        """
        for name in self.names():
            for parent in _parents(name):
                if parent not in self:
                    self.put_folder(parent)
                elif self[parent].kind != "directory":
                    raise ArchiveUnsafe(
                        archive=parent, member=name, reason="stands below something that is not a folder"
                    )

    def __iter__(self) -> Iterator[TarEntry]:
        """All entries, each folder before what is in it, in the order of the paths' bytes, part by part."""
        for name in sorted(self._entries, key=lambda name: name.encode().split(b"/")):
            yield self._entries[name]

    def write(self, root: Path, prefixes: Iterable[str]) -> None:
        """Write what stands below ``prefixes`` to ``root``, owned by us.

        Only after ``close``: no path runs through a link then, so nothing can land outside of ``root``.
        """
        wanted = tuple(prefixes)
        for entry in self:
            path = root / entry.name.lstrip("/")
            if not entry.name.startswith(wanted):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if entry.kind == "directory":
                path.mkdir(exist_ok=True)
            elif entry.kind == "symlink":
                path.symlink_to(entry.link)
            else:
                path.write_bytes(entry.data or b"")
                path.chmod(0o755 if entry.mode & 0o111 else 0o644)


def _parents(name: str) -> Iterator[str]:
    """The folders above ``name``, nearest first, without the root."""
    while (name := posixpath.dirname(name)) != "/":
        yield name
