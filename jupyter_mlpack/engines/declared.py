"""What an image says that has to be mounted."""

from __future__ import annotations

import json
import posixpath

from jupyter_mlpack.oci.manifest import StoredImage

LABEL = "org.jupyter-mlpack.mounts"


def declared_mounts(image: StoredImage) -> dict[str, bool]:
    """Absolute paths in the image, and whether it needs them; nothing for a label that is not ours."""
    try:
        rows = json.loads(dict(image.config.labels).get(LABEL, "[]"))
        found = {posixpath.normpath(str(row["path"])): bool(row["required"]) for row in rows}
    except (ValueError, TypeError, KeyError):
        return {}
    return {path: required for path, required in found.items() if path.startswith("/") and path.strip("/")}
