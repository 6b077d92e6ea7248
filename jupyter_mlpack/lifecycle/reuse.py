"""Whether a layer that a label names is really at hand, or can be had."""

from __future__ import annotations

from collections.abc import Callable, Collection

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.fields import is_digest
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.store import Store


@dataclass(frozen=True)
class Elsewhere:
    """A previous image of which only manifest and configuration are in the store.

    ``fetch`` brings the layers with these diffIDs into the store, those that are not there; what it raises passes
    through.
    """

    image: StoredImage
    fetch: Callable[[Collection[str]], None]

    def has(self, diff_id: str) -> bool:
        """Whether it is a layer of the image."""
        return diff_id in self.image.config.diff_ids

    def bring(self, diff_ids: Collection[str]) -> None:
        """Fetch those that are layers of the image."""
        wanted = [diff_id for diff_id in diff_ids if self.has(diff_id)]
        if wanted:
            self.fetch(wanted)


def held_layer(store: Store, diff_id: str) -> Layer | None:
    """The layer with its contents in the store; ``None`` also for what is no diffID: labels may come from strangers."""
    return store.layer(diff_id) if is_digest(diff_id) else None
