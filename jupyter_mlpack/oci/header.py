"""Tar headers as Go's ``archive/tar`` packs them: USTAR, or PAX records first where a field does not fit."""

from __future__ import annotations

import os
import posixpath
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_mlpack.oci.tar import TarEntry

BLOCK = 512
"""Bytes of a tar block: a header is one, contents are padded to whole ones."""

MTIME = 315532801
"""1980-01-01T00:00:01Z in seconds: the date of everything in a layer, by the lifecycle's rule."""

_NAME, _PREFIX = 100, 155
_SUM = 148  # where the checksum's eight bytes stand
_FLAGS = {"file": b"0", "symlink": b"2", "character": b"3", "block": b"4", "directory": b"5", "fifo": b"6"}
_LAYOUT = struct.Struct("100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x")


def header_blocks(entry: TarEntry, length: int) -> bytes:
    """The header of ``entry``, whose content is ``length`` bytes, after an extended header where one is needed."""
    name, link = os.fsencode(entry.name), os.fsencode(entry.link)
    records = _records(entry, length, name, link)
    split = _split(name)
    if set(records) <= {b"path"} and (split or not records):
        prefix, suffix = split or (b"", name)
        return _block(entry, length, suffix, link, prefix)
    return _extended(name, records) + _block(entry, length, _visible(name), _visible(link), b"")


def _records(entry: TarEntry, length: int, name: bytes, link: bytes) -> dict[bytes, bytes]:
    """What does not fit into the header's own fields, by PAX keyword."""
    texts = {b"path": name, b"linkpath": link}
    records = {key: text for key, text in texts.items() if len(text) > _NAME or not text.isascii()}
    numbers = {b"uid": (entry.uid, 8), b"gid": (entry.gid, 8), b"size": (length, 12)}
    return records | {key: b"%d" % number for key, (number, width) in numbers.items() if not _fits(number, width)}


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """A long ASCII name as USTAR's prefix and name, cut at the last slash that allows it."""
    if len(name) <= _NAME or not name.isascii():
        return None
    cut = name.rfind(b"/", 0, min(len(name), _PREFIX + 1))
    prefix, suffix = name[: max(cut, 0)], name[cut + 1 :]
    return (prefix, suffix) if prefix and suffix and len(suffix) <= _NAME else None


def _visible(text: bytes) -> bytes:
    """What old readers see of a text that stands in full in a PAX record."""
    shown = _ascii(text)
    if len(shown) <= _NAME or shown[_NAME - 1 : _NAME] != b"/":
        return shown[:_NAME]
    # A cut that ends in a slash would make old readers take a file for a folder: it ends where the slashes begin.
    end = len(shown[: _NAME - 1].rstrip(b"/"))
    return shown[:end] + b"\0" + shown[end + 1 : _NAME]


def _ascii(text: bytes) -> bytes:
    """``text`` without the bytes that are none of ASCII."""
    return text if text.isascii() else bytes(byte for byte in text if byte < 0x80)


def _extended(name: bytes, records: dict[bytes, bytes]) -> bytes:
    """The PAX header member, all of whose own numbers are 0."""
    body = b"".join(_record(key, records[key]) for key in sorted(records))
    folder, base = posixpath.split(name)
    shown = _ascii(posixpath.normpath(posixpath.join(folder, b"PaxHeaders.0", base)))
    zero = _octal(0, 8)
    fields = (shown[:_NAME].rstrip(b"/"), zero, zero, zero, _octal(len(body), 12), _octal(0, 12))
    return _pack(*fields, b"x", b"", b"", b"", b"") + body + bytes(-len(body) % BLOCK)


def _record(key: bytes, value: bytes) -> bytes:
    """``<length> <key>=<value>`` and a line feed, where the length counts its own digits too."""
    size = len(key) + len(value) + 3
    total = size + len(b"%d" % size)
    total = size + len(b"%d" % total)
    return b"%d %s=%s\n" % (total, key, value)


def _block(entry: TarEntry, length: int, name: bytes, link: bytes, prefix: bytes) -> bytes:
    numbers = (_octal(entry.mode, 8), _octal(entry.uid, 8), _octal(entry.gid, 8), _octal(length, 12), _octal(MTIME, 12))
    device = (_octal(entry.device[0], 8), _octal(entry.device[1], 8))
    return _pack(name, *numbers, _FLAGS[entry.kind], link, *device, prefix)


def _pack(*fields: bytes) -> bytes:
    """The twelve fields that vary, in order, as one block with its checksum."""
    *head, flag, link, major, minor, prefix = fields
    block = _LAYOUT.pack(*head, b" " * 8, flag, link, b"ustar\0", b"00", b"", b"", major, minor, prefix)
    return block[:_SUM] + b"%06o\0 " % sum(block) + block[_SUM + 8 :]


def _fits(number: int, width: int) -> bool:
    return 0 <= number < 1 << (width - 1) * 3


@lru_cache(maxsize=1024)  # modes, owners, the date: always the same few
def _octal(number: int, width: int) -> bytes:
    """Octal digits and a NUL; 0 where the number does not fit (its PAX record then tells)."""
    return b"%0*o\0" % (width - 1, number if _fits(number, width) else 0)
