"""What has to be mounted for the cells: ``.mlpack/assets.json``."""

from __future__ import annotations

import json
from pathlib import Path

FILE = ".mlpack/assets.json"


class MountError(Exception):
    """Something that the cells need was not mounted; the text says what."""


def check_mounts(application: Path) -> None:
    """Raises MountError for what is required and not there, or empty."""
    try:
        told = json.loads((application / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    for place in (application / str(mount["path"]) for mount in told["mounts"] if mount["required"]):
        if not place.exists() or (place.is_dir() and not any(place.iterdir())):
            what = "is empty" if place.exists() else "is not there"
            raise MountError(f"{place} {what}: mount it, for example docker run -v FOLDER:{place}:ro")
