"""Tar headers as Go's ``archive/tar`` packs them: USTAR, or PAX records first where a field does not fit."""

from __future__ import annotations

import os
import posixpath
import struct
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import adler32

if TYPE_CHECKING:
    from jupyter_mlpack.oci.tar import TarEntry

BLOCK = 512
"""Bytes of a tar block: a header is one, contents are padded to whole ones."""

MTIME = 315532801
"""1980-01-01T00:00:01Z in seconds: the date of everything in a layer, by the lifecycle's rule."""

_NAME, _PREFIX = 100, 155
_SMALL = 1 << 21
"""A number below this fits into any field."""

_FLAGS = {"file": b"0", "symlink": b"2", "character": b"3", "block": b"4", "directory": b"5", "fifo": b"6"}
_LAYOUT = struct.Struct("100s48s8s1s100s8s64x16s155s12x")  # the fields that go together as one
_MAGIC = b"ustar\x0000"
_SUM_OF_REST = sum(_MAGIC) + 8 * ord(" ")  # the checksum's own field counts as blanks


def header_blocks(entry: TarEntry, length: int) -> bytes:
    """The header of ``entry``, whose content is ``length`` bytes, after an extended header where one is needed."""
    name, link = os.fsencode(entry.name), os.fsencode(entry.link)
    records = _records(entry, length, name, link)
    if not records:
        return _block(entry, length, name, link, b"")
    split = _split(name) if records.keys() == {b"path"} else None
    if split:
        prefix, suffix = split
        return _block(entry, length, suffix, link, prefix)
    return _extended(name, records) + _block(entry, length, _visible(name), _visible(link), b"")


def _records(entry: TarEntry, length: int, name: bytes, link: bytes) -> dict[bytes, bytes]:
    """What does not fit into the header's own fields, by PAX keyword."""
    records = {}
    if len(name) > _NAME or not name.isascii():
        records[b"path"] = name
    if len(link) > _NAME or not link.isascii():
        records[b"linkpath"] = link
    if not 0 <= entry.uid | entry.gid | length < _SMALL:
        for key, number, width in ((b"uid", entry.uid, 8), (b"gid", entry.gid, 8), (b"size", length, 12)):
            if not _fits(number, width):
                records[key] = b"%d" % number
    return records


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
    cut = name.rfind(b"/") + 1
    shown = _pax_name(name[:cut], name[cut:])
    return _pack(shown, _ZEROS + _octal(len(body), 12) + _octal(0, 12), b"x", b"", b"", b"") + body + _padding(body)


def _pax_name(folder: bytes, base: bytes) -> bytes:
    """What the PAX header member itself is called."""
    if base in (b"", b".", b".."):
        return _shown(posixpath.normpath(posixpath.join(folder, b"PaxHeaders.0", base)))
    return _shown(_pax_folder(folder) + base)


@lru_cache(maxsize=1024)  # a folder has many files
def _pax_folder(folder: bytes) -> bytes:
    path: bytes = posixpath.normpath(posixpath.join(folder, b"PaxHeaders.0"))
    return path + b"/"


def _shown(path: bytes) -> bytes:
    return _ascii(path)[:_NAME].rstrip(b"/")


def _padding(body: bytes) -> bytes:
    return bytes(-len(body) % BLOCK)


def _record(key: bytes, value: bytes) -> bytes:
    """``<length> <key>=<value>`` and a line feed, where the length counts its own digits too."""
    size = len(key) + len(value) + 3
    total = size + len(b"%d" % size)
    total = size + len(b"%d" % total)
    return b"%d %s=%s\n" % (total, key, value)


def _block(entry: TarEntry, length: int, name: bytes, link: bytes, prefix: bytes) -> bytes:
    numbers = _owned(entry.mode, entry.uid, entry.gid) + _octal(length, 12) + _DATE
    device = _octal(entry.device[0], 8) + _octal(entry.device[1], 8)
    return _pack(name, numbers, _FLAGS[entry.kind], link, device, prefix)


def _pack(name: bytes, numbers: bytes, flag: bytes, link: bytes, device: bytes, prefix: bytes) -> bytes:  # noqa: PLR0913, PLR0917 (the fields of one header)
    """The fields that vary, in order, as one block with its checksum."""
    # Adler-32 begins with 1 plus the sum of the bytes, modulo 65,521; so many bytes of ASCII have a smaller one
    total = _SUM_OF_REST - 1 + (adler32(b"".join((name, numbers, flag, link, device, prefix))) & 0xFFFF)
    return _LAYOUT.pack(name, numbers, b"%06o\0 " % total, flag, link, _MAGIC, device, prefix)


@lru_cache(maxsize=64)
def _owned(mode: int, uid: int, gid: int) -> bytes:
    return _octal(mode, 8) + _octal(uid, 8) + _octal(gid, 8)


def _fits(number: int, width: int) -> bool:
    return 0 <= number < 1 << (width - 1) * 3


@lru_cache(maxsize=1024)  # modes, owners, the date: always the same few
def _octal(number: int, width: int) -> bytes:
    """Octal digits and a NUL; 0 where the number does not fit (its PAX record then tells)."""
    return b"%0*o\0" % (width - 1, number if _fits(number, width) else 0)


_DATE = _octal(MTIME, 12)
_ZEROS = _octal(0, 8) * 3
