"""What the store keeps is counted once, and goes by age and size; images with a name, and what is in use, stay."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.collection import DAY, Collected, Limits, collect, tidy
from jupyter_mlpack.engines.roots import root_folder, unpacked_root
from jupyter_mlpack.lifecycle.known_layers import KnownLayers
from jupyter_mlpack.lifecycle.records import LayerRecord
from jupyter_mlpack.oci import ImageConfig, Layer, Store, StoredImage, TarEntry, write_tar
from jupyter_mlpack.oci.manifest import History
from jupyter_mlpack.oci.sharing import STAMP, hold_folder, is_due, together
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.storage import REMAKEABLE, survey

ALL = Limits(age=0)


def add_layer(store: Store, folder: Path, name: str) -> Layer:
    source = folder / name
    source.write_bytes(os.urandom(50_000))
    entry = TarEntry(f"/layers/{name}", "file", 0o644, 0, 0, size=50_000, source=source)
    return store.add_layer(functools.partial(write_tar, entries=[entry]))


def add_image(store: Store, name: str, *layers: Layer) -> StoredImage:
    history = tuple(History("1980-01-01T00:00:01Z", f"layer {number}") for number in range(len(layers)))
    config = ImageConfig("amd64", "linux", tuple(layer.diff_id for layer in layers), history)
    image = store.add_image(config, layers)
    store.tag(name, image.descriptor)
    return image.named(name)


def put(store: Store, name: str, size: int = 20_000, days: float = 0) -> Path:
    """A folder or a file of the store, last used so many days ago."""
    path = store.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    place = path if path.suffix else path / "file"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(os.urandom(size))
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with an image, a layer that no image needs, and something in every room."""
    store = Store(tmp_path / "store")
    image = add_image(store, "mine:1", add_layer(store, tmp_path, "base"), add_layer(store, tmp_path, "mine"))
    unpacked_root(store, image)
    lost = add_layer(store, tmp_path, "lost")
    known = KnownLayers(store.root, store)
    for name, layer in (("lost", lost), ("mine", image.layers[1])):
        known.remember("some/pack", name, LayerRecord(True, False, False, {"key": name}, layer.diff_id), {})
    for name in ("wheels/one", "outcomes/some_pack/a.json", "cache/mine%3A1", "cache/other%3A1", "kernels/a.json"):
        put(store, name)
    put(store, "stacks/bookworm-amd64/cache/archives/a.deb")
    put(store, "conda/packages/one")
    put(store, "links/one.bin")
    put(store, "assets/files/one.bin")
    put(store, "sources/one")
    put(store, "trust/one.pem")
    put(store, "stacks/bookworm-amd64/image.json")
    put(store, "locks/a.json")
    return store


def rooms(store: Store) -> dict[str, int]:
    return {room.room: room.size for room in survey(store)}


def test_survey__every_file__is_counted_once(store: Store) -> None:
    used = subprocess.run(["du", "-s", "-B1", str(store.root)], capture_output=True, text=True, check=True)
    folders = sum(path.lstat().st_blocks * 512 for path in (store.root, *store.root.rglob("*")) if path.is_dir())
    found = rooms(store)
    assert abs(sum(found.values()) - int(used.stdout.split()[0])) <= folders
    assert all(found.values()), found
    assert 100_000 < found["images"] < 150_000
    assert 50_000 < found["layers"] < 70_000
    assert 100_000 < found["unpacked"] < 150_000  # roots are links into trees


def test_collect__everything__leaves_images_and_what_cannot_be_made_again(store: Store) -> None:
    before = rooms(store)
    would = collect(store, ALL, dry=True)
    assert rooms(store) == before
    done = collect(store, ALL)
    assert 150_000 < done.freed <= would.freed
    assert done.count == would.count
    left = rooms(store)
    assert [left[room] for room in REMAKEABLE] == [0] * len(REMAKEABLE)
    assert {room: left[room] for room in ("images", "locks")} == {room: before[room] for room in ("images", "locks")}
    image = store.image("mine:1")
    assert image is not None
    assert all(store.layer(layer.diff_id) for layer in image.layers)
    assert (store.root / "stacks/bookworm-amd64/image.json").is_file()
    assert unpacked_root(store, image).is_dir()


def test_survey__files_shared_with_another_folder__do_not_count_as_free(store: Store, tmp_path: Path) -> None:
    os.link(store.root / "wheels/one/file", tmp_path / "shared")
    found = {room.room: room for room in survey(store)}
    assert found["wheels"].size > 20_000
    assert found["wheels"].free < 20_000
    assert found["layers"].free == found["layers"].size
    assert (found["images"].free, found["other"].free) == (0, 0)
    free = sum(found[room].free for room in REMAKEABLE)
    assert 150_000 < collect(store, ALL, dry=True).freed == free


def test_collect__one_room__others_stay(store: Store) -> None:
    before = rooms(store)
    collect(store, Limits(age=0, rooms=("kernels",)))
    after = rooms(store)
    assert after["kernels"] == 0
    assert {room: size for room, size in before.items() if room not in ("kernels", "other")} == {
        room: size for room, size in after.items() if room not in ("kernels", "other")
    }


def test_collect__by_age__what_was_used_stays(store: Store) -> None:
    old, young = put(store, "wheels/old", days=31), put(store, "wheels/young", days=29)
    image = store.image("mine:1")
    assert image is not None
    root, tree = root_folder(store, image), next((store.root / "trees").iterdir())
    for path in (root, tree):
        os.utime(path, (time.time() - 40 * DAY,) * 2)
    unpacked_root(store, image)  # using it is what keeps it
    collect(store, Limits(age=30 * DAY))
    assert not old.exists()
    assert young.exists()
    assert root.exists()
    assert not tree.exists()


