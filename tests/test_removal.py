"""Removing an image: what it alone needed goes, what others need or use stays, whatever happens at the same time."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack import removal
from jupyter_mlpack.engines.roots import root_folder, unpacked_root
from jupyter_mlpack.oci import ImageConfig, Layer, Store, StoredImage, TarEntry, write_tar
from jupyter_mlpack.oci.manifest import History
from jupyter_mlpack.oci.sharing import alone, hold_folder, together
from jupyter_mlpack.removal import remove_image


def add_layer(store: Store, folder: Path, name: str) -> Layer:
    """A layer of one file in a folder that may not be written to."""
    source = folder / name
    source.write_bytes(os.urandom(50_000))
    entries = [
        TarEntry("/layers", "directory", 0o755, 0, 0),
        TarEntry(f"/layers/{name}", "directory", 0o555, 0, 0),
        TarEntry(f"/layers/{name}/data", "file", 0o644, 0, 0, size=50_000, source=source),
    ]
    return store.add_layer(functools.partial(write_tar, entries=entries))


def add_image(store: Store, name: str, *layers: Layer) -> StoredImage:
    history = tuple(History("1980-01-01T00:00:01Z", f"layer {number}") for number in range(len(layers)))
    diff_ids = tuple(layer.diff_id for layer in layers)
    config = ImageConfig("amd64", "linux", diff_ids, history, (), ("/x",), (), "/", "1000", (("name", name),))
    image = store.add_image(config, layers)
    store.tag(name, image.descriptor)
    return image.named(name)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def pair(store: Store, tmp_path: Path) -> tuple[StoredImage, StoredImage]:
    """Two images over one layer, both unpacked."""
    base, mine, yours = (add_layer(store, tmp_path, name) for name in ("base", "mine", "yours"))
    images = add_image(store, "mine:1", base, mine), add_image(store, "yours:1", base, yours)
    for image in images:
        unpacked_root(store, image)
    return images


def whole(store: Store, image: StoredImage) -> bool:
    """Whether nothing of an image is missing, packed or unpacked."""
    blobs = all(store.has(layer.descriptor.digest) and store.layer(layer.diff_id) for layer in image.layers)
    return blobs and len(list(root_folder(store, image).glob("layers/*/data"))) == len(image.layers)


def test_remove_image__shared_layer__stays_and_the_rest_goes(
    store: Store, pair: tuple[StoredImage, StoredImage]
) -> None:
    mine, yours = pair
    removed = remove_image(store, "mine:1")
    assert store.image("mine:1") is None
    assert whole(store, yours)
    assert not store.has(mine.layers[1].descriptor.digest)
    assert not store.has(mine.descriptor.digest)
    assert store.layer(mine.layers[1].diff_id) is None
    assert not root_folder(store, mine).exists()
    assert 100_000 < removed.freed < 200_000  # one blob and one file; the other is linked
    assert remove_image(store, "mine:1") == removal.Removed("mine:1")
    assert whole(store, yours)


def test_remove_image__last_one__leaves_nothing(store: Store, pair: tuple[StoredImage, StoredImage]) -> None:
    assert pair
    assert remove_image(store, "mine:1").freed + remove_image(store, "yours:1").freed > 300_000
    left = [path for path in store.root.rglob("*") if path.is_file() and path.name != "lock"]
    assert left == []


def test_remove_image__another_name_for_the_same__stays_whole(
    store: Store, pair: tuple[StoredImage, StoredImage]
) -> None:
    store.tag("also:1", pair[0].descriptor)
    assert remove_image(store, "mine:1").freed < 10_000
    again = store.image("also:1")
    assert again is not None
    assert whole(store, again)


def test_remove_image__somebody_builds__only_the_name_goes(store: Store, pair: tuple[StoredImage, StoredImage]) -> None:
    code = "import sys, pathlib; from jupyter_mlpack.oci.sharing import together\n"
    code += "with together(pathlib.Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(store.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as builder:
        assert builder.stdout
        assert builder.stdout.readline() == b"in\n"
        removed = remove_image(store, "mine:1", patience=0.3)
        assert (removed.busy, removed.freed) == (True, 0)
        assert store.image("mine:1") is None
        assert whole(store, pair[0])
        builder.kill()
    assert not remove_image(store, "mine:1", patience=0.3).busy


def test_remove_image__forgotten_content__goes_when_it_is_old(
    store: Store, pair: tuple[StoredImage, StoredImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.untag("mine:1")
    remove_image(store, "none:1")
    assert whole(store, pair[0])
    monkeypatch.setattr(removal, "GRACE", -1.0)
    assert remove_image(store, "none:1").freed > 100_000
    assert not store.has(pair[0].layers[1].descriptor.digest)
    assert whole(store, pair[1])


def test_remove_image__a_job_runs_in_it__its_root_stays(store: Store, pair: tuple[StoredImage, StoredImage]) -> None:
    root = root_folder(store, pair[0])
    hold = hold_folder(root)
    assert hold is not None
    remove_image(store, "mine:1")
    assert len(list(root.glob("layers/*/data"))) == 2
    os.close(hold)
    add = store.add_image(pair[0].config, pair[0].layers[:1])  # what is left of it may still be named
    assert add


@pytest.mark.parametrize("damage", [b"{", b"{}", b'{"name": "x", "manifest": {}}'], ids=["torn", "empty", "odd"])
def test_remove_image__a_name_that_cannot_be_read__nothing_is_taken_for_garbage(
    store: Store, pair: tuple[StoredImage, StoredImage], damage: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "GRACE", -1.0)
    (store.root / "names" / f"{'0' * 64}.json").write_bytes(damage)
    assert remove_image(store, "mine:1").freed == 0
    assert whole(store, pair[0])


def test_alone__waits_for_others_and_others_for_it(tmp_path: Path) -> None:
    with together(tmp_path), together(tmp_path), alone(tmp_path, 0) as ours:
        assert not ours
    with alone(tmp_path, 0) as ours:
        assert ours


def test_images__json__tells_layers_and_what_was_freed(
    store: Store, pair: tuple[StoredImage, StoredImage], run_cli: Callable[..., dict[str, object]]
) -> None:
    listed = run_cli("images")["images"]
    assert isinstance(listed, list)
    assert [image["name"] for image in listed] == ["mine:1", "yours:1"]
    assert [layer["digest"] for layer in listed[0]["layers"]] == [layer.descriptor.digest for layer in pair[0].layers]
    assert [layer["origin"] for layer in listed[0]["layers"]] == ["layer 0", "layer 1"]
    first, again = (run_cli("images", "mine:1", "--remove") for _ in range(2))
    assert first["removed"] == again["removed"] == "mine:1"
    assert isinstance(first["freed"], int)
    assert first["freed"] > 0
    assert again["freed"] == 0


@pytest.fixture
def run_cli(store: Store) -> Callable[..., dict[str, object]]:
    """``jupyter mlpack ... --format json``: the last line."""

    def run(*words: str) -> dict[str, object]:
        command = [sys.executable, "-m", "jupyter_mlpack", *words, "--format", "json", "--home", str(store.root)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        data: dict[str, object] = json.loads(answer.stdout.splitlines()[-1])
        return data

    return run
