"""The export phase: layers folder + application folder + run image -> image in the content store, not yet named.

First all layers are listed (``parts.py``), then they are written, two at a time, then the image is put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from jupyter_mlpack import __version__, errors
from jupyter_mlpack.events import Emit, LayerExported, LogLines, Progress, ignore
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.lifecycle.assembly import Base, Exported, assemble, report_of
from jupyter_mlpack.lifecycle.context import Folders, Owner
from jupyter_mlpack.lifecycle.files import read_metadata, write_report
from jupyter_mlpack.lifecycle.inputs import BuildInputs
from jupyter_mlpack.lifecycle.known_layers import KnownLayers
from jupyter_mlpack.lifecycle.labels import LauncherVersion
from jupyter_mlpack.lifecycle.layers_folder import buildpack_records
from jupyter_mlpack.lifecycle.parts import Part, Parts
from jupyter_mlpack.lifecycle.records import Analyzed, GroupElement
from jupyter_mlpack.lifecycle.reuse import Elsewhere, held_layer
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.oci.compress import Compressor
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.stretch import Stretch
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.scratch import remove_tree

if TYPE_CHECKING:
    from concurrent.futures import Future

    from jupyter_mlpack.lifecycle.finish import Finish, Finished
    from jupyter_mlpack.lifecycle.known_slices import KnownSlices

THREADS = 2
OUR_LAUNCHER = LauncherVersion(__version__)
SMALL = 1 << 20
"""Bytes of an application that are written without threads."""

LINKS, HEADER = 1000, 512
"""A layer with more names than this, and fewer bytes in its files than in its headers, is one of links."""

CHANGING = frozenset({"mlpack/notebook", "mlpack/serving"})
"""Buildpacks whose layers hold what the notebook's cells say: what runs over the finished layers is without them."""

BEAT = 0.5
"""Seconds after which the listener is asked whether to go on."""


