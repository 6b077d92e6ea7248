"""Unpacking as a plain user: what layers mean, and what they must not be able to do."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from jupyter_mlpack.errors import LayerDamaged, LayerUnsafe, MlpackError, OutputOccupied
from jupyter_mlpack.oci.manifest import LAYER_GZIP, LAYER_TAR, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.unpack import unpack_image

Member = tuple[str, bytes, str]


def file(name: str, text: str = "new") -> Member:
    return name, tarfile.REGTYPE, text


def folder(name: str) -> Member:
    return name, tarfile.DIRTYPE, ""


def link(name: str, target: str) -> Member:
    return name, tarfile.SYMTYPE, target


def hard(name: str, target: str) -> Member:
    return name, tarfile.LNKTYPE, target


def tar_of(members: Sequence[Member], mode: int = 0o644) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, text in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, mode
            content = text.encode() if kind == tarfile.REGTYPE else b""
            info.size, info.linkname = len(content), text if kind != tarfile.REGTYPE else ""
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def image_of(store: Store, *tars: bytes, compress: bool = True) -> StoredImage:
    layers = []
    for tar in tars:
        blob = store.add_blob(gzip.compress(tar, mtime=0) if compress else tar, LAYER_GZIP if compress else LAYER_TAR)
        layers.append(Layer(blob, f"sha256:{hashlib.sha256(tar).hexdigest()}"))
    return store.add_image(ImageConfig("amd64", "linux", tuple(layer.diff_id for layer in layers)), layers)


def tree(root: Path) -> dict[str, str]:
    """What is there: files by their text, links by their target, folders by a slash."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        found[name] = f"-> {os.readlink(path)}" if path.is_symlink() else "/" if path.is_dir() else path.read_text()
    return found


MEANINGS = {
    "absolute-and-dotted-names": ([[file("/a/b"), file("./c")]], {"a": "/", "a/b": "new", "c": "new"}),
    "replaced-by-a-later-layer": ([[file("a", "old")], [file("a")]], {"a": "new"}),
    "file-becomes-folder": ([[file("a", "old")], [folder("a"), file("a/b")]], {"a": "/", "a/b": "new"}),
    "folder-becomes-file": ([[file("a/b", "old")], [file("a")]], {"a": "new"}),
    "link-becomes-folder": ([[link("a", "b")], [folder("a")]], {"a": "/"}),
    "folder-stays": ([[file("a/b", "old")], [folder("a")]], {"a": "/", "a/b": "old"}),
    "whiteout": ([[file("a/b", "old"), file("a/c", "old")], [file("a/.wh.b", "")]], {"a": "/", "a/c": "old"}),
    "whiteout-of-a-folder": ([[file("a/b/c", "old")], [file("a/.wh.b", "")]], {"a": "/"}),
    "whiteout-of-nothing": ([[file(".wh.x", "")]], {}),
    "whiteout-of-a-link-spares-its-target": ([[file("t"), link("a", "t")], [file(".wh.a", "")]], {"t": "new"}),
    "whiteout-after-its-replacement": ([[file("a", "old")], [file("a"), file(".wh.a", "")]], {"a": "new"}),
    "opaque": (
        [[file("a/b", "old"), file("a/d/e", "old")], [folder("a"), file("a/.wh..wh..opq", ""), file("a/c")]],
        {"a": "/", "a/c": "new"},
    ),
    "opaque-after-new-files": (
        [[file("a/b", "old"), file("a/d/e", "old")], [file("a/d/f"), file("a/.wh..wh..opq", "")]],
        {"a": "/", "a/d": "/", "a/d/f": "new"},
    ),
    "aufs-metadata-is-ignored": ([[file(".wh..wh.plnk", "")]], {}),
    "hard-link": ([[file("a"), hard("b/c", "a")]], {"a": "new", "b": "/", "b/c": "new"}),
    "hard-link-is-replaced-not-written-through": (
        [[file("a", "old"), hard("b", "/a")], [file("a")]], {"a": "new", "b": "old"},
    ),
    "links-verbatim": (
        [[link("a", "/etc/passwd"), link("b", "../../..")]], {"a": "-> /etc/passwd", "b": "-> ../../.."},
    ),
    "merged-usr": (
        [[folder("usr/lib"), link("lib", "usr/lib")], [file("lib/x.so")]],
        {"usr": "/", "usr/lib": "/", "usr/lib/x.so": "new", "lib": "-> usr/lib"},
    ),
    "absolute-link-on-the-way-is-within-the-root": (
        [[link("l", "/inside")], [file("l/x")]], {"l": "-> /inside", "inside": "/", "inside/x": "new"},
    ),
    "climbing-link-on-the-way-stays-in-the-root": (
        [[link("l", "../../../../up")], [file("l/x")]], {"l": "-> ../../../../up", "up": "/", "up/x": "new"},
    ),
    "devices-and-pipes-are-left-out": (
        [[("null", tarfile.CHRTYPE, ""), ("disk", tarfile.BLKTYPE, ""), ("pipe", tarfile.FIFOTYPE, ""), file("a")]],
        {"a": "new"},
    ),
    "root-entry": ([[folder("./"), folder("/"), file("a")]], {"a": "new"}),
    "name-that-is-no-ascii": ([[file("é/" + "x" * 150)]], {"é": "/", "é/" + "x" * 150: "new"}),
}  # fmt: skip


