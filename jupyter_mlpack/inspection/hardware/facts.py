"""The tables ``hardware.toml`` and ``kernels.toml``: what platforms call their hardware, what a card is and runs."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection import tables
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
    bf16: bool = False


@functools.cache
def hardware_table() -> Mapping[str, Any]:
    """The whole table, section by section."""
    return tables._read("hardware.toml")


@functools.cache
def kernels_table() -> Mapping[str, Any]:
    """``kernels.toml``: which cards the wheels of a release have kernels for."""
    return tables._read("kernels.toml")


@functools.cache
def accelerators() -> Mapping[str, Accelerator]:
    """All accelerators by model name."""
    rows = hardware_table()["accelerators"]
    return {
        model: Accelerator(model, **{"class_" if key == "class" else key: value for key, value in row.items()})
        for model, row in rows.items()
    }


@functools.cache
def names(section: str) -> Mapping[str, str]:
    """The names of a section of word lists -> the key under which they stand."""
    return {name: key for key, words in hardware_table()[section].items() for name in words.split()}


@functools.cache
def words(section: str, key: str) -> frozenset[str]:
    """One list of words."""
    return frozenset(hardware_table()[section][key].split())


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
