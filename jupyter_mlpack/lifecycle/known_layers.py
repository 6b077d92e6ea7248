"""A machine-wide index of launch layers: what any build on this machine exported, any other may keep.

Kept below the store, one small JSON file a layer: its metadata (the buildpack's cache key), its diffID, its bills of
materials. Only layers that are nothing but launch layers enter, since only they can be kept without their contents.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.lifecycle.records import LayerRecord, Table, escape_id
from jupyter_mlpack.lifecycle.reuse import held_layer
from jupyter_mlpack.oci.store import Store


@dataclass(frozen=True)
class KnownLayer:
    """A layer that the store holds. ``sboms`` are texts by the ends of their names (``sbom.cdx.json``)."""

    metadata: Table = field(hash=False)
    diff_id: str
    sboms: Mapping[str, str] = field(default_factory=dict, hash=False)


class KnownLayers:
    """The index of one store."""

    def __init__(self, root: Path, store: Store) -> None:
        self._folder = root / "known"
        self._store = store

    def of(self, buildpack_id: str) -> Iterator[tuple[str, KnownLayer]]:
        """Names and layers of a buildpack whose contents the store still has, sorted by name."""
        for path in sorted((self._folder / escape_id(buildpack_id)).glob("*.json")):
            known = _read(path)
            if known and held_layer(self._store, known.diff_id):
                yield path.name.removesuffix(".json"), known

    def find(self, buildpack_id: str, layer: str) -> KnownLayer | None:
        """One layer of ``of``."""
        known = _read(self._folder / escape_id(buildpack_id) / f"{layer}.json")
        return known if known and held_layer(self._store, known.diff_id) else None

    def remember(self, buildpack_id: str, layer: str, record: LayerRecord, sboms: Mapping[str, str]) -> None:
        """Enter a layer that was exported; those without metadata, or of other types, are passed over."""
        keyed = isinstance(record.metadata, Mapping) and bool(record.metadata)
        if record.build or record.cache or not record.launch or not keyed:
            return
        entry = {"metadata": record.metadata, "diff_id": record.sha, "sboms": dict(sboms)}
        try:
            text = json.dumps(entry, sort_keys=True, ensure_ascii=False)
        except (TypeError, ValueError):
            # dates and nan in a metadata table have no JSON form that reads back equal: such a layer is not shared
            return
        place = self._folder / escape_id(buildpack_id) / f"{layer}.json"
        with suppress(OSError):
            if place.read_bytes() == text.encode():
                os.utime(place)  # in use: what nobody has used for long may go
                return
        write_atomically(place, text)


def _read(path: Path) -> KnownLayer | None:
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        return KnownLayer(dict(entry["metadata"]), str(entry["diff_id"]), dict(entry["sboms"]))
    except (OSError, ValueError, KeyError, TypeError):
        # the index is a cache: an entry that cannot be read is as good as none
        return None
