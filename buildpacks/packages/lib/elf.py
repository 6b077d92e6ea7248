"""What a shared object or program asks the loader for: a reader of ELF's dynamic section, safe against hostile bytes.

After the *System V ABI*, chapters 4 and 5. Everything is found through the program headers, as the loader does it:
section headers may be stripped. Every count and size is bounded; a file that says something impossible is none of ours.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MACHINES = {"amd64": (62, 2), "arm64": (183, 2)}
"""``e_machine`` and the class (2: 64 bit) of the objects that a target's processor can load."""
LOAD, DYNAMIC = 1, 2
NEEDED, STRINGS, STRINGS_SIZE, SONAME = 1, 5, 10, 14
MOST_HEADERS = 256
MOST_DYNAMIC = 1 << 16  # bytes
MOST_STRINGS = 1 << 24  # bytes: C++ libraries have megabytes of names
LONGEST = 255  # characters of a name: it is a file's


@dataclass(frozen=True)
class Dynamic:
    """The libraries that an object needs, by the names the loader looks for, and its own such name (maybe empty)."""

    needed: tuple[str, ...]
    soname: str


@dataclass(frozen=True)
class Form:
    """How numbers stand in a file: ``order`` is ``<`` or ``>``, ``wide`` says 64 bit."""

    order: str
    wide: bool

    def unpack(self, wide: str, narrow: str, data: bytes) -> tuple[int, ...]:
        """The numbers of one structure."""
        return struct.unpack_from(self.order + (wide if self.wide else narrow), data)

    @property
    def header(self) -> int:
        """The size of a program header in bytes."""
        return 56 if self.wide else 32

    @property
    def entry(self) -> int:
        """The size of a dynamic entry in bytes."""
        return 16 if self.wide else 8


@dataclass(frozen=True)
class Segment:
    """A program header: type, place and size in the file, address in memory."""

    kind: int
    offset: int
    address: int
    size: int


def read_dynamic(path: Path, arch: str) -> Dynamic | None:
    """The dynamic section of the file; None for what is no ELF object of ``arch`` (``amd64``), static or damaged."""
    try:
        with open(path, "rb") as file:
            return read_object(file, arch)
    except (struct.error, OSError, OverflowError):
        return None


def read_object(file: BinaryIO, arch: str) -> Dynamic | None:
    """``read_dynamic`` of an open file. Raises ``struct.error`` where the file ends too soon."""
    head = file.read(64)
    if head[:4] != b"\x7fELF" or len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    form = Form("<" if head[5] == 1 else ">", head[4] == 2)
    machine = form.unpack("H", "H", head[18:])[0]
    if arch in MACHINES and (machine, head[4]) != MACHINES[arch]:
        return None
    segments = read_segments(file, form, head)
    dynamic = next((segment for segment in segments if segment.kind == DYNAMIC), None)
    if dynamic is None:
        return None
    entries = read_entries(file, form, dynamic)
    return named(file, segments, entries)


def read_segments(file: BinaryIO, form: Form, head: bytes) -> list[Segment]:
    """The program headers that matter."""
    (start,) = form.unpack("Q", "I", head[32 if form.wide else 28 :])
    size, count = form.unpack("HH", "HH", head[54 if form.wide else 42 :])
    if size < form.header:
        return []
    file.seek(start)
    table = file.read(size * min(count, MOST_HEADERS))
    found = []
    for at in range(0, len(table) - form.header + 1, size):
        if form.wide:
            kind, _, offset, address, _, length = form.unpack("IIQQQQ", "", table[at:])
        else:
            kind, offset, address, _, length = form.unpack("", "IIIII", table[at:])
        if kind in (LOAD, DYNAMIC):
            found.append(Segment(kind, offset, address, length))
    return found


def read_entries(file: BinaryIO, form: Form, dynamic: Segment) -> list[tuple[int, int]]:
    """The dynamic entries as (tag, value), up to the one that ends them."""
    file.seek(dynamic.offset)
    table = file.read(min(dynamic.size, MOST_DYNAMIC))
    found = []
    for at in range(0, len(table) - form.entry + 1, form.entry):
        tag, value = form.unpack("QQ", "II", table[at:])
        if tag == 0:
            break
        found.append((tag, value))
    return found


def named(file: BinaryIO, segments: list[Segment], entries: list[tuple[int, int]]) -> Dynamic:
    """The entries that are names, looked up in the table of strings."""
    place = dict(reversed(entries))
    start = next(
        (
            one.offset + place[STRINGS] - one.address
            for one in segments
            if one.kind == LOAD and STRINGS in place and one.address <= place[STRINGS] < one.address + one.size
        ),
        None,
    )
    if start is None:
        return Dynamic((), "")
    file.seek(start)
    strings = file.read(min(place.get(STRINGS_SIZE, 0), MOST_STRINGS))
    needed = [text_at(strings, value) for tag, value in entries if tag == NEEDED]
    soname = text_at(strings, place[SONAME]) if SONAME in place else ""
    return Dynamic(tuple(dict.fromkeys(name for name in needed if name)), soname)


def text_at(strings: bytes, at: int) -> str:
    """The name that begins at ``at``; empty when there is none, or one that is no file's name."""
    end = strings.find(b"\0", at, at + LONGEST + 1)
    name = strings[at:end] if 0 <= at < end else b""
    plain = name.isascii() and name.decode("ascii", "replace").isprintable() and not set(b'/ |"\\') & set(name)
    return name.decode("ascii") if plain else ""
