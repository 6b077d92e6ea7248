"""Whether a layer that a label names is really at hand."""

from __future__ import annotations

import re

from jupyter_mlpack.oci.manifest import Layer
from jupyter_mlpack.oci.store import Store

_DIFF_ID = re.compile(r"sha256:[0-9a-f]{64}\Z")


def held_layer(store: Store, diff_id: str) -> Layer | None:
    """The layer with its contents in the store; ``None`` also for what is no diffID: labels may come from strangers."""
    layer = store.layer(diff_id) if _DIFF_ID.match(diff_id) else None
    return layer if layer is not None and store.has(layer.descriptor.digest) else None