@pytest.mark.parametrize("compress", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize(("layers", "expected"), MEANINGS.values(), ids=MEANINGS.keys())
def test_unpack__layers__mean(
    store: Store, tmp_path: Path, layers: list[list[Member]], expected: dict[str, str], compress: bool
) -> None:
    unpack_image(store, image_of(store, *map(tar_of, layers), compress=compress), tmp_path / "root")
    assert tree(tmp_path / "root") == expected


HOSTILE = {
    "climbs": [file("../outside")],
    "climbs-from-below": [file("a/../../outside")],
    "climbs-absolutely": [file("/../outside")],
    "root-replaced-by-a-link": [link("./", "/etc")],
    "root-replaced-by-a-file": [file("/")],
    "file-on-the-way": [file("a"), file("a/b")],
    "links-in-a-circle": [link("a", "b"), link("b", "a"), file("a/x")],
    "hard-link-to-the-host": [hard("a", "/etc/passwd")],
    "hard-link-climbs": [hard("a", "../../etc/passwd")],
    "hard-link-through-a-link": [link("l", "/etc"), hard("a", "l/passwd")],
    "hard-link-to-a-folder": [folder("d"), hard("a", "d")],
    "whiteout-of-the-parent": [file("a/.wh...", "")],
    "whiteout-of-the-folder-itself": [file("a/.wh..", "")],
    "whiteout-of-nothing-named": [file("a/.wh.", "")],
    "whiteout-climbs": [file("../.wh.outside", "")],
    "link-to-nothing": [link("a", "")],
    "endless-folders": [file("d/" * 300 + "x")],
    "endless-folders-by-links": [file("d/" * 150 + "x"), link("l", "d/" * 150), file("l/" + "d/" * 150 + "x")],
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE.keys())
def test_unpack__hostile_layer__is_refused_and_nothing_lands_outside(
    store: Store, tmp_path: Path, members: list[Member]
) -> None:
    (tmp_path / "outside").write_text("mine")
    image = image_of(store, tar_of(members))
    with pytest.raises(LayerUnsafe) as failure:
        unpack_image(store, image, tmp_path / "root")
    assert all(failure.value.sentence(part) for part in ("what", "where", "why", "hint"))
    assert sorted(os.listdir(tmp_path)) == ["outside", "root", "store"]
    assert (tmp_path / "outside").read_text() == "mine"


@pytest.mark.parametrize("target", ["{outside}", "../outside", "{outside}/.", "..//./outside"])
@pytest.mark.parametrize(
    "rest", [[file("l/stolen")], [file("l/.wh.precious", "")], [file("l/.wh..wh..opq", "")], [file("l")]]
)
def test_unpack__link_to_the_outside__is_never_followed(
    store: Store, tmp_path: Path, target: str, rest: list[Member]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    layers = [link("l", target.format(outside=outside))], rest
    unpack_image(store, image_of(store, *map(tar_of, layers)), tmp_path / "root")
    assert tree(outside) == {"precious": "mine"}


def test_unpack__set_id_and_closed_modes__stay_harmless_and_removable(store: Store, tmp_path: Path) -> None:
    image = image_of(store, tar_of([file("a")], 0o6777), tar_of([folder("d"), file("d/b")], 0o1000))
    before = os.umask(0o077)
    try:
        unpack_image(store, image, tmp_path / "root")
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((tmp_path / "root" / name).stat().st_mode) for name in ("a", "d", "d/b")}
    assert modes == {"a": 0o777, "d": 0o700, "d/b": 0o400}


GOOD = tar_of([file("a", "x" * 5000)])
DAMAGED = {
    "cut-gzip": gzip.compress(GOOD)[:-20],
    "broken-gzip": gzip.compress(os.urandom(3000))[:900] + b"\0" * 900,
    "cut-tar": gzip.compress(GOOD[:2000]),
    "no-tar": gzip.compress(b"hello" * 300),
    "zstd": b"\x28\xb5\x2f\xfd" + bytes(100),
    "other-content": gzip.compress(tar_of([file("b")])),
    "sparse-number": gzip.compress(GOOD[:124] + b"\xff" * 12 + GOOD[136:]),
}


@pytest.mark.parametrize("blob", DAMAGED.values(), ids=DAMAGED.keys())
def test_unpack__damaged_layer__is_told(store: Store, tmp_path: Path, blob: bytes) -> None:
    layer = Layer(store.add_blob(blob, LAYER_GZIP), f"sha256:{hashlib.sha256(GOOD).hexdigest()}")
    image = store.add_image(ImageConfig("amd64", "linux", (layer.diff_id,)), [layer])
    with pytest.raises(LayerDamaged):
        unpack_image(store, image, tmp_path / "root")


@pytest.mark.parametrize("at", [*range(0, 512, 7), *range(512, 1100, 31)])
def test_unpack__one_flipped_byte__is_told(store: Store, tmp_path: Path, at: int) -> None:
    tar = bytearray(tar_of([file("é" * 60), hard("b", "é" * 60), link("c", "d")]))
    right = hashlib.sha256(tar).hexdigest()
    tar[at] ^= 0x55
    layer = Layer(store.add_blob(bytes(tar), LAYER_TAR), f"sha256:{right}")
    image = store.add_image(ImageConfig("amd64", "linux", (layer.diff_id,)), [layer])
    with pytest.raises(MlpackError):
        unpack_image(store, image, tmp_path / "root")


def test_unpack__folder_that_is_not_empty__is_left_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "mine").touch()
    with pytest.raises(OutputOccupied):
        unpack_image(store, image_of(store, GOOD), tmp_path / "root")
    assert tree(tmp_path / "root") == {"mine": ""}
