"""Locks as ``Pin``s: uv.lock, pylock.toml, poetry.lock and pdm.lock line by line, Pipfile.lock, requirements files.

Machines write the first four: one ``[[package]]`` table for each distribution, its own keys at the lines' starts. The
standard library's parser takes a quarter of a second for a large one, as long as half a build that changes little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from jupyter_mlpack.inspection.declarations.page import logical_lines
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.resolution.pins.pin import Pin

HEADER = pattern(r"^\[\[packages?\]\][ \t\r]*$", re.M)
TABLE = pattern(r"^\[+([\w.-]+)\]+", re.M)
KEY = pattern(r"^([A-Za-z][\w-]*)[ \t]*=[ \t]*", re.M)
HASH = pattern(r"sha256(?::|[\"']?\s*=\s*[\"'])([0-9a-f]{64})")
STRING = pattern(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'")
ELSEWHERE = pattern(r"^[{\s]*(editable|virtual|directory|path|git|url|vcs|archive)\b")
"""The first key of uv's ``source``; poetry and pdm say it in other ways (``KINDS``)."""

KINDS = frozenset(["directory", "file", "git", "url", "vcs", "archive", "hg", "svn"])
"""Values of poetry's ``type``, and tables of a ``pylock.toml``, that are no index."""

OWN_KEYS = frozenset(["git", "path", "url", "editable", "ref"])
"""Keys of pdm and pipenv by which an entry comes from elsewhere."""

FILES = pattern(r"^[\"']?([\w.-]+)[\"']?[ \t]*=[ \t]*\[", re.M)
PINNED = pattern(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;*,]+)\s*(?:;\s*(.+))?$")


def read_pins(name: str, text: str) -> tuple[Pin, ...]:
    """The pins of the lock file called ``name``; none of a file that is no lock, or cannot be read."""
    reader = READERS.get(name, read_tables if name.startswith("pylock.") else read_requirements)
    return tuple(reader(text))


def read_tables(text: str) -> Iterator[Pin]:
    """uv.lock, pylock.toml, poetry.lock, pdm.lock."""
    starts = [found.start() for found in HEADER.finditer(text)]
    beside = _hashes_by_name(text)
    for start, end in pairwise([*starts, len(text)]):
        pin = _pin(text[start:end], beside)
        if pin is not None:
            yield pin


def _pin(block: str, beside: Mapping[str, frozenset[str]]) -> Pin | None:
    """One table with those below it, as far as the next that is not below it."""
    tables = [*TABLE.finditer(block)]
    below = [found for found in tables[1:] if found.group(1).startswith(("package.", "packages."))]
    ends = [found.start() for found in tables[1:] if found not in below]
    block = block[: ends[0]] if ends else block
    keys = _keys(block[: below[0].start()] if below else block)
    name = _first(keys.get("name", ""))
    if not name:
        return None
    words = {found.group(1).partition(".")[2] for found in below}
    source = next((block[found.end() :] for found in below if found.group(1).endswith(".source")), "")
    kind = re.search(r"^\s*type\s*=\s*[\"'](\w+)", source.split("\n[")[0], re.M)
    foreign = bool(
        ELSEWHERE.match(keys.get("source", ""))
        or OWN_KEYS & set(keys)
        or KINDS & {*words, *keys, kind.group(1) if kind else ""}
    )
    markers = (_texts(keys[key], tables=True) for key in ("marker", "markers", "resolution-markers") if key in keys)
    groups = keys.get("groups", keys.get("category", ""))
    key = normalised(name)
    hashes = frozenset(HASH.findall(block)) or beside.get(key, frozenset())
    version = "" if foreign else _first(keys.get("version", ""))
    return Pin(key, version, tuple(text for found in markers for text in found), _texts(groups), hashes)


def _keys(block: str) -> dict[str, str]:
    """Key -> the text of its value, up to the next key."""
    found = [*KEY.finditer(block)]
    ends = [*(one.start() for one in found[1:]), len(block)]
    return {one.group(1): block[one.end() : end] for one, end in zip(found, ends, strict=False)}


def _texts(value: str, *, tables: bool = False) -> tuple[str, ...]:
    """The texts of a value: one, a list of them, or (poetry's ``markers``) a table whose values they are."""
    found = (quoted.group(1) or quoted.group(2) or "" for quoted in STRING.finditer(value))
    return tuple(text.replace('\\"', '"') for text in found if text or not tables)


def _first(value: str) -> str:
    return next(iter(_texts(value[:300])), "")


def _hashes_by_name(text: str) -> dict[str, frozenset[str]]:
    """The table ``[metadata.files]`` with which older poetry.lock files end."""
    _, found, files = text.partition("\n[metadata.files]")
    starts = [*FILES.finditer(files)] if found else []
    ends = [*(one.start() for one in starts[1:]), len(files)]
    return {
        normalised(one.group(1)): frozenset(HASH.findall(files[one.end() : end]))
        for one, end in zip(starts, ends, strict=False)
    }


def read_pipfile_lock(text: str) -> Iterator[Pin]:
    """The ``default`` and ``develop`` sections of a Pipfile.lock."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    for section, groups in (("default", ()), ("develop", ("develop",))):
        listed = data.get(section) if isinstance(data, dict) else None
        for name, said in (listed if isinstance(listed, dict) else {}).items():
            entry = said if isinstance(said, dict) else {}
            version, marker = entry.get("version"), entry.get("markers")
            exact = re.fullmatch(r"===?([^\s,*]+)", version) if isinstance(version, str) else None
            hashes = frozenset(HASH.findall(json.dumps(entry.get("hashes"))))
            known = exact.group(1) if exact and not OWN_KEYS & set(entry) else ""
            yield Pin(normalised(name), known, (marker,) if isinstance(marker, str) else (), groups, hashes)


def read_requirements(text: str) -> Iterator[Pin]:
    """The pinned lines of a requirements file; they are a lock if they have hashes, or if no other lines are there."""
    lines = [line for line, _ in logical_lines(text) if not re.match(r"^--?(?![rce]\b|requirement|constraint)", line)]
    split = [re.split(r"\s+--hash[=\s]", line, maxsplit=1) for line in lines]
    pins = [PINNED.match(parts[0].strip()) for parts in split]
    if not all(pins) and "--hash" not in text:
        return
    for found, line in zip(pins, lines, strict=True):
        if found:
            markers = (found.group(3).strip(),) if found.group(3) else ()
            yield Pin(normalised(found.group(1)), found.group(2), markers, (), frozenset(HASH.findall(line)))


READERS: Mapping[str, Callable[[str], Iterator[Pin]]] = {
    **dict.fromkeys(("uv.lock", "poetry.lock", "pdm.lock"), read_tables),
    "Pipfile.lock": read_pipfile_lock,
}
