"""The tables of hardware: what platforms call it, what a card is and runs, what it changes in an image."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.parsed import parse_toml
from jupyter_mlpack.values import DeclaredHardware


@dataclass(frozen=True)
class Accelerator:
    """One kind of card or chip. ``memory`` is GB in its smallest variant, ``capability`` NVIDIA's (``7.5``)."""

    model: str
    class_: str
    vendor: str
    arch: str | None = None
    capability: str | None = None
    memory: int | None = None


OWN = "MLPACK_HARDWARE"
"""Environment variable: own tables, separated like ``PATH``, the first one beats the next, all beat ours."""

WORD_LISTS = frozenset(["builds", "takes", "modules", "frameworks", "code", "remote"])
"""Sections whose rows are lists of words."""

BY_KEY = frozenset(["image", "compilers"])
"""Sections whose rows are joined key by key."""
FILES = ("hardware.toml", "kernels.toml", "accelerators.toml")


def hardware_table() -> Mapping[str, Any]:
    """The whole table, section by section. Raises ``HardwareTableUnreadable`` for an own table that cannot be used."""
    return _merged("hardware.toml", os.environ.get(OWN, ""))


def images_table() -> Mapping[str, Any]:
    """``accelerators.toml``: what hardware changes in an image; own rows replace ours key by key."""
    return _merged("accelerators.toml", os.environ.get(OWN, ""))


def kernels_table() -> Mapping[str, Any]:
    """``kernels.toml``: which cards the wheels of a release have kernels for; own rows of ``build`` come first."""
    return _merged("kernels.toml", os.environ.get(OWN, ""))


@functools.cache
def _merged(name: str, files: str) -> Mapping[str, Any]:
    table = dict(tables._read(name))
    for path in reversed([Path(file) for file in files.split(os.pathsep) if file]):
        own = _own_table(path)
        table |= {section: _join(section, rows, own[section]) for section, rows in table.items() if section in own}
    return table


def _own_table(path: Path) -> Mapping[str, Any]:
    try:
        table = parse_toml(path.read_text(encoding="utf-8"))
        ours = {section: rows for name in FILES for section, rows in tables._read(name).items()}
        for section, rows in table.items():
            if section not in ours or _shape(rows) - _shape(ours[section]):
                raise ValueError(f"[{section}] is no table of ours, or its rows have another form")
        _as_accelerators(table.get("accelerators", {}))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise errors.HardwareTableUnreadable(path=path, reason=error) from error
    return table


def _shape(section: Any) -> frozenset[type]:
    """What a section is, and what its rows are."""
    rows = section.values() if isinstance(section, dict) else section if isinstance(section, list) else ()
    return frozenset([type(section), *map(type, rows)])


def _join(section: str, ours: Any, theirs: Any) -> Any:
    """Rows are replaced one by one; lists of words and of rows are put before ours."""
    if isinstance(ours, list):
        return [*theirs, *ours]
    if section in WORD_LISTS:
        return {**ours, **{key: f"{words} {ours.get(key, '')}" for key, words in theirs.items()}}
    if section in BY_KEY:
        return {**ours, **{name: {**ours.get(name, {}), **row} for name, row in theirs.items()}}
    return {**ours, **theirs}


def accelerators() -> Mapping[str, Accelerator]:
    """All accelerators by model name."""
    return _accelerators(os.environ.get(OWN, ""))


@functools.cache
def _accelerators(files: str) -> Mapping[str, Accelerator]:
    return _as_accelerators(_merged("hardware.toml", files)["accelerators"])


def _as_accelerators(rows: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Accelerator]:
    return {
        model: Accelerator(model, **{"class_" if key == "class" else key: value for key, value in row.items()})
        for model, row in rows.items()
    }


def names(section: str) -> Mapping[str, str]:
    """The names of a section of word lists -> the key under which they stand."""
    return _names(section, os.environ.get(OWN, ""))


@functools.cache
def _names(section: str, files: str) -> Mapping[str, str]:
    lists = _merged("hardware.toml", files)[section]
    return {name: key for key, names in lists.items() for name in names.split()}


def words(section: str, key: str) -> frozenset[str]:
    """One list of words."""
    return _words(section, key, os.environ.get(OWN, ""))


@functools.cache
def _words(section: str, key: str, files: str) -> frozenset[str]:
    return frozenset(_merged("hardware.toml", files)[section][key].split())


def longest_prefix(table: Mapping[str, str], module: str) -> str | None:
    """What ``table`` says of the longest dotted prefix of ``module``."""
    parts = module.split(".")
    found = (table.get(".".join(parts[:end])) for end in range(len(parts), 0, -1))
    return next((value for value in found if value is not None), None)


def described(declared: DeclaredHardware) -> DeclaredHardware:
    """``declared`` with what the table knows of its model: class, vendor, memory, compute capability."""
    known = accelerators().get(declared.model or "")
    if known is None:
        return declared
    return replace(
        declared,
        class_=known.class_,
        vendor=known.vendor,
        memory=declared.memory or known.memory,
        compute_capability=known.capability,
    )


def machine(row: Mapping[str, Any], declared: DeclaredHardware) -> DeclaredHardware:
    """``declared`` with what a row of machines says: ``model`` or ``class``, ``count``, ``memory``."""
    class_ = row.get("class", declared.class_)
    found = replace(declared, class_=class_, model=row.get("model"), count=row.get("count"), memory=row.get("memory"))
    return described(found)
