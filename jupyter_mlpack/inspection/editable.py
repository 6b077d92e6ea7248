"""Where the sources of an editable installation stand: read from what the installer left, without running any of it.

Installers leave a ``.pth`` file with a folder in it, or one that imports a finder: setuptools' finder has a
``MAPPING``, the finder of the ``editables`` library calls ``map_module``; both are literals and are read as such.
Setuptools' old ``develop`` leaves an ``.egg-info`` folder beside the sources.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
NOT_SHIPPED = frozenset(
    {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks", "build", "dist", "scripts"}
)
TOOLS = frozenset({"setup.py", "conftest.py", "noxfile.py", "tasks.py"})
LARGEST = 1_000_000
"""Bytes of a file that is read for what it declares."""


def find_roots(name: str, place: Path, project: Path | None, recorded: tuple[str, ...]) -> dict[str, Path]:
    """Path in a wheel (``pkg``, ``a/b``, ``single.py``) -> the folder or file that belongs there.

    ``place`` is the metadata folder, ``project`` the folder that was installed, ``recorded`` the paths in RECORD. Empty
    if nothing that is understood was found.
    """
    if place.name.endswith(".egg-info"):
        return in_folder(name, place.parent, place, place.parent)
    folders, finders = read_links(place.parent, recorded)
    roots: dict[str, Path] = {}
    for folder in folders:
        roots.update(in_folder(name, folder, place, project or folder))
    for finder in finders:
        for module, path in read_finder(place.parent / f"{finder}.py"):
            where = module.replace(".", "/")
            roots[where if path.is_dir() else f"{where}.py"] = path
    return roots


def read_links(site: Path, recorded: Iterable[str]) -> tuple[list[Path], list[str]]:
    """The folders that the ``.pth`` files name, and the modules that they import (``site``, the standard library)."""
    folders: list[Path] = []
    finders: list[str] = []
    links = [site / path for path in recorded if "/" not in path and path.endswith(".pth")]
    for line in (line.strip() for link in links for line in _text(link).splitlines()):
        found = re.match(r"import\s+(\w+)", line)
        if found:
            finders.append(found.group(1))
        elif line and not line.startswith("#") and _is_path(line):
            folders.append(site / line)
    return folders, finders


def read_finder(path: Path) -> Iterator[tuple[str, Path]]:
    """Module and path, from the literals of a finder."""
    try:
        tree = ast.parse(_text(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "MAPPING" for target in targets):
                yield from _pairs(_literal(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "map_module" and len(node.args) == 2:
            module, address = (_literal(argument) for argument in node.args)
            if isinstance(module, str) and isinstance(address, str) and _is_path(address):
                start = Path(address)
                yield module, start.parent if start.name == "__init__.py" else start


def _pairs(mapping: object) -> Iterator[tuple[str, Path]]:
    for module, address in (mapping if isinstance(mapping, dict) else {}).items():
        if isinstance(module, str) and isinstance(address, str) and _is_path(address):
            path = Path(address)
            yield module, path if path.is_dir() else path.with_name(path.name.removesuffix(".py") + ".py")


def _is_path(text: str) -> bool:
    """Whether the system can be asked for it: no part of more than 255 bytes, and room below the 4,096 of Linux."""
    parts = text.encode("utf-8", "replace").split(b"/")
    return max(map(len, parts)) <= 255 and sum(map(len, parts)) + len(parts) <= 3_000


def _literal(node: ast.AST) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None


def in_folder(name: str, folder: Path, place: Path, project: Path) -> dict[str, Path]:
    """What of a folder on the path belongs to the distribution: in a folder of sources all that can be imported, in a
    project's folder what it declares, or what is called like it.
    """
    if not folder.is_dir():
        return {}
    own = re.sub("[-_.]+", "_", name).lower()
    if not any((folder / file).is_file() for file in PROJECT):
        entries = sorted(folder.iterdir())
        return {path.name: path for path in entries if is_importable(path) and path.name not in NOT_SHIPPED}
    listed = {*_text(place / "top_level.txt").split(), *declared(project)} - {"test", "tests"}
    entries = [path for path in sorted(folder.iterdir()) if is_importable(path)]
    chosen = [path for path in entries if path.stem in listed]
    return {path.name: path for path in chosen or [path for path in entries if path.stem.lower() == own]}


def is_importable(path: Path) -> bool:
    """A module, a package, or a folder with packages in it (a namespace)."""
    if path.is_file():
        return path.suffix == ".py" and path.stem.isidentifier() and path.name not in TOOLS
    if not path.name.isidentifier() or path.name.startswith("__") or not path.is_dir():
        return False
    inner = sorted(path.iterdir())[:1000]
    return any(entry.suffix == ".py" or (entry / "__init__.py").is_file() for entry in inner)


def declared(project: Path) -> set[str]:
    """The top names of the packages and modules that ``pyproject.toml`` lists, in the dialects of the build tools."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        tool = tomllib.loads(_text(project / "pyproject.toml")).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return set()
    keys = (
        "hatch.build.targets.wheel.packages", "poetry.packages", "setuptools.packages", "setuptools.py-modules",
        "flit.module.name", "uv.build-backend.module-name",
    )  # fmt: skip
    found: set[str] = set()
    for key in keys:
        listed = _inner(tool, key)
        for item in listed if isinstance(listed, list) else [listed]:
            text = item.get("include") if isinstance(item, Mapping) else item
            if isinstance(text, str):
                found.add(PurePosixPath(text).name.removesuffix(".py").split(".")[0])
    return found


def _inner(table: Any, dotted: str) -> object:
    """The value at ``a.b.c``, ``None`` if there is none."""
    for key in dotted.split("."):
        table = table.get(key) if isinstance(table, Mapping) else None
    return table


def _text(path: Path) -> str:
    """The text of a small file, empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
