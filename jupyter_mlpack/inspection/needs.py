"""Distributions that a call needs although no import names them: ``read_parquet`` needs pyarrow, and so on.

The rules, each with its reason, stand in ``data/needs.toml``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.inspection.known import Known
from jupyter_mlpack.inspection.settle import Want, settle
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.values import Cell, Dependency, Evidence, Location


def add_needs(
    dependencies: tuple[Dependency, ...], imports: tuple[Import, ...], path: str, cells: Iterable[Cell], known: Known
) -> tuple[Dependency, ...]:
    """``dependencies`` and what else the notebook's calls need, sorted by name."""
    have = {normalised(entry.name) for entry in dependencies}
    modules = {prefix for found in imports for prefix in _prefixes(found.module)}
    added: dict[str, Dependency] = {}
    for name, location in _names_used(path, cells):
        for rule in tables.needs():
            satisfied = {rule["needs"], *rule["satisfied"].split()} & have
            if rule["call"] == name and not satisfied and (not rule["module"] or rule["module"] in modules):
                evidence = Evidence("NEED1", location, f"{name}: {rule['reason']}")
                needed = known.preferred((rule["needs"], *rule["satisfied"].split()))
                settled = settle(needed, Want(needed, "table", [evidence]), known)
                if settled.dependency:
                    added.setdefault(needed, settled.dependency)
    return tuple(sorted((*dependencies, *added.values()), key=lambda entry: entry.name))


def _prefixes(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[:size]) for size in range(1, len(parts) + 1))


def _names_used(path: str, cells: Iterable[Cell]) -> Iterator[tuple[str, Location]]:
    """Called names, attributes and keyword names, each with its place."""
    for cell in cells:
        tree = parse_python(cell.python)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Attribute):
                yield node.attr, Location(path, cell.number, node.lineno)
            elif isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name):
                    yield node.func.id, Location(path, cell.number, node.lineno)
                yield from ((word.arg, Location(path, cell.number, node.lineno)) for word in node.keywords if word.arg)
