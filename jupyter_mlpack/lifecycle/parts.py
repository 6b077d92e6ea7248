"""Lists the layers above the run image, as tar entries under their paths in the image: nothing is written here.

Order: the buildpacks' launch layers (group order, then by name), bills of materials, application slices, launcher,
launcher configuration, process types.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.lifecycle.config import LAUNCHER, PROCESSES
from jupyter_mlpack.lifecycle.context import Folders, Owner
from jupyter_mlpack.lifecycle.known_layers import KnownLayers
from jupyter_mlpack.lifecycle.layers_folder import launch_layers
from jupyter_mlpack.lifecycle.listing import listed_entries
from jupyter_mlpack.lifecycle.records import (
    BuildMetadata,
    BuildpackRecord,
    LayerRecord,
    LayersMetadata,
    Process,
    escape_id,
)
from jupyter_mlpack.oci.slices import slice_entries
from jupyter_mlpack.oci.stretch import Stretch
from jupyter_mlpack.oci.tar import TarEntry, parent_entries, tree_entries

if TYPE_CHECKING:
    from jupyter_mlpack.lifecycle.known_slices import KnownSlices

_NOT_IN_TYPE = frozenset("/><:|&\\\0")


@dataclass(frozen=True)
class Part:
    """One layer to be. ``origin`` is its line in the image's history; ``kept`` is the diffID of a layer that exists.

    ``kind`` is ``buildpack``, ``sbom``, ``app``, ``launcher``, ``config`` or ``process-types``; ``layer`` is the
    buildpack's id and the layer's name.
    """

    kind: str
    name: str
    origin: str
    entries: Callable[[], Iterable[TarEntry | Stretch]]
    kept: str = ""
    layer: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Parts:
    """Where the layers come from. ``replayed``, ``previous``, ``known`` and ``slices`` are what can be kept unread."""

    folders: Folders
    owner: Owner
    previous: LayersMetadata
    known: KnownLayers | None
    replayed: Mapping[tuple[str, str], str] = field(default_factory=dict, hash=False)
    slices: KnownSlices | None = None

    def all(self, records: Sequence[BuildpackRecord], metadata: BuildMetadata, launcher: Path) -> list[Part]:
        """All parts in order. Raises ``LayerNotReusable``, ``OSError``."""
        return [
            *(part for record in records for part in self._of_buildpack(record)),
            *self._of_folder("sbom", self.folders.sbom / "launch", "sbom/launch", "Software Bill-of-Materials"),
            *self._of_app(metadata.slices),
            _launcher_part(launcher),
            *self._of_folder("config", self.folders.layers / "config", "config", "Buildpacks Launcher Config"),
            *_process_parts(metadata.processes),
        ]

    def _of_buildpack(self, record: BuildpackRecord) -> Iterator[Part]:
        for name, layer in launch_layers(record).items():
            at = f"{escape_id(record.id)}/{name}"
            folder, listing = self.folders.layers / at, self.folders.listings / f"{at}.json"
            full = f"{record.id}:{name}"
            listed = listing.is_file() and not (layer.build or layer.cache or folder.exists())
            kept = "" if listed or folder.exists() else self._kept(record.id, name, layer)
            origin = f"Layer: '{name}', Created by buildpack: {record.id}@{record.version}"
            tree = self._list(listing, at) if listed else self._tree(folder, at)
            yield Part("buildpack", full, origin, tree, kept, (record.id, name))

    def _kept(self, buildpack_id: str, name: str, layer: LayerRecord) -> str:
        """The diffID of a layer that the buildpack kept without leaving contents."""
        full = f"{buildpack_id}:{name}"
        if layer.cache:
            raise errors.LayerNotReusable(layer=full, reason="a cached layer must have its contents")
        if replayed := self.replayed.get((buildpack_id, name)):
            return replayed
        before = self.previous.buildpack(buildpack_id).layers.get(name)
        if before is not None:
            return before.sha
        known = self.known.find(buildpack_id, name) if self.known else None
        if known is None:
            raise errors.LayerNotReusable(layer=full, reason="no earlier image has a layer of this name")
        return known.diff_id

    def _of_folder(self, kind: str, folder: Path, at: str, origin: str) -> Iterator[Part]:
        if folder.is_dir():
            yield Part(kind, kind, origin, self._tree(folder, at))

    def _tree(self, folder: Path, at: str) -> Callable[[], Iterator[TarEntry]]:
        """The entries of a tree under the image's layers folder."""
        path = f"{self.folders.image_layers}/{at}"
        uid, gid = self.owner.uid, self.owner.gid

        def entries() -> Iterator[TarEntry]:
            yield from self._parents(folder, path)
            yield from tree_entries(folder, path, uid, gid)

        return entries

    def _list(self, listing: Path, at: str) -> Callable[[], Iterator[TarEntry | Stretch]]:
        """The same of a layer that the buildpack listed."""
        path = f"{self.folders.image_layers}/{at}"
        uid, gid = self.owner.uid, self.owner.gid

        def entries() -> Iterator[TarEntry | Stretch]:
            yield from self._parents(self.folders.layers / at, path)
            yield from listed_entries(listing, path, uid, gid)

        return entries

    def _parents(self, folder: Path, path: str) -> Iterator[TarEntry]:
        """The folders above ``path``: plain ones, but the buildpack's own keeps the mode that it has on disk."""
        *outer, own = parent_entries(path, 0o755, self.owner.uid, self.owner.gid)
        yield from outer
        known = folder.parent != self.folders.layers and folder.parent.is_dir()
        yield replace(own, mode=stat.S_IMODE(folder.parent.stat().st_mode)) if known else own

    def _of_app(self, slices: Sequence[Sequence[str] | None]) -> Iterator[Part]:
        at, uid, gid = self.folders.image_app, self.owner.uid, self.owner.gid
        parents = list(parent_entries(at, 0o755, uid, gid))
        for number, entries in enumerate(slice_entries(self.folders.app, at, slices, uid, gid), 1):
            origin = f"Application Slice: {number}" if slices else "Application Layer"
            name, full = f"slice-{number}", [*parents, *entries] if entries else []
            kept = self.slices.find(name, full) if self.slices else ""
            yield Part("app", name, origin, _listed(full), kept)


def _listed(entries: list[TarEntry]) -> Callable[[], list[TarEntry]]:
    return lambda: entries


def _launcher_part(launcher: Path) -> Part:
    """The launcher in its folder; all of it belongs to root."""
    data = launcher.read_bytes()
    entry = TarEntry(LAUNCHER, "file", 0o755, 0, 0, size=len(data), data=data)
    return Part("launcher", "launcher", "Buildpacks Application Launcher", _listed([*parent_entries(LAUNCHER), entry]))


def _process_parts(processes: Sequence[Process]) -> Iterator[Part]:
    """A link to the launcher for each process type. Raises ``ExportBroken`` for a type that cannot name one."""
    for process in processes:
        if not process.type or _NOT_IN_TYPE & set(process.type):
            raise errors.ExportBroken(path=process.buildpack_id, reason=f"{process.type!r} cannot be a process type.")
    if processes:
        links = [
            TarEntry(f"{PROCESSES}/{process.type}", "symlink", 0o755, 0, 0, link=LAUNCHER) for process in processes
        ]
        folder = TarEntry(PROCESSES, "directory", 0o755, 0, 0)
        entries = [*parent_entries(PROCESSES), folder, *links]
        yield Part("process-types", "process-types", "Buildpacks Process Types", _listed(entries))
