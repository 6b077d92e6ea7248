"""Images that cross without the layers that are known on both sides."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import pytest

from jupyter_mlpack.elsewhere.layouts import DOCKER_LAYER, own_layers, place, sparse, take
from jupyter_mlpack.errors import ContentDamaged, ResultUnusable
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.manifest import LAYER_GZIP, Descriptor, ImageConfig, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar


def make_image(store: Store, *texts: str) -> StoredImage:
    def write(out: object, text: str) -> None:
        write_tar(out, [TarEntry("/a", "file", 0o644, 0, 0, data=text.encode())])  # type: ignore[arg-type]

    layers = [store.add_layer(lambda out, text=text: write(out, text)) for text in texts]  # type: ignore[misc]
    config = ImageConfig("amd64", "linux", tuple(layer.diff_id for layer in layers))
    return store.add_image(config, layers)


def as_tar(entries: Iterable[TarEntry]) -> io.BytesIO:
    out = io.BytesIO()
    write_tar(out, entries)
    return io.BytesIO(out.getvalue())


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        pytest.param("train:1", "/layout/index.docker.io/library/train/1", id="short"),
        pytest.param("team/train", "/layout/index.docker.io/team/train/latest", id="no-tag"),
        pytest.param("127.0.0.1:5000/a/b:x", "/layout/127.0.0.1:5000/a/b/x", id="port"),
        pytest.param(f"r.example/a@sha256:{'0' * 64}", f"/layout/r.example/a/sha256/{'0' * 64}", id="digest"),
    ],
)
def test_place__a_name__the_folder_of_the_lifecycle(name: str, folder: str) -> None:
    assert place(name) == folder


def test_sparse__then_taken__the_same_image_and_only_the_layers_that_lack(tmp_path: Path) -> None:
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    base = make_image(there, "base")
    whole = make_image(here, "base", "app")
    entries = list(sparse(whole, "train:1", here, kept=[whole.config.diff_ids[1]]))
    assert sum("/blobs/" in entry.name for entry in entries) == 3
    taken = take(as_tar(entries), "train:1", there, "in a test")
    assert taken.descriptor.digest == whole.descriptor.digest
    assert there.has(base.layers[0].descriptor.digest)


def test_take__a_layer_that_nobody_has__refused(tmp_path: Path) -> None:
    here = Store(tmp_path / "here")
    whole = make_image(here, "base", "app")
    with pytest.raises(ResultUnusable) as caught:
        take(as_tar(sparse(whole, "train:1", here)), "train:1", Store(tmp_path / "there"), "in a test")
    assert whole.config.diff_ids[1] in caught.value.sentence("why")


def test_take__a_blob_that_is_another__refused(tmp_path: Path) -> None:
    here = Store(tmp_path / "here")
    entries = [
        replace(entry, source=None, data=b"x" * entry.length) if "/blobs/" in entry.name else entry
        for entry in sparse(make_image(here, "app"), "train:1", here)
    ]
    with pytest.raises(ContentDamaged):
        take(as_tar(entries), "train:1", Store(tmp_path / "there"), "in a test")


@pytest.mark.parametrize("data", [b"no tar at all" * 100, b""], ids=["words", "nothing"])
def test_take__no_layout__refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(ResultUnusable):
        take(io.BytesIO(data), "train:1", Store(tmp_path), "in a test")


def test_own_layers__media_types_of_docker__become_those_of_oci(tmp_path: Path) -> None:
    image = make_image(Store(tmp_path), "app")
    one = image.manifest.layers[0]
    mixed = replace(image, manifest=replace(image.manifest, layers=(Descriptor(DOCKER_LAYER, one.digest, one.size),)))
    assert [layer.descriptor.media_type for layer in own_layers(mixed)] == [LAYER_GZIP]
