"""What a power failure would leave: nothing has its name before its bytes are on the disk, and a name comes last."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.errors import StoreUnwritable
from jupyter_mlpack.oci import files
from jupyter_mlpack.oci.files import Draft
from jupyter_mlpack.oci.manifest import CONFIG, Descriptor, ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar

Call = tuple[str, str]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """The system calls that matter, in order, with what they were about; they are made as ever."""
    made: list[Call] = []
    really: dict[str, Any] = {name: getattr(os, name) for name in ("write", "fsync", "replace")}

    def told(name: str) -> Any:
        def call(*given: Any) -> Any:
            first = given[0]
            path = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else os.fspath(first)
            done = really[name](*given)
            made.append((name, path))
            if name == "replace":
                made.append(("named", os.fspath(given[1])))
            return done

        return call

    for name in really:
        monkeypatch.setattr(files.os, name, told(name))
    return made


def fill(store: Store, size: int = 100) -> None:
    """An image of one layer, a blob from elsewhere, and a name."""
    layer = store.add_layer(lambda out: write_tar(out, [TarEntry("/x", "file", 0o644, 0, 0, data=os.urandom(size))]))
    image = store.add_image(ImageConfig("amd64", "linux", (layer.diff_id,)), [layer])
    digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    store.ingest([b"abc"], Descriptor(CONFIG, digest, 3))
    store.tag("name", image.descriptor)


@pytest.mark.parametrize("size", [100, 40 << 20], ids=["small-layer", "layer-synced-meanwhile"])
def test_store__whole_image__is_on_the_disk_before_it_is_named(calls: list[Call], tmp_path: Path, size: int) -> None:
    fill(Store(tmp_path), size)
    named = [number for number, (name, path) in enumerate(calls) if name == "named" and "/diffs/" not in path]
    assert len(named) == 5  # layer, configuration, manifest, blob from elsewhere, name
    for number in named:
        draft = calls[number - 1][1]
        about = [name for name, path in calls[:number] if path == draft]
        assert about[-2:] == ["fsync", "replace"], calls[number]
        assert ("fsync", os.path.dirname(calls[number][1])) in calls[number:]
    assert "/names/" in calls[named[-1]][1]


def test_draft__disk_that_fails_meanwhile__is_told_although_the_end_goes_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    really, calls = os.fsync, []

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 1:
            raise OSError(5, "Input/output error")
        really(handle)

    monkeypatch.setattr(files.os, "fsync", fsync)
    with Draft(tmp_path / "tmp") as draft:
        draft.write(bytes(files.STRETCH))
        with pytest.raises(StoreUnwritable, match="cannot be written"):
            draft.keep(tmp_path / "blob", durable=True)
    assert len(calls) == 1
    assert not (tmp_path / "blob").exists()
    assert not os.listdir(tmp_path / "tmp")