def test_collect__by_size__the_longest_unused_goes_first(store: Store) -> None:
    collect(store, ALL)
    paths = {days: put(store, f"wheels/{days}", size=100_000, days=days) for days in (3, 1, 2)}
    total = sum(rooms(store).values())
    collect(store, Limits(size=total - 150_000, rooms=("wheels",)))
    assert [days for days, path in sorted(paths.items()) if path.exists()] == [1]
    collect(store, Limits(size=0))
    assert rooms(store)["images"] > 100_000
    assert collect(store, Limits(size=0)).count == 0


def test_collect__folder_of_a_running_job__stays(store: Store) -> None:
    image = store.image("mine:1")
    assert image is not None
    root = root_folder(store, image)
    handle = hold_folder(root)
    assert handle is not None
    collect(store, ALL)
    assert root.is_dir()
    os.close(handle)
    collect(store, ALL)
    assert not root.exists()


def test_collect__somebody_builds__nothing_goes(store: Store) -> None:
    before = rooms(store)
    with together(store.root):
        assert collect(store, ALL, patience=0.2) == Collected(busy=True)
    assert rooms(store) == before


def test_collect__name_that_cannot_be_read__no_layer_goes(store: Store) -> None:
    before = rooms(store)["layers"]
    (store.root / "names" / "broken.json").write_text("{")
    collect(store, ALL)
    assert rooms(store)["images"] > before  # what is needed by whom is not known
    image = store.image("mine:1")
    assert image is not None
    assert all(store.layer(layer.diff_id) for layer in image.layers)


def test_collect__halves_of_killed_processes__go_when_nobody_can_be_at_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [put(store, name) for name in ("trees/.making-a", "wheels/.making-b", "cache/mine%3A1.new")]
    removed = put(store, "trees/.removing-c")
    limits = Limits(age=1000 * DAY)
    collect(store, limits)
    assert not removed.exists()
    assert all(path.exists() for path in made)
    monkeypatch.setattr("jupyter_mlpack.removal.GRACE", -1.0)
    collect(store, limits)
    assert not any(path.exists() for path in made)


def test_collect__entry_of_a_layer_that_is_gone__goes_with_it(store: Store) -> None:
    entries = store.root / "known" / "some_pack"
    lost = json.loads((entries / "lost.json").read_text())["diff_id"]
    layer = store.layer(lost)
    assert layer is not None
    store.path(layer.descriptor.digest).unlink()
    collect(store, Limits(age=1000 * DAY))
    assert [path.name for path in entries.iterdir()] == ["mine.json"]


def test_tidy__once_a_day_and_only_what_is_old(store: Store) -> None:
    old, young = put(store, "wheels/old", days=31), put(store, "wheels/young", days=29)
    before = rooms(store)["layers"]
    assert is_due(store.root)
    with together(store.root):
        tidy(store)
    assert old.exists()
    assert is_due(store.root)
    tidy(store)
    assert (old.exists(), young.exists()) == (False, True)
    assert rooms(store)["layers"] == before
    assert not is_due(store.root)
    os.utime(store.root / STAMP, (time.time() - 2 * DAY,) * 2)
    assert is_due(store.root)


def test_tidy__scratch_of_a_killed_build__goes_after_an_hour_unless_held(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    left, others = tmp_path / "mlpack-0123456789ab", [tmp_path / "mlpack-mine", tmp_path / "mlpack-0123456789abc"]
    for folder in (left, *others):
        (folder / "platform" / "env").mkdir(parents=True)
        (folder / "platform" / "env" / "TOKEN").write_text("secret")
    with scratch_folder() as held:
        tidy(store)
        assert left.exists()
        monkeypatch.setattr("jupyter_mlpack.scratch.HOUR", -1.0)
        tidy(store)
        assert held.exists()
    assert not left.exists()
    assert not held.exists()
    assert all(folder.exists() for folder in others)


def test_is_due__no_store_yet__is_not(tmp_path: Path) -> None:
    assert not is_due(tmp_path / "none")
    tidy(Store(tmp_path / "none"))


CASES = [
    (["--limit", "much"], "--limit much is no size"),
    (["--room", "attic", "--clear"], "there is no room attic"),
    (["--older-than=-1"], "--older-than -1 is no number of days"),
]


@pytest.mark.parametrize(("options", "told"), CASES, ids=[case[0][0] for case in CASES])
def test_command__wrong_option__is_told(options: list[str], told: str, run_command: Callable[..., str]) -> None:
    assert told in run_command(*options, status=2)


def test_command__json__is_what_was_collected(store: Store, run_command: Callable[..., str]) -> None:
    shown = json.loads(run_command("--home", str(store.root), "--format", "json"))
    assert {room["room"]: room["size"] for room in shown["rooms"]} == rooms(store)
    done = json.loads(run_command("--home", str(store.root), "--clear", "--format", "json"))
    assert done["collected"]["freed"] > 150_000
    assert "can be freed and made again" in run_command("--home", str(store.root))


@pytest.fixture
def run_command() -> Callable[..., str]:
    """``jupyter mlpack cache`` with options; gives what it says."""

    def run(*options: str, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_mlpack", "cache", *options], capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    return run
