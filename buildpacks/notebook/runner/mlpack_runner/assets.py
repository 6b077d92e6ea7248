"""What the image holds beside the notebook's own files, and what has to be mounted: ``.mlpack/assets.json``."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

FILE = ".mlpack/assets.json"


class MountError(Exception):
    """Something that the notebook needs was not mounted; the text says what."""


@dataclass(frozen=True)
class Assets:
    """Paths in the application: ``packed`` are linked to, not copied; so are those of ``mounts`` that lie in it."""

    packed: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    def check(self, application: Path) -> None:
        """Raises MountError for what is required and not there, or empty."""
        for name in self.required:
            place = application / name
            if not place.exists() or (place.is_dir() and not any(place.iterdir())):
                what = "is empty" if place.exists() else "is not there"
                raise MountError(f"{place} {what}: mount it, for example docker run -v FOLDER:{place}:ro")

    def holds(self, name: str) -> bool:
        """Whether a file of the application is one of an asset."""
        return any(name == path or name.startswith(f"{path}/") for path in self.packed)


def read_assets(application: Path) -> Assets:
    """The application's; none where it has no such file."""
    try:
        told = json.loads((application / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Assets()
    packed = tuple(str(asset["path"]) for asset in told["assets"])
    mounts = tuple(os.path.normpath(str(mount["path"])) for mount in told["mounts"])
    required = tuple(os.path.normpath(str(mount["path"])) for mount in told["mounts"] if mount["required"])
    return Assets(packed, tuple(path for path in mounts if not os.path.isabs(path)), required)
