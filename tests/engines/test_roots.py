"""Unpacking an image for the first time tells how far it is; the second time there is nothing to tell."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from jupyter_mlpack.engines.roots import unpacked_root
from jupyter_mlpack.oci import ImageConfig, Layer, Store, TarEntry, write_tar
from jupyter_mlpack.oci.manifest import History


def add_layer(store: Store, name: str, size: int) -> Layer:
    entries = [
        TarEntry("/layers", "directory", 0o755, 0, 0),
        TarEntry(f"/layers/{name}", "file", 0o644, 0, 0, size=size, data=os.urandom(size)),
    ]
    return store.add_layer(functools.partial(write_tar, entries=entries))


def test_unpacked_root__first_time__tells_bytes_up_to_the_total(tmp_path: Path) -> None:
    store = Store(tmp_path)
    layers = [add_layer(store, name, size) for name, size in (("small", 1_000), ("large", 20_000_000))]
    history = tuple(History("1980-01-01T00:00:01Z", "x") for _ in layers)
    config = ImageConfig("amd64", "linux", tuple(x.diff_id for x in layers), history, (), (), (), "/", "1000", ())
    image = store.add_image(config, layers)
    told: list[tuple[int, int]] = []
    root = unpacked_root(store, image, lambda done, total: told.append((done, total)))
    assert (root / "layers" / "large").stat().st_size == 20_000_000
    total = sum(layer.descriptor.size for layer in layers)
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert {size for _, size in told} == {total}
    told.clear()
    assert unpacked_root(store, image, lambda done, total: told.append((done, total))) == root
    assert told == []
