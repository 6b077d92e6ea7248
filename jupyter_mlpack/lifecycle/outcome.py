"""What the caller of the lifecycle gets: the finished image as a value."""

from __future__ import annotations

from jupyter_mlpack.lifecycle.assembly import Exported
from jupyter_mlpack.lifecycle.records import LayersMetadata
from jupyter_mlpack.values import Image, ImageLayer, ImageProcess


def image_of_export(name: str, exported: Exported, previous: LayersMetadata) -> Image:
    """The image under ``name``; a layer counts as reused when the run image or the previous image brought it."""
    stored = exported.stored
    fresh = {
        layer.diff_id for part, layer in exported.made if not part.kept and layer.diff_id not in previous.diff_ids()
    }
    layers = tuple(
        ImageLayer(
            layer.diff_id, layer.descriptor.digest, layer.descriptor.size, entry.created_by, layer.diff_id not in fresh
        )
        for layer, entry in zip(stored.layers, stored.config.history, strict=True)
    )
    default = exported.metadata.default_process
    processes = tuple(
        ImageProcess(process.type, process.command, process.args or (), process.type == default)
        for process in exported.metadata.processes
    )
    return Image(
        reference=name,
        digest=stored.descriptor.digest,
        id=stored.manifest.config.digest,
        size=stored.size,
        layers=layers,
        processes=processes,
        labels=stored.config.labels,
    )


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 layer``, ``3 layers``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
