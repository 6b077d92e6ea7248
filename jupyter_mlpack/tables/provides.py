"""File names of a wheel -> the dotted modules that it owns, namespaces left to all who share them.

A folder with ``__init__`` is a package and belongs to one distribution; a folder without one is a namespace that
many may fill (PEP 420), so the names below it are what this one owns: ``google/cloud/storage/__init__.py`` gives
``google.cloud.storage``. Older namespaces have an ``__init__`` that only extends the path; they are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

# A wheel's own folders, and vendored shared libraries (packaging specification, "Binary distribution format").
_APART = re.compile(r"\.(dist-info|egg-info|data|libs)$")
_RELOCATED = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
_MODULE = re.compile(r"^(?P<name>[A-Za-z_]\w*)(?:\.[\w-]+)?\.(?:py|so|pyd)$", re.ASCII)
MOST = 200
"""Modules taken from one distribution at most: beyond that it is a heap of files, not a namespace."""


def owned_modules(files: Iterable[str], namespaces: Collection[str] = ()) -> tuple[str, ...]:
    """The shortest dotted names that only this distribution provides, sorted.

    ``files`` are paths with slashes as in a wheel or its RECORD; ``namespaces`` are dotted packages whose
    ``__init__`` only extends the path. Private names at the top (``_cffi_backend``) are nobody's import.
    """
    modules = {parts for file in files if (parts := module_parts(file))}
    packages = {parts[:-1] for parts in modules if parts[-1] == "__init__"} - {tuple(n.split(".")) for n in namespaces}
    owned = {found for parts in modules if (found := _owner(parts, packages))}
    return tuple(sorted(".".join(parts) for parts in owned if not parts[0].startswith("_")))[:MOST]


def module_parts(file: str) -> tuple[str, ...] | None:
    """``a/b/c.py`` -> (a, b, c); ``None`` for what Python would not import."""
    *folders, last = _RELOCATED.sub("", file).split("/")
    found = _MODULE.match(last)
    if found is None or any(_APART.search(folder) or not folder.isidentifier() for folder in folders):
        return None
    return (*folders, found["name"]) if folders or found["name"] != "__init__" else None


def _owner(parts: tuple[str, ...], packages: set[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The outermost package on the way down, else the module itself."""
    prefixes = (parts[:length] for length in range(1, len(parts)))
    found = next((prefix for prefix in prefixes if prefix in packages), None)
    return found or (parts if parts[-1] != "__init__" else None)


def candidates_for_namespace(files: Iterable[str]) -> Iterator[str]:
    """Paths of ``__init__`` files that stand alone in their folder at depth one or two: worth a look inside."""
    beside: dict[str, list[str]] = {}
    for file in files:
        folder, _, last = _RELOCATED.sub("", file).rpartition("/")
        if last.endswith((".py", ".so", ".pyd")):
            beside.setdefault(folder, []).append(file)
    for folder, held in sorted(beside.items()):
        if folder and folder.count("/") <= 1 and len(held) == 1 and held[0].endswith("/__init__.py"):
            yield held[0]


def extends_path(source: bytes) -> bool:
    """Whether an ``__init__`` is that of an older namespace (pkgutil's or setuptools' form)."""
    return b"extend_path" in source or b"declare_namespace" in source
