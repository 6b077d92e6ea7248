"""Assets in a plan and in the layers of an image: one each, and read once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.assets.plan import Fetched, with_assets
from jupyter_mlpack.assets.shelf import DATE, Item, Shelf
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.lifecycle.known_slices import KnownSlices
from jupyter_mlpack.lifecycle.workspace import write_workspace
from jupyter_mlpack.oci.slices import slice_entries
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.values import Asset, Buildpack, BuildPlan, Catalog, PlannedFile, Purpose, Stack, Target

STACK = Stack("bookworm", "debian", "12", "bookworm", "3.11", "glibc2.36", (), "user", 1000, 1000)
PACK = Buildpack("mlpack/assets", "0.1.0", Path("/nowhere"))
CATALOG = Catalog((), (PACK,), ("mlpack/python@0.1.0",))


def plan(*files: PlannedFile) -> BuildPlan:
    target = Target("linux", "amd64", "glibc2.36", "3.11")
    return BuildPlan("a:b", Purpose.TRAINING, target, STACK, CATALOG.order, files)


@pytest.fixture
def kept(tmp_path: Path, sha256: Callable[[bytes], str]) -> Callable[..., Fetched]:
    """``kept("data", {"a.csv": b"a"})``: an asset of the shelf in ``tmp_path``."""
    shelf = Shelf(tmp_path)

    def keep(path: str, files: dict[str, bytes]) -> Fetched:
        items = []
        for name, data in files.items():
            draft = shelf.partial(name)
            draft.write_bytes(data)
            shelf.keep(draft, sha256(data))
            items.append(Item(name, sha256(data), len(data)))
        return Fetched(Asset(path, "x"), tuple(items))

    return keep


def told(made: BuildPlan) -> dict[str, object]:
    (file,) = (file for file in made.files if file.path == ".mlpack/assets.json")
    return json.loads(file.text or "")


def test_plan__no_assets__as_it_was(tmp_path: Path) -> None:
    before = plan(PlannedFile("a", text="a"))
    assert with_assets(before, [], [], Shelf(tmp_path), ("", CATALOG)) is before


def test_plan__assets__replace_what_lay_there(tmp_path: Path, kept) -> None:
    before = plan(
        PlannedFile("data/old.csv", text="old"), PlannedFile("lake/x", text="x"), PlannedFile("n.ipynb", text="n")
    )
    fetched = [kept("data", {"a.csv": b"a", "in/b.csv": b"bb"}), kept("m.bin", {"": b"model"})]
    made = with_assets(before, fetched, [Asset("lake", mount=True)], Shelf(tmp_path), ("", CATALOG))
    paths = [file.path for file in made.files]
    assert paths == [".mlpack/assets.json", "data/a.csv", "data/in/b.csv", "m.bin", "n.ipynb"]
    assert made.order == ("mlpack/assets@0.1.0", "mlpack/python@0.1.0")
    assert told(made)["layers"] == [["data"], ["m.bin"]]
    assert [(row["path"], row["size"], row.get("files")) for row in told(made)["assets"]] == [
        ("data", 3, 2), ("m.bin", 5, None),
    ]  # fmt: skip
    assert told(made)["mounts"] == [{"path": "lake", "required": True}]


def test_plan__notebook_in_a_subfolder__assets_beside_it(tmp_path: Path, kept) -> None:
    made = with_assets(
        plan(), [kept("a.csv", {"": b"a"})], [Asset("/mnt/x", mount=True)], Shelf(tmp_path), ("nb", CATALOG)
    )
    assert [file.path for file in made.files] == [".mlpack/assets.json", "nb/a.csv"]
    assert told(made)["mounts"] == [{"path": "/mnt/x", "required": True}]


def test_workspace__asset__is_shared_and_the_shelf_notices_changes(tmp_path: Path, kept, sha256) -> None:
    shelf, fetched = Shelf(tmp_path), kept("a.csv", {"": b"content"})
    made = with_assets(plan(), [fetched], [], shelf, ("", CATALOG))
    write_workspace(made, tmp_path / "app")
    place = tmp_path / "app/a.csv"
    assert place.read_bytes() == b"content"
    assert os.path.samefile(place, shelf.path(sha256(b"content")))
    assert place.stat().st_mode & 0o777 == 0o644
    assert shelf.size(sha256(b"content")) == 7
    with place.open("r+b") as file:
        file.write(b"C")
    assert shelf.size(sha256(b"content")) is None


def test_workspace__other_disk__copied_with_its_date(tmp_path: Path, kept, monkeypatch: pytest.MonkeyPatch) -> None:
    made = with_assets(plan(), [kept("a.csv", {"": b"content"})], [], Shelf(tmp_path), ("", CATALOG))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    write_workspace(made, tmp_path / "app")
    assert (tmp_path / "app/a.csv").stat().st_mtime_ns == DATE


@pytest.fixture
def written(tmp_path: Path, kept, sha256):
    """An application with one asset, its slice, and the index that knows the asset's digest."""
    fetched = kept("a.csv", {"": b"content"})
    write_workspace(with_assets(plan(), [fetched], [], Shelf(tmp_path), ("", CATALOG)), tmp_path / "app")
    store = Store(tmp_path)
    (entries, _) = slice_entries(tmp_path / "app", "/workspace", [["a.csv"]], 1000, 1000)
    return store, entries, {"/workspace/a.csv": sha256(b"content")}


def test_slice__written_before__is_known_unread(written, tmp_path: Path) -> None:
    store, entries, contents = written
    known = KnownSlices(store, contents)
    assert known.find("slice-1", entries) == ""
    layer = store.add_layer(lambda out: write_tar(out, entries))
    known.remember([("slice-1", layer.diff_id), ("slice-2", "sha256:other")])
    assert KnownSlices(store, contents).find("slice-1", entries) == layer.diff_id
    (entry,) = (entry for entry in entries if entry.kind == "file")
    others = [[replace(entry, mode=0o600)], [replace(entry, uid=5)], [replace(entry, name="/workspace/b.csv")], [entry]]
    assert [KnownSlices(store, contents).find("slice-1", other) for other in others] == [""] * 4
    store.path(layer.descriptor.digest).unlink()
    assert KnownSlices(store, contents).find("slice-1", entries) == ""


def test_slice__a_buildpack_changed_the_file__is_read(written, tmp_path: Path) -> None:
    store, entries, contents = written
    layer = store.add_layer(lambda out: write_tar(out, entries))
    known = KnownSlices(store, contents)
    known.find("slice-1", entries)
    known.remember([("slice-1", layer.diff_id)])
    (tmp_path / "app/a.csv").unlink()
    (tmp_path / "app/a.csv").write_bytes(b"CONTENT")
    assert KnownSlices(store, contents).find("slice-1", entries) == ""
