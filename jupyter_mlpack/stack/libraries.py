"""Which package of a stack's distribution has which shared library: ``stacks/<name>/libraries.txt``.

``contents.py`` makes the file again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path


class Libraries(Mapping[str, str]):
    """Library -> package, for one stack and architecture."""

    def __init__(self, path: Path | None, arch: str) -> None:
        """Read the file; without one, no library is known."""
        self._text = path.read_text(encoding="utf-8") if path and path.is_file() else ""
        self._arch = arch

    @cached_property
    def _packages(self) -> dict[str, str]:
        return dict(_parsed(self._text, self._arch))

    def __getitem__(self, library: str) -> str:
        if "_packages" in vars(self):
            return self._packages[library]
        # the file is long, and a build asks for a few
        return dict(_parsed("\n".join(self._lines(library)), self._arch))[library]

    def _lines(self, library: str) -> Iterator[str]:
        """The lines that may tell of the library."""
        found = self._text.find(library)
        while found >= 0:
            end = self._text.find("\n", found)
            end = len(self._text) if end < 0 else end
            yield self._text[self._text.rfind("\n", 0, found) + 1 : end]
            found = self._text.find(library, end + 1)

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
