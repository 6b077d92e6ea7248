"""The tables in ``data/``, read once when first asked for. Each file says where its entries come from."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.parsed import DATA, read_data

OVERRIDE = "MLPACK_MODULES"
"""Environment variable: own tables of modules, separated like ``PATH``, before ours."""


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    name = name.strip().lower()
    return re.sub(r"[-_.]+", "-", name) if "_" in name or "." in name or "--" in name else name


@functools.cache
def _read(name: str) -> Mapping[str, Any]:
    return read_data(name)


class Table(Mapping[str, tuple[str, ...]]):
    """Dotted module -> distributions; a row is taken apart when it is asked for, which makes reading twice as fast."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        self._rows = rows

    def __getitem__(self, module: str) -> tuple[str, ...]:
        return tuple(self._rows[module].split())

    def __contains__(self, module: object) -> bool:
        return module in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @functools.cached_property
    def distributions(self) -> frozenset[str]:
        """All names that stand in any row."""
        return frozenset(" ".join(self._rows.values()).split())


def modules() -> Table:
    """Dotted module -> distributions that provide it, the usual one first; an empty tuple says: nobody can tell.

    Entries of the files in ``MLPACK_MODULES`` beat ours, the first file's beat the next one's. Raises
    ``TableUnreadable`` for such a file.
    """
    return _modules(os.environ.get(OVERRIDE, ""))


@functools.cache
def _modules(files: str) -> Table:
    rows = _rows(DATA / "modules.txt")
    for name in reversed([name for name in files.split(os.pathsep) if name]):
        own = Table(_rows(Path(name)))
        rows |= {module: " ".join(map(normalised, names)) for module, names in own.items()}
    return Table(rows)


def read_table(path: Path) -> Table:
    """A table with its marks: a ``?`` behind names that have not been read from their files. ``TableUnreadable``."""
    return Table(_rows(path, marks=True))


def _rows(path: Path, *, marks: bool = False) -> dict[str, str]:
    """``module: distribution distribution``, one line a module, ``#`` before a remark."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise errors.TableUnreadable(path=path, line=0, reason=str(error)) from error
    lines = (text if marks else text.replace("?", "")).splitlines()
    try:
        return dict([line.split(":", 1) for line in lines if line and line[0] != "#"])
    except ValueError as error:
        wrong = next(number for number, line in enumerate(lines, 1) if line and line[0] != "#" and ":" not in line)
        raise errors.TableUnreadable(path=path, line=wrong, reason="a line without a colon") from error


@functools.cache
def unknowable() -> frozenset[str]:
    """Top names that anybody uses for own files: no distribution of the index is meant by them."""
    return frozenset(_read("decisions.toml")["unknowable"]["names"].split())


@functools.cache
def _hearsay() -> Mapping[str, str]:
    """pipreqs' map of module -> distribution, read from where pipreqs is installed; empty if it is not."""
    import importlib.util

    found = importlib.util.find_spec("pipreqs")
    path = Path(found.origin).parent / "mapping" if found and found.origin else None
    if path is None or not path.is_file():
        return {}
    pairs = (line.strip().split(":", 1) for line in path.read_text(encoding="utf-8").splitlines() if ":" in line)
    return {module: normalised(name) for module, name in pairs}


def hearsay(module: str) -> str:
    """What pipreqs' map says of a module that our table does not know: to be shown to a person, never to be followed.

    Some of its names do not exist, others are strangers' packages; for names that anybody uses it is not asked.
    """
    top = module.partition(".")[0]
    return "" if top in unknowable() else _hearsay().get(top, "")


@functools.cache
def preferred() -> Mapping[str, tuple[str, ...]]:
    """Dotted module -> the order of its distributions where a person decided; ``decisions.toml`` says why."""
    return {module: tuple(held["names"].split()) for module, held in _read("decisions.toml")["preferred"].items()}


@functools.cache
def renamed() -> Mapping[str, str]:
    """Normalised name in an install line -> the distribution that is meant."""
    return dict(_read("renamed.toml")["renamed"])


def distributions() -> frozenset[str]:
    """All distribution names that the table of modules knows, normalised."""
    return modules().distributions


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


@functools.cache
def programs() -> Mapping[str, tuple[tuple[str, ...], str]]:
    """Distribution -> the system packages (or libraries) that it uses at run time, and the reason."""
    rules = _read("programs.toml")["rule"]
    return {rule["distribution"]: (tuple(rule["packages"].split()), rule["reason"]) for rule in rules}
