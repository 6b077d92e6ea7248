"""``/etc/ld.so.cache`` as ``ldconfig`` would write it: where each library is. ``ctypes.util.find_library`` asks it.

Format: glibc's ``sysdeps/generic/dl-cache.h``, version 1.1. A header, an entry a library in falling order of names,
then the names. Written by hand because ``ldconfig`` of another architecture does not run here.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from functools import cmp_to_key
from itertools import zip_longest

PATH = "/etc/ld.so.cache"
MAGIC = b"glibc-ld.so.cache1.1"
FLAGS = {"amd64": 0x0303, "arm64": 0x0A03}
"""A library of glibc 2 for the processor's own word size."""
LITTLE_ENDIAN = 2
HEADER = struct.Struct("<20sIIB3xI12x")
ENTRY = struct.Struct("<iIIIQ")


def loader_cache(libraries: Mapping[str, str], arch: str) -> bytes:
    """The file's bytes for ``libraries``: the name that programs ask for -> the file's absolute path."""
    ordered = sorted(libraries, key=cmp_to_key(compare), reverse=True)
    start = HEADER.size + ENTRY.size * len(ordered)
    texts, entries = b"", b""
    for name in ordered:
        key = start + len(texts)
        texts += name.encode() + b"\0"
        entries += ENTRY.pack(FLAGS[arch], key, start + len(texts), 0, 0)
        texts += libraries[name].encode() + b"\0"
    return HEADER.pack(MAGIC, len(ordered), len(texts), LITTLE_ENDIAN, 0) + entries + texts


def compare(first: str, second: str) -> int:
    """The order of glibc's ``_dl_cache_libcmp``: runs of digits by their value and after all else."""
    for one, two in zip_longest(_parts(first), _parts(second), fillvalue=(0, 0)):
        if one != two:
            return 1 if one > two else -1
    return 0


def _parts(name: str) -> list[tuple[int, int]]:
    """Characters as (1, code) and numbers as (2, value); the end is less than both."""
    found = re.findall(r"[0-9]+|[^0-9]", name)
    return [(2, int(part)) if part[0].isdigit() else (1, ord(part)) for part in found]
