"""A layer of wheels, told from its wheels: where two of them bring the same path, the first in order of names wins."""

from __future__ import annotations

from collections.abc import Sequence

from bytecode import bytecode_path
from listing import Listing
from wheels import File, Wheel


def content_listing(wheels: Sequence[Wheel], python: str) -> Listing:
    """The files of a layer with their bytecode, in ``site`` and ``data``."""
    listing = Listing()
    taken: set[tuple[str, str]] = set()
    for wheel in sorted(wheels, key=by_project):
        for part, files in (("site", wheel.site), ("data", wheel.data)):
            own = [file for file in files if (part, file[0]) not in taken]
            taken.update((part, file[0]) for file in own)
            compiled = [found for file in own if part == "site" and (found := bytecode_file(wheel, file[0], python))]
            if own:
                listing.trees.append((part, f"{wheel.folder}/{part}", [*own, *compiled]))
    return listing


def by_project(wheel: Wheel) -> str:
    """The order of wheels."""
    return wheel.project


def bytecode_file(wheel: Wheel, source: str, python: str) -> File | None:
    """The bytecode of a source, if it has any."""
    size = wheel.bytecode.get(source)
    return None if size is None else (bytecode_path(source, python), 0o644, size)
