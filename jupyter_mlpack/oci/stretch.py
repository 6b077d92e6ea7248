"""Stretches of a layer of links that are packed once for a machine: the headers of a folder's links, as gzip members.

Two environments that share torch share 20,000 links. A stretch stands for all entries of one folder; where it begins
and ends the members of the layer's gzip do, too, so that its members are the same in every layer that has it.

Below the store, ``links/<key>``: a line of JSON with the members' sizes, and the members. It is a cache: what is
missing or damaged is made anew, and comes out the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.oci.compress import BLOCK, DAMAGED, inflate, pack_headers
from jupyter_mlpack.oci.files import write_whole
from jupyter_mlpack.oci.header import header_blocks

if TYPE_CHECKING:
    from jupyter_mlpack.oci.tar import TarEntry

FORMAT = 1
"""Raised when equal entries shall be packed in another way."""

Piece = tuple[bytes, bytes]
"""Bytes of tar, and the gzip member that holds them."""


@dataclass(frozen=True)
class Stretch:
    """The folder ``name`` of an image with ``count`` links below it, in place of their entries.

    ``identity`` says what decides the entries: equal ones, equal bytes.
    """

    name: str
    count: int
    identity: tuple[object, ...]
    entries: Callable[[], Sequence[TarEntry]] = field(hash=False, repr=False)
    length: int = 0
    """Bytes of content: links have none."""

    @property
    def key(self) -> str:
        """A digest of all that decides the members."""
        said = json.dumps([FORMAT, BLOCK, zlib.ZLIB_RUNTIME_VERSION, self.name, *self.identity])
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """The tar in pieces of ``BLOCK`` bytes, the last one shorter."""
        block = bytearray()
        for entry in self.entries():
            block += header_blocks(entry, 0)
            while len(block) >= BLOCK:
                yield bytes(block[:BLOCK])
                del block[:BLOCK]
        if block:
            yield bytes(block)


def pieces(stretch: Stretch, folder: Path, drafts: Path) -> Iterator[Piece]:
    """The members of a stretch, in order: from ``folder``, or made and kept there by way of ``drafts``.

    Raises ``StoreFull``, ``StoreUnwritable``, and what ``entries`` raises.
    """
    place, done = folder / stretch.key, 0
    try:
        for member in kept(place):
            yield inflate(member), member
            done += 1
    except (OSError, TypeError, *DAMAGED):
        members = []
        for number, block in enumerate(stretch.blocks()):
            members.append(pack_headers(block))
            if number >= done:
                yield block, members[-1]
        sizes = json.dumps([len(member) for member in members]).encode()
        write_whole(drafts, place, b"\n".join((sizes, b"".join(members))))
    else:
        with suppress(OSError):
            os.utime(place)  # in use: what nobody has used for long may go


def kept(place: Path) -> list[bytes]:
    """The members in a file. Raises ``OSError``, ``ValueError``, ``TypeError`` where it is not as it should be."""
    head, _, data = place.read_bytes().partition(b"\n")
    members, start = [], 0
    for size in json.loads(head):
        members.append(data[start : start + size])
        start += size
    if start != len(data):
        raise ValueError(place)
    return members
