"""``postBuild``, run in the finished image: what it leaves in the application becomes one layer, kept and replayed.

Kept below the store: ``outcomes/post-build/<digest of the script, the layers below and the application>.json``. It is
not told what the notebook's cells say unless it names a notebook, so that an edited cell replays what it made.
"""

from __future__ import annotations

import json
import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.events import Emit, LogLines
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.lifecycle.context import IMAGE_APP
from jupyter_mlpack.lifecycle.finish import Finished
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.scratch import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
"""Raised when the same script shall be run again."""

OUTCOMES = Path("outcomes", "post-build")
ENVIRONMENT = (("HOME", IMAGE_APP),)
"""A script's home is the application, as on Binder: what it leaves there is found when the image runs."""

PHASE = "export"


@dataclass(frozen=True)
class PostBuild:
    """The lifecycle's last step. ``command`` is the script, perhaps with a shell before it; ``top`` is the folder of
    the application that it runs in, ``hidden`` files it is without. ``known`` are digests of files, by path.
    """

    command: tuple[str, ...]
    top: str
    hidden: tuple[str, ...]
    owner: tuple[int, int]
    store: Store = field(hash=False, compare=False)
    emit: Emit = field(hash=False, compare=False)
    known: tuple[tuple[str, str], ...] = ()

    def __call__(self, stage: StoredImage, app: Path) -> Finished:
        """Run the script over ``stage``, or replay what it made there. Raises ``PostBuildFailed``, ``EngineError``."""
        place = self.store.root / OUTCOMES / f"{self.key(stage, app)}.json"
        kept = self.kept(place)
        if kept is not None:
            self.emit(LogLines(PHASE, (f"---> {self.command[-1]}: nothing that it stands on has changed",)))
            return kept
        self.emit(LogLines(PHASE, (f"---> {self.command[-1]} runs in the image",)))
        finished = self.run(stage, app)
        told = {"layer": finished.diff_id, "removed": list(finished.removed)}
        write_atomically(place, json.dumps(told, sort_keys=True))
        return finished

    def key(self, stage: StoredImage, app: Path) -> str:
        """The digest of all that the script can see."""
        import hashlib

        seen = [list(row) for row in self.contents(app)]
        facts = [FORMAT, self.command, self.top, self.owner, stage.config.diff_ids, stage.config.env, seen]
        return hashlib.sha256(json.dumps(facts).encode("utf-8", "surrogateescape")).hexdigest()

    def contents(self, app: Path) -> Iterator[tuple[str, int, str]]:
        """Name, mode and digest of each file of the application that the script sees."""
        import hashlib

        known = dict(self.known)
        for here, folders, names in os.walk(app):
            folders.sort()
            for name in sorted(names):
                path = Path(here, name)
                at = path.relative_to(app).as_posix()
                if at in self.hidden:
                    continue
                if path.is_symlink():
                    yield at, 0, os.readlink(path)
                    continue
                digest = hashlib.sha256()
                with path.open("rb") as stream:
                    while not known.get(at) and (piece := stream.read(1 << 20)):
                        digest.update(piece)
                yield at, path.stat().st_mode, known.get(at) or digest.hexdigest()

    def kept(self, place: Path) -> Finished | None:
        """What the script made the last time, if the store still has it."""
        try:
            entry = json.loads(place.read_bytes())
            diff_id, removed = str(entry["layer"]), tuple(map(str, entry["removed"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if diff_id and self.store.layer(diff_id) is None:
            return None
        return Finished(diff_id, removed, ENVIRONMENT)

    def run(self, stage: StoredImage, app: Path) -> Finished:
        """Run it over a copy of the application; what differs afterwards is the layer."""
        from jupyter_mlpack.binder.changes import copy_application, differences, layer_entries, look
        from jupyter_mlpack.binder.sandbox import run_in_image
        from jupyter_mlpack.oci.tar import write_tar

        with scratch_folder("mlpack-post-") as scratch:
            work = scratch / "application"
            copy_application(app, work, frozenset(self.hidden), self.owner)
            before = look(work)
            folder = posixpath.normpath(posixpath.join(IMAGE_APP, self.top))
            command = (*self.command[:-1], posixpath.join(IMAGE_APP, self.command[-1]))
            run_in_image(stage, work, command, folder, (self.store, self.emit))
            changed, removed = differences(before, look(work))
            if not changed:
                return Finished("", removed, ENVIRONMENT)
            entries = layer_entries(work, changed, IMAGE_APP, self.owner)
            layer = self.store.add_layer(lambda out: write_tar(out, entries))
        return Finished(layer.diff_id, removed, ENVIRONMENT)
