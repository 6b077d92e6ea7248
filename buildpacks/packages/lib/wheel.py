"""What installed wheels say about themselves: their records and entry points."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 20
REFERENCE = re.compile(r"([A-Za-z_][\w.]*)\s*:\s*([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)\s*(?:\[.*\])?")


@dataclass(frozen=True)
class EntryPoint:
    """A console script: ``from module import name``, then call ``name`` + ``attribute`` (``.main`` or empty)."""

    name: str
    module: str
    imported: str
    attribute: str


def entry_points(folder: Path) -> list[EntryPoint]:
    """The console scripts of one ``.dist-info`` folder, in order of their names."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str
    path = folder / "entry_points.txt"
    if path.is_file():
        parser.read_string(path.read_text(encoding="utf-8"))
    found = []
    for section in ("console_scripts", "gui_scripts"):
        for name, reference in parser.items(section) if parser.has_section(section) else ():
            match = REFERENCE.fullmatch(reference.strip())
            if match and "/" not in name and name not in (".", ".."):
                found.append(EntryPoint(name, *match.groups()))
    return sorted(found, key=lambda point: point.name)


def records(record: Path) -> list[list[str]]:
    """The rows of a RECORD: path, hash, size."""
    with record.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.reader(file) if len(row) == 3]


def project(record: Path) -> str:
    """The normalised project name of a RECORD's folder."""
    return re.sub("[-_.]+", "-", record.parent.name.split("-")[0]).lower()


def checksum_of(path: Path) -> str:
    """A file's hash as RECORD writes it; the file may be larger than memory."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return "sha256=" + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
