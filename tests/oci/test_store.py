"""The content store under threads, processes, sudden deaths, full disks and lies."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import stat
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from jupyter_mlpack.errors import ContentDamaged, ContentMissing, DigestUnknown, FileChanged, StoreUnwritable
from jupyter_mlpack.oci.manifest import CONFIG, LAYER_GZIP, Descriptor, History, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def tar_of(text: str) -> Callable[[BinaryIO], None]:
    return lambda out: write_tar(out, [TarEntry("/file", "file", 0o644, 0, 0, data=text.encode())])


def drafts(store: Store) -> list[str]:
    return os.listdir(store.root / "tmp")


def image_of(store: Store, text: str) -> StoredImage:
    layer = store.add_layer(tar_of(text))
    return store.add_image(ImageConfig("amd64", "linux", (layer.diff_id,), (History("", text),)), [layer])


def described(data: bytes) -> Descriptor:
    return Descriptor(CONFIG, f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))


def test_add_layer__new_tar__is_kept_under_both_digests(store: Store) -> None:
    layer = store.add_layer(tar_of("a"))
    assert store.layer(layer.diff_id) == layer
    assert stat.S_IMODE(store.path(layer.descriptor.digest).stat().st_mode) == 0o644
    assert len(store.read(layer.descriptor.digest)) == layer.descriptor.size
    assert drafts(store) == []


def test_add_layer__blob_lost_or_cut_by_a_power_failure__is_made_again(store: Store) -> None:
    layer = store.add_layer(tar_of("a"))
    os.truncate(store.path(layer.descriptor.digest), 3)
    assert store.layer(layer.diff_id) is None
    assert store.add_layer(tar_of("a")) == layer
    assert store.layer(layer.diff_id) == layer


def test_add_layer__claim_from_elsewhere__is_not_believed(store: Store) -> None:
    honest = Store(store.root.with_name("other")).add_layer(tar_of("a"))
    lie = store.add_blob(b"something else", LAYER_GZIP)
    store.remember(Layer(lie, honest.diff_id))
    assert store.layer(honest.diff_id) == Layer(lie, honest.diff_id)
    assert store.add_layer(tar_of("a")) == honest
    store.remember(Layer(lie, honest.diff_id))
    assert store.layer(honest.diff_id) == honest


@pytest.mark.parametrize(
    "error", [FileChanged(path="x", expected=1, found=2), KeyboardInterrupt()], ids=["error", "interrupt"]
)
def test_add_layer__writer_fails__nothing_is_left(store: Store, error: BaseException) -> None:
    def write(out: BinaryIO) -> None:
        out.write(bytes(5 << 20))
        raise error

    with pytest.raises(type(error)):
        store.add_layer(write)
    assert drafts(store) == []
    assert not (store.root / "blobs").exists()


def test_add_layer__many_threads__one_blob(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        layers = set(pool.map(lambda number: store.add_layer(tar_of(str(number % 2))), range(24)))
    assert len(layers) == 2
    assert len(os.listdir(store.root / "blobs" / "sha256")) == 2


def _add_some(root: Path) -> None:
    store = Store(root)
    for number in range(10):
        store.tag("shared/name:1", image_of(store, str(number)).descriptor)


def test_store__several_processes__names_and_blobs_stay_whole(store: Store) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_add_some, args=(store.root,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert store.image("shared/name:1") == image_of(store, "9").named("shared/name:1")
    assert drafts(store) == []


def test_add_layer__place_that_cannot_be_a_folder__is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnwritable, match="cannot be written"):
        Store(tmp_path / "file" / "store").add_layer(tar_of("x"))


@pytest.mark.parametrize(
    ("pieces", "size"),
    [([b"ab", b"c"], 4), ([b"abc", b"d", b"e"], 4), ([b"abcX"], 4), ([], 4)],
    ids=["short", "long", "other", "nothing"],
)
def test_ingest__not_what_was_promised__is_refused(store: Store, pieces: list[bytes], size: int) -> None:
    promised = described(b"abcd")
    with pytest.raises(ContentDamaged):
        store.ingest(pieces, promised)
    assert not store.has(promised.digest)
    assert drafts(store) == []


def test_ingest__endless_stream__stops_at_the_promised_size(store: Store) -> None:
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield b"x"

    with pytest.raises(ContentDamaged):
        store.ingest(endless(), described(b"abcd"))
    assert len(taken) == 5


def test_ingest__what_was_promised__is_kept(store: Store) -> None:
    store.ingest([b"ab", b"cd"], described(b"abcd"))
    assert store.read(described(b"abcd").digest) == b"abcd"


@pytest.mark.parametrize(
    "digest", ["sha256:../../etc/passwd", "sha256:" + "A" * 64, "sha512:" + "0" * 128, "", "sha256:" + "0" * 64 + "\n"]
)
def test_path__anything_but_a_digest__is_refused(store: Store, digest: str) -> None:
    with pytest.raises(DigestUnknown):
        store.path(digest)


def test_read__blob_that_is_not_here__is_told(store: Store) -> None:
    with pytest.raises(ContentMissing):
        store.read("sha256:" + "0" * 64)


@pytest.mark.parametrize("name", ["a", "host:5000/team/train:1", "../../x", "ü" * 300, "a b\n", "CON"])
def test_tag__any_name__is_found_again(store: Store, name: str) -> None:
    image = image_of(store, "x")
    assert store.image(name) is None
    store.tag(name, image.descriptor)
    assert store.image(name) == image.named(name)
    assert store.image(image.descriptor.digest) == image.named(image.descriptor.digest)
    assert store.images() == (image.named(name),)
    store.untag(name)
    store.untag(name)
    assert store.images() == ()


def test_add_image__not_tagged__no_name_moves(store: Store) -> None:
    first = image_of(store, "1")
    store.tag("name", first.descriptor)
    image_of(store, "2")
    assert store.image("name") == first.named("name")


def test_image__manifest_gone__is_none(store: Store) -> None:
    image = image_of(store, "1")
    store.tag("name", image.descriptor)
    store.path(image.descriptor.digest).unlink()
    assert store.image("name") is None
    assert store.images() == ()


def test_store__untouched__makes_no_folder(store: Store) -> None:
    assert store.images() == ()
    assert store.image("x") is None
    assert not store.root.exists()


def test_tag__readers_meanwhile__see_the_old_or_the_new(store: Store) -> None:
    images = [image_of(store, str(number)) for number in range(2)]
    store.tag("name", images[0].descriptor)
    stop, seen = threading.Event(), set()

    def read() -> None:
        while not stop.is_set():
            found = store.image("name")
            seen.add(found and found.descriptor.digest)

    reader = threading.Thread(target=read)
    reader.start()
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        for image in images:
            store.tag("name", image.descriptor)
    stop.set()
    reader.join()
    assert seen <= {image.descriptor.digest for image in images}


def test_add_layer__large_tar__memory_stays_small(store: Store) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def write(out: BinaryIO) -> None:
        piece = os.urandom(1 << 20)
        for _ in range(150):
            out.write(piece)

    store.add_layer(write)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    unit = 1 if sys.platform == "darwin" else 1024
    assert grown * unit < 64 << 20
