"""A finished image."""

from __future__ import annotations

from jupyter_mlpack.frozen import dataclass, field


@dataclass(frozen=True)
class ImageLayer:
    """One layer of a finished image. Sizes are compressed bytes; ``origin`` is the history's ``created_by``."""

    diff_id: str
    digest: str
    size: int
    origin: str
    reused: bool


@dataclass(frozen=True)
class ImageProcess:
    """A process type that the image offers, as ``io.buildpacks.build.metadata`` lists it."""

    type: str
    command: tuple[str, ...]
    arguments: tuple[str, ...]
    default: bool


@dataclass(frozen=True)
class Image:
    """A finished image. ``digest`` is the manifest's, ``id`` is the config's, ``size`` is all compressed bytes."""

    reference: str
    digest: str
    id: str
    size: int
    layers: tuple[ImageLayer, ...]
    processes: tuple[ImageProcess, ...]
    labels: tuple[tuple[str, str], ...] = field(repr=False, default=())
