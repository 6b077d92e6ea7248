"""A last step over the finished layers: something runs in the image as it will be, and leaves one layer more.

The specification has no such step; its result is an application layer like any other, so rebasing, reuse and the
labels are as for every image.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.parts import Part
from jupyter_mlpack.oci.manifest import StoredImage

NAME, ORIGIN = "post-build", "Application Layer: what the post-build script left"


@dataclass(frozen=True)
class Finished:
    """What the step left: the diffID of a layer of the store (empty: nothing is new), and names of the application
    folder that are gone. ``environment`` is added to the image's.
    """

    diff_id: str = ""
    removed: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


Finish = Callable[[StoredImage, Path], Finished]
"""Gets the image without its application, which has no name, and the application folder; raises ``MlpackError``."""


def stands_before(part: Part, changing: frozenset[str]) -> bool:
    """Whether the step sees the part: not the application, nor layers of the ``changing`` buildpacks, which hold what
    the notebook's cells say.
    """
    return part.kind not in ("app", "sbom") and part.layer[0] not in changing


def finished_part(finished: Finished) -> Part:
    """The layer that the step left."""
    return Part("app", NAME, ORIGIN, lambda: (), kept=finished.diff_id)
