"""A run image with more packages of its distribution: one layer above it, as the specification's *extend* phase has it.

Named after its base and its packages, and kept in the store: a second build with the same needs starts no process. The
packages come from the index that the run image was made from, so that they fit it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.errors import ArchiveDamaged, MirrorUnreachable
from jupyter_mlpack.events import Progress
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.oci.manifest import History, StoredImage
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.stack.alternatives import add_alternatives
from jupyter_mlpack.stack.apt import Apt, open_apt, update_index
from jupyter_mlpack.stack.archive import Contents
from jupyter_mlpack.stack.asked import INSTALL_ONLY, resolve_asked, unmet
from jupyter_mlpack.stack.assembling import CREATED
from jupyter_mlpack.stack.closure import Closure, dynamic_names, fetch
from jupyter_mlpack.stack.libraries import Libraries
from jupyter_mlpack.stack.loader_cache import PATH as CACHE
from jupyter_mlpack.stack.loader_cache import loader_cache
from jupyter_mlpack.stack.needs import libraries_in
from jupyter_mlpack.stack.pinned import check_versions, installed_versions
from jupyter_mlpack.stack.python import run_root
from jupyter_mlpack.stack.registration import register_plugins
from jupyter_mlpack.stack.run_image import Assembly, locked
from jupyter_mlpack.stack.sources import find_archive, stanzas
from jupyter_mlpack.stack.system import add_package
from jupyter_mlpack.stack.tree import Tree
from jupyter_mlpack.values import Notice

EXTENSION = 1
"""Raised when the same packages shall make another layer."""


@dataclass(frozen=True)
class Wanted:
    """``libraries`` are packages taken for their libraries alone, ``packages`` those that were asked for by name."""

    libraries: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.libraries or self.packages)


@dataclass(frozen=True)
class Extended:
    """The run image to build on, and what of the wishes could not be met."""

    image: StoredImage
    notices: tuple[Notice, ...] = ()


def at_hand(assembly: Assembly, base: StoredImage, wanted: Wanted) -> Extended | None:
    """The extended image if it was made before; reads two small files."""
    name = extension_name(assembly, base, wanted)
    try:
        noted = json.loads(_note(assembly, name).read_text(encoding="utf-8"))
        notices = tuple(Notice(code, text) for code, text in noted["notices"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    image = base if noted.get("image") == base.descriptor.digest else assembly.store.image(name)
    return Extended(image, notices) if image and image.descriptor.digest == noted.get("image") else None


def extension_name(assembly: Assembly, base: StoredImage, wanted: Wanted) -> str:
    """``mlpack/run:bookworm-amd64-<hash of base and packages>``."""
    text = json.dumps([EXTENSION, base.descriptor.digest, sorted(wanted.libraries), sorted(wanted.packages)])
    return f"{assembly.name}-{sha256(text.encode()).hexdigest()[:16]}"


def _note(assembly: Assembly, name: str) -> Path:
    return assembly.state / "extensions" / f"{name.rpartition(':')[2]}.json"


def extend_run_image(assembly: Assembly, base: StoredImage, table: Libraries, wanted: Wanted) -> Extended:
    """``base`` with a layer that holds what is ``wanted``. Packages that cannot be had make a notice.

    Raises leaves of ``StackError``: no apt, no mirror, a wrong signature.
    """
    with locked(assembly.state):
        known = at_hand(assembly, base, wanted)
        if known:
            return known
        apt = open_apt(assembly.stack, assembly.arch, find_archive(assembly.stack, assembly.settings), assembly.state)
        if not (apt.state / "index.stamp").is_file():
            update_index(apt, refresh=False)
        try:
            extended = _Extension(assembly, base, table, apt).made(wanted)
        except (ArchiveDamaged, MirrorUnreachable):
            # what the index of the run image names has been replaced in the archive since
            update_index(apt, refresh=True)
            extended = _Extension(assembly, base, table, apt).made(wanted)
        noted = {
            "image": extended.image.descriptor.digest,
            "notices": [[notice.code, notice.text] for notice in extended.notices],
        }
        write_atomically(_note(assembly, extension_name(assembly, base, wanted)), json.dumps(noted, indent=1) + "\n")
        return extended


@dataclass(frozen=True)
class _Extension:
    """One layer to be made."""

    assembly: Assembly
    base: StoredImage
    table: Libraries
    apt: Apt

    @functools.cached_property
    def _root(self) -> Path:
        return run_root(self.assembly.store, self.base)

    @functools.cached_property
    def _installed(self) -> frozenset[str]:
        """The packages of the run image, and those that nobody installs into one."""
        status = self._root / "var/lib/dpkg/status.d"
        names = {path.name for path in status.iterdir() if path.suffix != ".md5sums"} if status.is_dir() else set()
        whole = self._root / "var/lib/dpkg/status"  # an image that was pulled may be a full system
        if whole.is_file():
            names |= {
                entry.get("package", "") for entry in stanzas(whole.read_text(encoding="utf-8", errors="replace"))
            }
        return frozenset(names | INSTALL_ONLY)

    def made(self, wanted: Wanted) -> Extended:
        """Resolve, download, unpack, write."""
        check_versions(self.apt, wanted.packages, installed_versions(self._root, wanted.packages))
        asked = resolve_asked(self.apt, wanted.packages)
        notices = list(asked.notices)
        closure = Closure(
            self.apt, self.table, libraries_in(self._root), self._installed, lambda count: self._tell("packages", count)
        )
        packages = [one for one in asked.packages if one.name not in self._installed]
        self._tell("packages", 0, len(packages))
        closure.taken.update({one.name: one for one in fetch(self.apt, packages)})
        closure.take(wanted.libraries)
        notices += [unmet(name, self.apt.stack, "does not have it") for name in sorted(closure.missing)]
        contents = [closure.taken[name] for name in sorted(closure.taken)]
        stored = self._stored(contents, wanted) if contents else Extended(self.base)
        return Extended(stored.image, (*notices, *stored.notices))

    def _tell(self, what: str, done: int, total: int | None = None) -> None:
        self.assembly.emit(Progress("extend", what, done, total, "packages"))

    def _stored(self, contents: Sequence[Contents], wanted: Wanted) -> Extended:
        """The image with the layer, under its name."""
        tree = Tree()
        for one in contents:
            add_package(tree, one)
        add_alternatives(tree, contents)
        notices = register_plugins(tree, self._root, self.assembly)
        tree.put_file(CACHE, loader_cache({**self._base_libraries(), **_libraries(tree)}, self.assembly.arch))
        tree.close()
        store, config = self.assembly.store, self.base.config
        layer = store.add_layer(functools.partial(write_tar, entries=tree))
        listed = ", ".join((*wanted.packages, *wanted.libraries))
        added = History(CREATED, f"mlpack extension of {self.assembly.stack.name}: {listed}")
        image = store.add_image(
            replace(config, diff_ids=(*config.diff_ids, layer.diff_id), history=(*config.history, added)),
            [*self.base.layers, layer],
        )
        name = extension_name(self.assembly, self.base, wanted)
        store.tag(name, image.descriptor)
        return Extended(image.named(name), notices)

    def _base_libraries(self) -> dict[str, str]:
        """Name -> path of the run image's libraries."""
        folders = [*sorted((self._root / "usr/lib").glob("*-linux-gnu")), self._root / "usr/lib"]
        paths = [
            path for folder in folders for path in sorted(folder.iterdir()) if ".so" in path.name and path.is_file()
        ]
        found: dict[str, str] = {}
        for path in paths:
            for name in dynamic_names(path.read_bytes(), "DT_SONAME"):
                if (path.parent / name).exists():
                    found.setdefault(name, f"/{path.parent.relative_to(self._root).as_posix()}/{name}")
        return found


def _libraries(tree: Tree) -> dict[str, str]:
    """Name -> path of the libraries in ``tree`` that stand where the loader looks; links count, too."""
    found: dict[str, str] = {}
    for entry in tree:
        folder, _, name = entry.name.rpartition("/")
        public = folder == "/usr/lib" or (folder.startswith("/usr/lib/") and folder.endswith("-linux-gnu"))
        if public and ".so" in name and entry.kind in ("file", "symlink"):
            names = dynamic_names(entry.data, "DT_SONAME") if entry.data else {name}
            found.update({one: f"{folder}/{one}" for one in names if f"{folder}/{one}" in tree})
    return found
