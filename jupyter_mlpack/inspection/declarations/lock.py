"""Locks beside the notebook: uv.lock, pylock.toml, poetry.lock, pdm.lock line by line, Pipfile.lock as JSON.

The first four are written by machines, one ``[[package]]`` table with ``name`` and ``version`` at the line's start
for each distribution; the standard library's parser takes a quarter of a second for a large one, for hashes that
nobody asks for here.
"""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Iterator, Mapping

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.declarations.page import DeclaredRequirement, Entry, Page, Reading, UnreadablePageError
from jupyter_mlpack.inspection.declarations.toml import table
from jupyter_mlpack.pattern import pattern

HEADER = pattern(r"^\[\[packages?\]\]\s*$")
FIELD = pattern(r"^([\w-]+)\s*=\s*(.*)$")
ELSEWHERE = pattern(r"\b(editable|virtual|directory|path|git|url|vcs|archive|legacy)\b")
"""Words of a source that is no index; what comes from there has a version that no index need have."""

KEPT = ("name", "version", "source", "marker", "markers", "directory", "vcs", "archive")


def read_lock(page: Page) -> Reading:
    """Exact versions of what comes from an index; of a distribution locked more than once only the name."""
    head = re.split(r"^\[", page.text, maxsplit=1, flags=re.M)[0]
    python = re.search(r"^requires-python\s*=\s*[\"']([^\"'\n]*)[\"']", head, re.M)
    claims = (page.python_claim(python.group(1), head.count("\n", 0, python.start()) + 1),) if python else ()
    return Reading(requirements=_once(page.requirements(_entries(page.text))), python=claims)


def _once(found: tuple[DeclaredRequirement, ...]) -> tuple[DeclaredRequirement, ...]:
    several = collections.Counter(entry.name for entry in found)
    return tuple(replace(entry, specifier="") if several[entry.name] > 1 else entry for entry in found)


def _entries(text: str) -> Iterator[Entry]:
    fields: dict[str, str] = {}
    first, inside = 0, False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("["):
            if HEADER.match(line):
                yield from _entry(fields, first)
                fields, first, inside = {}, number, True
                continue
            below = line.strip("[] \r").partition(".")[2]
            fields |= {below: below} if inside and below in ("vcs", "directory", "archive") else {}
            inside = inside and below == "source"
            continue
        found = FIELD.match(line) if inside and line[:1].isalpha() else None
        if found and (found.group(1) in KEPT or found.group(1) == "type"):
            fields.setdefault(found.group(1), found.group(2).strip())
    yield from _entry(fields, first)


def _entry(fields: Mapping[str, str], line: int) -> Iterator[Entry]:
    name, version = _text(fields.get("name", "")), _text(fields.get("version", ""))
    source = " ".join(fields.get(key, "") for key in ("source", "directory", "vcs", "archive", "type"))
    if not name or re.search(r"\b(editable|virtual|directory)\b", re.sub(r"\"[^\"]*\"", "", source)):
        return
    kind = re.sub(r"=\s*\"[^\"]*\"", "", source) + (_text(fields["type"]) if "type" in fields else "")
    marker = _text(fields.get("marker", fields.get("markers", "")))
    pin = f"=={version}" if version and not ELSEWHERE.search(kind) else ""
    yield f"{name}{pin}" + (f" ; {marker}" if marker else ""), line, ""


def _text(value: str) -> str:
    """The content of a one-line string; escapes do not occur in names and versions."""
    found = re.match(r"^\"((?:[^\"\\]|\\.)*)\"|^'([^']*)'", value)
    return (found.group(1) or found.group(2) or "").replace('\\"', '"') if found else ""


def read_pipfile_lock(page: Page) -> Reading:
    """The ``default`` and ``develop`` sections."""
    try:
        data = json.loads(page.text)
    except (ValueError, RecursionError) as error:
        raise UnreadablePageError("it is no JSON") from error
    python = table(data, "_meta", "requires").get("python_version")
    claims = (page.python_claim(python, page.line_of('"python_version"')),) if isinstance(python, str) else ()
    return Reading(requirements=page.requirements(_pipfile_entries(page, data)), python=claims)


def _pipfile_entries(page: Page, data: object) -> Iterator[Entry]:
    for section, group in (("default", ""), ("develop", "develop")):
        for name, entry in table(data, section).items():
            said = table(entry)
            version, marker = said.get("version"), said.get("markers")
            pin = version if isinstance(version, str) and "git" not in said and "path" not in said else ""
            text = f"{name}{pin}" + (f" ; {marker}" if isinstance(marker, str) else "")
            yield text, page.line_of(f'"{name}": {{'), group
