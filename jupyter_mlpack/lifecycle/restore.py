"""The restore phase: gives each buildpack the layers of the last build that it may keep.

================================  =====================================================================
layer of the previous image       restored
================================  =====================================================================
launch                            ``<layer>.toml`` (metadata alone)
launch + cache                    metadata and contents when the cache has the same layer, else nothing
launch + build                    nothing: its contents must be made anew in any case
cache (with or without build)     metadata and contents from the cache
build, or of no type              nothing
================================  =====================================================================

A launch layer that the previous image does not have, but that any build on this machine exported, is offered as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.cache import Cache
from jupyter_mlpack.lifecycle.context import Folders
from jupyter_mlpack.lifecycle.files import write_layer_metadata, write_store
from jupyter_mlpack.lifecycle.known_layers import KnownLayers
from jupyter_mlpack.lifecycle.records import (
    Analyzed,
    BuildpackRecord,
    GroupElement,
    LayerRecord,
    escape_id,
)
from jupyter_mlpack.lifecycle.reuse import Elsewhere, held_layer
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.scratch import copy_file, remove_tree


@dataclass(frozen=True)
class Memory:
    """Where earlier builds are remembered, beside the previous image's label. All may be absent.

    With a ``store``, layers of the previous image are offered only while the store has their contents, or can get them
    from ``elsewhere``.
    """

    cache: Cache | None = None
    known: KnownLayers | None = None
    store: Store | None = None
    elsewhere: Elsewhere | None = None

    def holds(self, layer: LayerRecord) -> bool:
        """True unless we know that the layer's contents are lost."""
        if self.store is None or (self.elsewhere and self.elsewhere.has(layer.sha)):
            return True
        return held_layer(self.store, layer.sha) is not None


def restore(group: tuple[GroupElement, ...], analyzed: Analyzed, memory: Memory, folders: Folders) -> int:
    """Run the phase; returns how many layers were offered. Raises ``RestoreBroken`` (exit 42)."""
    cached = memory.cache.records() if memory.cache else {}
    offered = 0
    try:
        for element in group:
            record = analyzed.metadata.buildpack(element.id)
            kept = cached.get(element.id, BuildpackRecord(element.id, ""))
            offered += _restore_buildpack(record, kept, memory, folders.layers / escape_id(element.id))
        if memory.cache:
            memory.cache.restore_sboms(folders.sbom / "cache")
        _hand_out_sboms(group, folders)
    except OSError as error:
        raise errors.RestoreBroken(path=error.filename or folders.layers, reason=error.strerror or error) from error
    return offered


def _restore_buildpack(previous: BuildpackRecord, cached: BuildpackRecord, memory: Memory, folder: Path) -> int:
    if previous.store is not None:
        write_store(folder / "store.toml", previous.store)
    found = dict(_metadata_to_restore(previous, cached))
    restored = {name: layer for name, layer in found.items() if layer.cache or memory.holds(layer)}
    for name, layer in restored.items():
        write_layer_metadata(folder / f"{name}.toml", layer.metadata)
    for name, layer in cached.layers.items():
        if name not in restored or memory.cache is None:
            continue
        if restored[name].sha != layer.sha or not memory.cache.restore_layer(cached.id, name, folder / name):
            _remove(folder, name)
            del restored[name]
    return len(restored) + _offer_known(previous, memory.known, folder, restored)


def _metadata_to_restore(previous: BuildpackRecord, cached: BuildpackRecord) -> Iterator[tuple[str, LayerRecord]]:
    for name, layer in sorted(previous.layers.items()):
        contents_needed = layer.build and not layer.cache
        if not is_layer_name(name):
            # the label may come from a stranger's image: a name must not lead out of the folder
            continue
        if layer.launch and not contents_needed and (not layer.cache or name in cached.layers):
            yield name, layer
    for name, layer in sorted(cached.layers.items()):
        if not layer.launch:
            yield name, layer


def is_layer_name(name: str) -> bool:
    """True for a text that names a file in a folder, and nothing else."""
    return bool(name) and name not in (".", "..") and not set("/\0") & set(name)


def _remove(folder: Path, name: str) -> None:
    (folder / f"{name}.toml").unlink(missing_ok=True)
    remove_tree(folder / name)


def _offer_known(
    previous: BuildpackRecord, known: KnownLayers | None, folder: Path, restored: dict[str, LayerRecord]
) -> int:
    """Offer what other builds on this machine exported under names that are new here."""
    offered = 0
    for name, layer in known.of(previous.id) if known else ():
        if name not in previous.layers and name not in restored:
            write_layer_metadata(folder / f"{name}.toml", layer.metadata)
            for end, text in layer.sboms.items():
                (folder / f"{name}.{end}").write_text(text, encoding="utf-8")
            offered += 1
    return offered


def _hand_out_sboms(group: tuple[GroupElement, ...], folders: Folders) -> None:
    """Put restored bills of materials beside their layers, ``<buildpack>/<layer>.sbom.*.json``."""
    for kind in ("cache", "launch"):
        for element in group:
            folder = folders.layers / escape_id(element.id)
            if folder.is_dir():
                for path in sorted((folders.sbom / kind / folder.name).glob("*/sbom*json")):
                    copy_file(path, folder / f"{path.parent.name}.{path.name}")
    remove_tree(folders.sbom)