@dataclass(frozen=True)
class Exporter:
    """Where things come from and go to. ``known`` are layers of other builds that may be kept without contents.

    ``kept`` are diffIDs of layers, by buildpack and name, that are known before: from replayed outcomes.
    ``inputs`` say when the image was made, under which further names, and of what. ``elsewhere`` is a previous image
    whose layers are not all in the store. ``slices`` knows those of the application that need not be read. ``finish``
    runs in the image before the application is written.
    """

    store: Store
    folders: Folders
    owner: Owner
    launcher: Path
    launcher_version: LauncherVersion = OUR_LAUNCHER
    known: KnownLayers | None = None
    emit: Emit = ignore
    kept: Mapping[tuple[str, str], str] = field(default_factory=dict, hash=False)
    inputs: BuildInputs = BuildInputs()
    elsewhere: Elsewhere | None = None
    slices: KnownSlices | None = None
    finish: Finish | None = None

    def export(
        self, name: str, group: tuple[GroupElement, ...], analyzed: Analyzed, run_image: StoredImage
    ) -> Exported:
        """Run the phase: writes ``report.toml``; ``name`` is what the image will be called.

        Raises ``ExportBroken``, ``LayerNotReusable`` (exit 62), and what the store raises.
        """
        try:
            metadata = read_metadata(self.folders.metadata)
            records = buildpack_records(group, self.folders.layers)
            source = Parts(self.folders, self.owner, analyzed.metadata, self.known, self.kept, self.slices)
            parts = source.all(records, metadata, self.launcher)
            if self.elsewhere:
                self.elsewhere.bring([part.kept for part in parts if part.kept])
            base = Base(self.store, self.folders, self.launcher_version, run_image, analyzed.run_image, self.inputs)
            before, early = analyzed.metadata.diff_ids(), {}
            if self.finish:
                from jupyter_mlpack.lifecycle.finish import finished_part, stands_before

                seen = [part for part in parts if stands_before(part, CHANGING)]
                early = dict(zip((part.name for part in seen), self._write(seen, before), strict=True))
                made = tuple((part, early[part.name]) for part in seen)
                finished = self._finished(self.finish, assemble(base, metadata, records, made).stored)
                base = replace(base, environment=finished.environment)
                parts = source.all(records, metadata, self.launcher)
                if finished.diff_id:
                    last = max(at for at, part in enumerate(parts) if part.kind == "app")
                    parts.insert(last + 1, finished_part(finished))
            late = iter(self._write([part for part in parts if part.name not in early], before))
            layers = [early.get(part.name) or next(late) for part in parts]
            if self.slices:
                self.slices.remember((part.name, layer.diff_id) for part, layer in zip(parts, layers, strict=True))
            exported = assemble(base, metadata, records, tuple(zip(parts, layers, strict=True)))
            write_report(self.folders.layers / "report.toml", report_of((name, *self.inputs.tags), exported.stored))
        except MalformedError as error:
            raise errors.ExportBroken(path=error.path, reason=error.reason) from error
        except OSError as error:
            path = error.filename or self.folders.layers
            raise errors.ExportBroken(path=path, reason=error.strerror or error) from error
        except errors.SlicePatternBad as error:
            raise errors.ExportBroken(path=self.folders.metadata, reason=error) from error
        except ValueError as error:  # metadata that JSON, and so a label, cannot hold
            raise errors.ExportBroken(path=self.folders.layers, reason=error) from error
        return exported

    def _finished(self, finish: Finish, stage: StoredImage) -> Finished:
        """Run the last step, and take away what it took away."""
        finished = finish(stage, self.folders.app)
        for name in finished.removed:
            path = self.folders.app / name
            if path.is_dir() and not path.is_symlink():
                remove_tree(path)
            else:
                path.unlink(missing_ok=True)
        return finished

    # --- layers -------------------------------------------------------------------------------------------

    def _write(self, parts: Sequence[Part], before: frozenset[str]) -> list[Layer]:
        """The parts as layers of the store, in order: the small ones at once, the others beside each other."""
        done: dict[int, Layer] = {}
        for part in filter(_is_small, parts):
            done[id(part)] = layer = self._layer(part, Flag(), Meter())
            self._tell(part, layer, before)
        if done:
            self.emit(Progress("export", "layers", len(done), len(parts), "layers"))
        rest = [part for part in parts if id(part) not in done]
        done |= self._write_beside(rest, before, len(parts)) if rest else {}
        return [done[id(part)] for part in parts]

    def _write_beside(self, parts: Sequence[Part], before: frozenset[str], total: int) -> dict[int, Layer]:
        """The parts as layers, written by threads."""
        from concurrent.futures import ThreadPoolExecutor

        stop, meter = Flag(), Meter()
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="export")
        try:
            pending = {pool.submit(self._layer, part, stop, meter): part for part in parts}
            futures = {id(part): future for future, part in pending.items()}
            self._follow(pending, before, meter, total)
            return {key: future.result() for key, future in futures.items()}
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def _follow(self, pending: dict[Future[Layer], Part], before: frozenset[str], meter: Meter, total: int) -> None:
        """Tell of each layer when it is done; while none is, how far the largest is: the listener may raise to stop."""
        from concurrent.futures import FIRST_COMPLETED, wait

        while pending:
            done, _ = wait(pending, timeout=BEAT, return_when=FIRST_COMPLETED)
            if not done:
                name, written, size = meter.largest([part.name for part in pending.values()])
                self.emit(Progress("export", name, written, size, "bytes") if name else LogLines("export", ()))
            for future in done:
                part = pending.pop(future)
                self._tell(part, future.result(), before)
                self.emit(Progress("export", "layers", total - len(pending), total, "layers"))

    def _tell(self, part: Part, layer: Layer, before: frozenset[str]) -> None:
        reused = bool(part.kept) or layer.diff_id in before
        self.emit(LayerExported(part.name, layer.diff_id, layer.descriptor.size, reused))

    def _layer(self, part: Part, stop: Flag, meter: Meter) -> Layer:
        if part.kept:
            layer = held_layer(self.store, part.kept)
            if layer is None:
                raise errors.LayerNotReusable(layer=part.name, reason="its contents are not in the store any more")
            return layer
        entries = list(part.entries())
        meter.sizes[part.name] = size = sum(entry.length for entry in entries)
        names = sum(entry.count if isinstance(entry, Stretch) else 1 for entry in entries)

        def write(out: BinaryIO) -> None:
            stream = _Stoppable(out, stop, meter, part.name)

            def take(stretch: Stretch) -> None:
                for piece in self.store.pieces(stretch):
                    stream.take(*piece)

            write_tar(cast(BinaryIO, stream), entries, take)

        return self.store.add_layer(write, headers=names > LINKS and size < HEADER * names)


def _is_small(part: Part) -> bool:
    """True where starting threads would take longer than writing the layer."""
    if part.kept or part.kind != "app":
        return bool(part.kept) or part.kind != "buildpack"
    return sum(entry.length for entry in part.entries()) <= SMALL  # an application is listed already


@dataclass
class Flag:
    """Whether to stop."""

    raised: bool = False

    def set(self) -> None:
        """Stop."""
        self.raised = True


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
        self._out, self._stop, self._written, self._name = cast(Compressor, out), stop, meter.written, name
        self._written[name] = 0

    def write(self, data: bytes) -> int:
        """Pass ``data`` on. Raises ``InterruptedError``."""
        if self._stop.raised:
            raise InterruptedError("the export was cancelled")
        self._written[self._name] += len(data)
        return self._out.write(data)

    def take(self, tar: bytes, member: bytes) -> None:
        """Pass on a finished member. Raises ``InterruptedError``."""
        if self._stop.raised:
            raise InterruptedError("the export was cancelled")
        self._out.take(tar, member)
