"""Slices of applications whose files are known by their digests: one that was written before is not read again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.assets.shelf import digest, is_untouched
from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.lifecycle.reuse import held_layer
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry

FOLDER = "application-slices"
FORMAT = 1
"""Raised when equal entries shall make other layers."""


class KnownSlices:
    """The index of one store, for one build. ``contents`` are digests of files by their paths in the image."""

    def __init__(self, store: Store, contents: Mapping[str, str]) -> None:
        self._store, self._contents = store, contents
        self._folder = store.root / "known" / FOLDER
        self._due: dict[str, Path] = {}

    def find(self, name: str, entries: Sequence[TarEntry]) -> str:
        """The diffID of the layer ``name`` of these entries if the store has it; empty otherwise."""
        place = self._place(entries)
        if place is None:
            return ""
        try:
            diff_id = str(json.loads(place.read_bytes())["diff_id"])
        except (OSError, ValueError, KeyError, TypeError):
            diff_id = ""
        if diff_id and held_layer(self._store, diff_id):
            return diff_id
        self._due[name] = place
        return ""

    def remember(self, layers: Iterable[tuple[str, str]]) -> None:
        """Names and diffIDs of all layers, which are written. What cannot be noted costs time, later."""
        for name, diff_id in layers:
            place = self._due.pop(name, None)
            if place is not None:
                with suppress(OSError):
                    write_atomically(place, json.dumps({"diff_id": diff_id}))

    def _place(self, entries: Sequence[TarEntry]) -> Path | None:
        """Where it is noted; ``None`` unless all files are known, and are what they were when they became known."""
        rows: list[list[object]] = [[FORMAT]]
        for entry in entries:
            known = ""
            if entry.kind == "file":
                known = self._contents.get(entry.name, "")
                if not known or entry.source is None or not is_untouched(Path(entry.source).lstat()):
                    return None
            rows.append([entry.name, entry.kind, entry.mode, entry.uid, entry.gid, entry.link, entry.size, known])
        return self._folder / f"{digest(rows)}.json" if any(row[-1] for row in rows[1:]) else None
