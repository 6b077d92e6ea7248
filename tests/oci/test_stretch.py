"""Stretches of links: the tar of their entries, and the same members from a store as made anew, whatever is damaged."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.oci.compress import BLOCK
from jupyter_mlpack.oci.manifest import Layer
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.stretch import Piece, Stretch
from jupyter_mlpack.oci.tar import TarEntry, write_tar

AT = "/layers/own/environment/site"
BEFORE, AFTER = (TarEntry(f"{AT}/{name}", "symlink", 0o777, 1, 1, "/x") for name in ("a", "z"))


def links(count: int, name: str = "torch") -> list[TarEntry]:
    folder = TarEntry(f"{AT}/{name}", "directory", 0o755, 1, 1)
    names = (f"{AT}/{name}/{number:06}{'é' if number % 3 else ''}.py" for number in range(count))
    return [folder, *(TarEntry(path, "symlink", 0o777, 1, 1, f"/layers/own{path}") for path in names)]


def stretch(count: int, name: str = "torch", asked: list[int] | None = None) -> Stretch:
    def entries() -> list[TarEntry]:
        if asked is not None:
            asked.append(count)
        return links(count, name)

    return Stretch(f"{AT}/{name}", count, (name, count), entries)


def tar_of(*rows: TarEntry | Stretch) -> bytes:
    out = io.BytesIO()
    write_tar(out, rows)
    return out.getvalue()


def store_layer(store: Store, *rows: TarEntry | Stretch) -> Layer:
    def write(out) -> None:
        def take(one: Stretch) -> None:
            for piece in store.pieces(one):
                out.take(*piece)

        write_tar(out, rows, take)

    return store.add_layer(write, headers=True)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.mark.parametrize("count", [0, 1, 700, 3000])
def test_write_tar__stretch__is_its_entries(count: int) -> None:
    assert tar_of(BEFORE, stretch(count), AFTER) == tar_of(BEFORE, *links(count), AFTER)


@pytest.mark.parametrize("count", [1, 700, 3000])
def test_add_layer__stretch__same_tar_and_same_blob_from_a_fresh_store_and_a_used_one(
    store: Store, tmp_path: Path, count: int
) -> None:
    rows = (BEFORE, stretch(count), AFTER)
    first = store_layer(store, *rows)
    assert first.diff_id == f"sha256:{hashlib.sha256(tar_of(BEFORE, *links(count), AFTER)).hexdigest()}"
    assert gzip.decompress(store.read(first.descriptor.digest)) == tar_of(*rows)
    assert store_layer(Store(tmp_path / "other"), *rows) == first
    asked: list[int] = []
    store.path(first.descriptor.digest).unlink()
    assert store_layer(store, BEFORE, stretch(count, asked=asked), AFTER) == first
    assert not asked


def test_add_layer__other_neighbours__the_members_of_the_stretch_are_the_same(store: Store) -> None:
    blobs = [
        store.read(store_layer(store, *rows).descriptor.digest)
        for rows in ((BEFORE, stretch(3000), AFTER), (stretch(3000), *links(5, "x")))
    ]
    members = b"".join(member for _, member in store.pieces(stretch(3000)))
    assert len(tar_of(*links(3000))) > BLOCK
    assert all(blob.count(members) == 1 for blob in blobs)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "no sizes": lambda data: data.partition(b"\n")[2],
    "sizes are no list": lambda data: b"7\n" + data.partition(b"\n")[2],
    "sizes are no numbers": lambda data: b'["a"]\n' + data.partition(b"\n")[2],
    "cut": lambda data: data[:-1],
    "more": lambda data: data + b"\0",
    "first member flipped": lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
    "last member flipped": lambda data: data[:-20] + bytes([data[-20] ^ 1]) + data[-19:],
    "wrong checksum": lambda data: data[:-8] + bytes(4) + data[-4:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_pieces__damaged__are_made_anew_and_mended(store: Store, damage: Callable[[bytes], bytes]) -> None:
    whole: list[Piece] = list(store.pieces(stretch(3000)))
    assert len(whole) > 1
    place = store.root / "links" / stretch(3000).key
    good = place.read_bytes()
    place.write_bytes(damage(good))
    assert list(store.pieces(stretch(3000))) == whole
    assert place.read_bytes() == good


@pytest.mark.parametrize("other", [stretch(3001), stretch(3000, "torchx"), Stretch(AT, 3000, ("x", 3000), list)])
def test_key__another_stretch__another_key(other: Stretch) -> None:
    assert stretch(3000).key == stretch(3000).key != other.key


def test_pieces__use__is_seen_by_the_date(store: Store) -> None:
    list(store.pieces(stretch(1)))
    place = store.root / "links" / stretch(1).key
    before = place.stat().st_ctime_ns
    list(store.pieces(stretch(1)))
    assert place.stat().st_ctime_ns > before
