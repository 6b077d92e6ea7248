"""The tables in ``data/``, read once when first asked for. Each file says where its entries come from."""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


@functools.cache
def _read(name: str) -> Mapping[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]
    data: Mapping[str, Any] = tomllib.loads((DATA / name).read_text(encoding="utf-8"))
    return data


@functools.cache
def modules() -> Mapping[str, tuple[str, ...]]:
    """Dotted module -> distributions that provide it, the usual one first; an empty tuple says: nobody can tell."""
    data = _read("modules.toml")
    table = {name.replace("-", "_"): (name,) for name in data["same"]["names"].split()}
    table |= {name: (dist,) for dist, names in data["provided"].items() for name in names.split()}
    table |= {name: tuple(dists) for name, dists in data["several"].items()}
    return table | dict.fromkeys(data["unknowable"]["names"].split(), ())


@functools.cache
def renamed() -> Mapping[str, str]:
    """Normalised name in an install line -> the distribution that is meant."""
    return dict(_read("modules.toml")["renamed"])


@functools.cache
def distributions() -> frozenset[str]:
    """All distribution names that the table of modules knows, normalised."""
    return frozenset(normalised(name) for names in modules().values() for name in names)


@functools.cache
def old_map() -> Mapping[str, str]:
    """pipreqs' map of module -> distribution, read from where pipreqs is installed; empty if it is not."""
    found = importlib.util.find_spec("pipreqs")
    path = Path(found.origin).parent / "mapping" if found and found.origin else None
    if path is None or not path.is_file():
        return {}
    pairs = (line.strip().split(":", 1) for line in path.read_text(encoding="utf-8").splitlines() if ":" in line)
    return {module: normalised(name) for module, name in pairs}


@functools.cache
def standard_library() -> frozenset[str]:
    """Module names of Python's own library, of this and of older versions."""
    return frozenset(sys.stdlib_module_names) | frozenset(
        _read("platforms.toml")["older_standard_library"]["names"].split()
    )


@functools.cache
def platforms() -> Mapping[str, str]:
    """Dotted module that only a hosted service has -> the name of the service."""
    return {name: service for service, names in _read("platforms.toml")["services"].items() for name in names.split()}


@functools.cache
def repositories() -> Mapping[str, str]:
    """``owner/name`` of a source repository in lower case -> distribution, where the two names differ."""
    return {key.lower(): value for key, value in _read("repositories.toml")["repositories"].items()}


@functools.cache
def tools() -> frozenset[str]:
    """Names that install lines upgrade but that no notebook imports from its image: pip itself and its like."""
    return frozenset(_read("platforms.toml")["tools"]["names"].split())


@functools.cache
def ipython_extensions() -> frozenset[str]:
    """What ``%load_ext`` finds in IPython itself."""
    return frozenset(_read("platforms.toml")["ipython_extensions"]["names"].split())


@functools.cache
def pip_options() -> frozenset[str]:
    """Options of pip and uv that take the next word as their value."""
    return frozenset(_read("platforms.toml")["pip"]["valued"].split())


@functools.cache
def needs() -> tuple[Mapping[str, str], ...]:
    """Rules for distributions that are needed without an import: ``call``, ``module``, ``needs``, ``reason``."""
    return tuple(_read("needs.toml")["rule"])
