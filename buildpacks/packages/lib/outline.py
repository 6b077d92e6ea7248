"""What an environment has to know of an installed wheel, told in a glance.

A wheel may have thousands of files. Where nothing else brings files into one of its folders at the top of
site-packages, all links into that folder are told by their number and their digest: ``outline.json`` has those, and
``links.json`` the names, for who has to make the links. Both are beside ``wheel.json`` and made from it when missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from elf import Dynamic
from wheels import File, Wheel

OUTLINE, LINKS = "outline.json", "links.json"
FORMAT = 1
"""Of both files."""
LONG = 64
"""Links from which a folder is one stretch of a listing; shorter ones would cost more in the image than they save."""
CODE = (".py", ".so", ".pyi")
"""Ends of the names of files that are looked for by the files beside them."""


@dataclass(frozen=True)
class Top:
    """A folder at the top of site-packages: ``files`` in it, ``count`` links to tell them, and the names of these.

    ``names`` are a list, or ``{"file": path, "key": key}`` where they stand.
    """

    files: int
    count: int
    digest: str
    names: list[str] | dict[str, str]


@dataclass(frozen=True)
class Outline:
    """A wheel in few words. ``root`` are the files that lie in site-packages itself, ``compiled`` those with bytecode.

    ``folder``, ``objects`` and ``scripts`` are as those of a ``Wheel``.
    """

    project: str
    folder: Path
    data: tuple[File, ...]
    root: tuple[File, ...]
    compiled: frozenset[str]
    tops: dict[str, Top]
    objects: tuple[tuple[str, str, Dynamic, bool], ...]
    scripts: tuple[tuple[str, str, str, str], ...]


def outline(wheel: Wheel) -> Outline:
    """The outline of a wheel."""
    tops: dict[str, list[str]] = {}
    for name, _, _ in wheel.site:
        top, slash, _ = name.partition("/")
        tops.setdefault(top if slash else "", []).append(name)
    root = frozenset(tops.pop("", ()))
    told = {top: links_to(names, wheel.bytecode) for top, names in tops.items()}
    return Outline(
        wheel.project, wheel.folder, wheel.data,
        tuple(file for file in wheel.site if file[0] in root),
        frozenset(name for name in root if name in wheel.bytecode),
        {top: Top(len(tops[top]), len(names), digest(names), names) for top, names in told.items()},
        wheel.objects, wheel.scripts,
    )  # fmt: skip


def links_to(names: Sequence[str], compiled: Iterable[str]) -> list[str]:
    """The links to a folder's files and bytecode where all are of one layer: whole ``__pycache__``, ``include``."""
    code = {header_folder(name) for name in names if is_code(name)}
    found = {folder for name in names if (folder := header_folder(name)) and folder not in code}
    found.update(name for name in names if not header_folder(name) or header_folder(name) in code)
    found.update(f"{name.rpartition('/')[0]}/__pycache__" for name in names if name in compiled)
    return sorted(found)


def header_folder(name: str) -> str:
    """The outermost folder ``include`` of a package that the file is in; empty when it is in none."""
    before, found, _ = name.partition("/include/")
    return f"{before}/include" if found else ""


def is_code(name: str) -> bool:
    """Whether the files beside it look for it."""
    return name.endswith(CODE) or ".so." in name


def digest(names: Iterable[str]) -> str:
    """The digest by which a listing tells names."""
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).hexdigest()


def read_outline(folder: Path) -> Outline | None:
    """The outline of the wheel in ``folder``; None when there is none, or not as it should be. It counts as use."""
    try:
        told = json.loads((folder / OUTLINE).read_bytes())
        if told["format"] != FORMAT or os.stat(folder / LINKS).st_size != told["size"]:
            return None  # another way of telling, or a power failure has cut the names
        found = Outline(
            str(told["project"]), folder,
            tuple(map(tuple, told["data"])), tuple(map(tuple, told["root"])), frozenset(told["compiled"]),
            {top: Top(*numbers, names or far(folder, top)) for top, (*numbers, names) in told["tops"].items()},
            tuple((p, n, Dynamic(tuple(needed), so), program) for p, n, needed, so, program in told["objects"]),
            tuple(map(tuple, told["scripts"])),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):
        os.utime(folder)
    return found


def write_outline(found: Outline) -> Outline:
    """``outline.json`` and ``links.json`` in the wheel's folder, each there whole or not at all; what they tell."""
    long = {top: told.names for top, told in found.tops.items() if told.count >= LONG}
    tops = {
        top: [told.files, told.count, told.digest, None if top in long else told.names]
        for top, told in found.tops.items()
    }
    objects = [(p, n, dynamic.needed, dynamic.soname, program) for p, n, dynamic, program in found.objects]
    parts = {"data": found.data, "root": found.root, "compiled": sorted(found.compiled), "scripts": found.scripts}
    parts["size"] = write(found.folder / LINKS, long)
    write(
        found.folder / OUTLINE, {"format": FORMAT, "project": found.project, "tops": tops, "objects": objects, **parts}
    )
    told = {top: replace(told, names=far(found.folder, top)) for top, told in found.tops.items() if top in long}
    return replace(found, tops={**found.tops, **told})


def far(folder: Path, top: str) -> dict[str, str]:
    """Where the names of a long top are."""
    return {"file": str(folder / LINKS), "key": top}


def write(place: Path, value: object) -> int:
    """One JSON document, moved into place; its size in bytes."""
    draft = place.with_name(f".{place.name}-{os.urandom(6).hex()}")
    size = draft.write_text(json.dumps(value, separators=(",", ":")), encoding="ascii")
    draft.replace(place)
    return size
