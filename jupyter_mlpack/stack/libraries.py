"""Which package of a stack's distribution has which shared library: ``stacks/<name>/libraries.txt``.

``contents.py`` makes the file again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path


class Libraries(Mapping[str, str]):
    """Library -> package, for one stack and architecture."""

    def __init__(self, path: Path | None, arch: str) -> None:
        """Read the file; without one, no library is known."""
        text = path.read_text(encoding="utf-8") if path and path.is_file() else ""
        self._packages = dict(_parsed(text, arch))

    def __getitem__(self, library: str) -> str:
        return self._packages[library]

    def __iter__(self) -> Iterator[str]:
        return iter(self._packages)

    def __len__(self) -> int:
        return len(self._packages)


def _parsed(text: str, arch: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        package, *libraries = line.split() if not line.startswith("#") else ("",)
        for library in libraries:
            name, _, only = library.partition(":")
            if only in ("", arch):
                yield name, package
