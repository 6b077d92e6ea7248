"""What the operator of a builder image set for its builds: files of ``/cnb/build-config/env`` in its small layers."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jupyter_mlpack.fetching.images import Local, Remote, Stored, unpacked
from jupyter_mlpack.oci.manifest import StoredImage

SMALL = 1 << 16
"""Compressed bytes of the layers that are looked into: a builder's own, in which it says what it is."""

ENV = "cnb/build-config/env"
LONGEST = 1 << 16


def read_defaults(
    image: Remote | Local | Stored, found: StoredImage, without: Collection[str], word: str
) -> Iterator[tuple[str, str]]:
    """Names of the files and what is in them; layers ``without`` are those of buildpacks. Raises as ``unpacked``."""
    small = [layer.diff_id for layer in found.layers if layer.descriptor.size <= SMALL]
    trees = unpacked(image, found, [diff_id for diff_id in small if diff_id not in without], word)
    values: dict[str, str] = {}
    for diff_id in small:
        folder = trees[diff_id] / ENV if diff_id in trees else None
        if folder is None or not folder.is_dir() or not folder.resolve().is_relative_to(trees[diff_id].resolve()):
            continue
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= LONGEST:
                values[path.name] = path.read_text(encoding="utf-8", errors="surrogateescape")
    yield from values.items()
