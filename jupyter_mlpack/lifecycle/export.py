"""The export phase: layers folder + application folder + run image -> image in the content store, not yet named.

First all layers are listed (``parts.py``), then they are written, two at a time, then the image is put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import BinaryIO, cast

from jupyter_mlpack import __version__, errors
from jupyter_mlpack.events import Emit, LayerExported, LogLines, Progress, ignore
from jupyter_mlpack.lifecycle.assembly import Base, Exported, assemble, report_of
from jupyter_mlpack.lifecycle.context import Folders, Owner
from jupyter_mlpack.lifecycle.files import read_metadata, write_report
from jupyter_mlpack.lifecycle.known_layers import KnownLayers
from jupyter_mlpack.lifecycle.labels import LauncherVersion
from jupyter_mlpack.lifecycle.layers_folder import buildpack_records
from jupyter_mlpack.lifecycle.parts import Part, Parts
from jupyter_mlpack.lifecycle.records import Analyzed, GroupElement
from jupyter_mlpack.lifecycle.reuse import held_layer
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import write_tar

THREADS = 2
OUR_LAUNCHER = LauncherVersion(__version__)
BEAT = 0.5
"""Seconds after which the listener is asked whether to go on."""


@dataclass(frozen=True)
class Exporter:
    """Where things come from and go to. ``known`` are layers of other builds that may be kept without contents."""

    store: Store
    folders: Folders
    owner: Owner
    launcher: Path
    launcher_version: LauncherVersion = OUR_LAUNCHER
    known: KnownLayers | None = None
    emit: Emit = ignore

    def export(
        self, name: str, group: tuple[GroupElement, ...], analyzed: Analyzed, run_image: StoredImage
    ) -> Exported:
        """Run the phase: writes ``report.toml``; ``name`` is what the image will be called.

        Raises ``ExportBroken``, ``LayerNotReusable`` (exit 62), and what the store raises.
        """
        try:
            metadata = read_metadata(self.folders.metadata)
            records = buildpack_records(group, self.folders.layers)
            parts = Parts(self.folders, self.owner, analyzed.metadata, self.known).all(records, metadata, self.launcher)
            layers = self._write(parts, analyzed.metadata.diff_ids())
            base = Base(self.store, self.folders, self.launcher_version, run_image, analyzed.run_image)
            exported = assemble(base, metadata, records, tuple(zip(parts, layers, strict=True)))
            write_report(self.folders.layers / "report.toml", report_of(name, exported.stored))
        except MalformedError as error:
            raise errors.ExportBroken(path=error.path, reason=error.reason) from error
        except OSError as error:
            path = error.filename or self.folders.layers
            raise errors.ExportBroken(path=path, reason=error.strerror or error) from error
        return exported

    # --- layers -------------------------------------------------------------------------------------------

    def _write(self, parts: Sequence[Part], before: frozenset[str]) -> list[Layer]:
        """The parts as layers of the store, in order."""
        stop, meter = Flag(), Meter()
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="export")
        try:
            pending = {pool.submit(self._layer, part, stop, meter): part for part in parts}
            order = list(pending)
            self._follow(pending, before, meter)
            return [future.result() for future in order]
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def _follow(self, pending: dict[Future[Layer], Part], before: frozenset[str], meter: Meter) -> None:
        """Tell of each layer when it is done; while none is, how far the largest is: the listener may raise to stop."""
        total = len(pending)
        while pending:
            done, _ = wait(pending, timeout=BEAT, return_when=FIRST_COMPLETED)
            if not done:
                name, written, size = meter.largest([part.name for part in pending.values()])
                self.emit(Progress("export", name, written, size, "bytes") if name else LogLines("export", ()))
            for future in done:
                part, layer = pending.pop(future), future.result()
                reused = bool(part.kept) or layer.diff_id in before
                self.emit(LayerExported(part.name, layer.diff_id, layer.descriptor.size, reused))
                self.emit(Progress("export", "layers", total - len(pending), total, "layers"))

    def _layer(self, part: Part, stop: Flag, meter: Meter) -> Layer:
        if part.kept:
            layer = held_layer(self.store, part.kept)
            if layer is None:
                raise errors.LayerNotReusable(layer=part.name, reason="its contents are not in the store any more")
            return layer
        entries = list(part.entries())
        meter.sizes[part.name] = sum(entry.length for entry in entries)
        return self.store.add_layer(
            lambda out: write_tar(cast(BinaryIO, _Stoppable(out, stop, meter, part.name)), entries)
        )


@dataclass(frozen=True)
class Meter:
    """Bytes of the layers that are being written: of all their files, and those that are written, by layer."""

    sizes: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)

    def largest(self, names: Sequence[str]) -> tuple[str, int, int]:
        """Name, bytes written and size of the largest of ``names``; an empty name if none is being written."""
        size, name = max(((self.sizes[name], name) for name in names if name in self.written), default=(0, ""))
        return name, min(self.written.get(name, 0), size), size


class _Stoppable:
    """A stream that counts, and refuses to go on once ``stop`` is set: so a cancelled export gets out of a layer."""

    def __init__(self, out: BinaryIO, stop: Flag, meter: Meter, name: str) -> None:
        self._out, self._stop, self._written, self._name = out, stop, meter.written, name
        self._written[name] = 0

    def write(self, data: bytes) -> int:
        """Pass ``data`` on. Raises ``InterruptedError``."""
        if self._stop.is_set():
            raise InterruptedError("the export was cancelled")
        self._written[self._name] += len(data)
        return self._out.write(data)
