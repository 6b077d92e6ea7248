"""The content store when its writer dies: at every step, at any moment, in the middle of a file; full disks; crowds.

A child does what a build does to the store: two layers, an image, a name. It is killed (SIGKILL) before each of its
system calls that change files, as ``strace`` counts them; by the kernel at a size of file; at moments that a seeded
clock chooses. After each death: every blob is what its name says, every name leads to a whole image, a note leads to
the layer it tells of, and the same work done again ends well and leaves nothing half done.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

CHILD = """
import functools, hashlib, signal, sys, time
from pathlib import Path
from jupyter_mlpack.oci.manifest import History, ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar

def noise(seed, size):
    return b"".join(hashlib.sha512(b"%d/%d" % (seed, block)).digest() for block in range(size // 64))

def add(store, seed, size):
    data = noise(seed, size)
    entry = TarEntry(f"/f{seed}", "file", 0o644, 0, 0, size=size, data=data)
    return store.add_layer(lambda out: write_tar(out, [entry]))

def build(root, name, seeds, size):
    store = Store(Path(root))
    layers = [add(store, seed, size) for seed in seeds]
    diff_ids = tuple(layer.diff_id for layer in layers)
    history = tuple(History("", f"layer {seed}") for seed in seeds)
    image = store.add_image(ImageConfig("amd64", "linux", diff_ids, history), layers)
    store.tag(name, image.descriptor)
    return image.descriptor.digest

def remove(root, name):
    from jupyter_mlpack.removal import remove_image
    remove_image(Store(Path(root)), name)
"""
SIZE = 200_000
STEPS = ("write", "fchmod", "fsync", "rename", "mkdir", "unlink", "flock", "rmdir")
"""System calls that a writer or a remover makes; starting Python makes none of the kinds that matter."""


def child(work: str) -> list[str]:
    return [sys.executable, "-c", f"{CHILD}\n{work}"]


def build(root: Path, name: str = "mine:1", seeds: tuple[int, ...] = (1, 2), size: int = SIZE) -> list[str]:
    return child(f"print(build({str(root)!r}, {name!r}, {seeds!r}, {size}))")


def run(command: list[str]) -> int:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL, 128 + signal.SIGKILL, -signal.SIGXFSZ), done.stderr
    return done.returncode


def whole(store: Store) -> list[StoredImage]:
    """The images with names, after all that the store holds was looked into."""
    for path in (store.root / "blobs" / "sha256").glob("*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    for note in (store.root / "diffs").glob("*.json"):
        layer = store.layer(f"sha256:{note.stem}")
        if layer is not None:
            plain = gzip.decompress(store.read(layer.descriptor.digest))
            assert hashlib.sha256(plain).hexdigest() == note.stem
    images = list(store.all_images())
    for image in images:
        assert all(store.path(blob.digest).stat().st_size == blob.size for blob in image.manifest.layers)
    assert len(images) == len(list((store.root / "names").glob("*.json")))
    return images


def ends_well(root: Path) -> None:
    """Done again in peace, the same comes out as in a store of its own, and no draft is left."""
    assert run(build(root)) == 0
    store = Store(root)
    image = store.image("mine:1")
    assert image is not None
    assert image in whole(store)
    reference = root.with_name("reference")
    if not reference.exists():
        assert run(build(reference)) == 0
    expected = Store(reference).image("mine:1")
    assert image == expected
    assert list((root / "tmp").iterdir()) == []


def strace() -> str:
    """The program; a loud skip where there is none, or where it may trace nobody."""
    found = shutil.which("strace")
    if found is None or subprocess.run([found, "-qq", "true"], capture_output=True, check=False).returncode:
        pytest.skip("NOT KILLED AT EVERY STEP: strace is not installed, or may not trace here")
    return found


def killed_before(call: str, number: int, command: list[str]) -> bool:
    """Run ``command`` until one of its threads makes ``call`` for the ``number``-th time; whether that happened."""
    inject = f"inject={call}:signal=KILL:when={number}"
    return run([strace(), "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}", "-e", inject, *command]) != 0


@pytest.mark.parametrize("call", STEPS)
def test_store__writer_killed_at_each_call__is_whole_and_goes_on(call: str, tmp_path: Path) -> None:
    strace()
    number, deaths = 1, 0
    while killed_before(call, number, build(tmp_path / f"store{number}")):
        store = Store(tmp_path / f"store{number}")
        assert [image.name for image in whole(store)] in ([], ["mine:1"])
        ends_well(store.root)
        deaths, number = deaths + 1, number + 1
        assert number < 100
    assert deaths or call in ("rmdir", "unlink")


@pytest.mark.parametrize("call", ["unlink", "rename", "flock"])
def test_store__remover_killed_at_each_call__what_others_need_is_whole(call: str, tmp_path: Path) -> None:
    strace()
    kept = tmp_path / "kept"
    assert run(build(kept, "mine:1", (1, 2))) == 0
    assert run(build(kept, "yours:1", (2, 3))) == 0
    for number in range(1, 100):
        root = tmp_path / f"store{number}"
        shutil.copytree(kept, root)
        died = killed_before(call, number, child(f"remove({str(root)!r}, 'yours:1')"))
        assert "mine:1" in [image.name for image in whole(Store(root))]
        ends_well(root)
        if not died:
            break
    assert number > 1 or call == "rename"


@pytest.mark.parametrize("size", [1, 4096, 100_000, 199_999])
def test_store__writer_killed_within_a_file__is_whole_and_goes_on(size: int, tmp_path: Path) -> None:
    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    root = tmp_path / "store"
    work = build(root)
    work[-1] = f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n{work[-1]}"
    done = subprocess.run(work, capture_output=True, preexec_fn=limited, check=False)
    assert done.returncode == -signal.SIGXFSZ, done.stderr.decode()
    assert len(list((root / "tmp").iterdir())) == 1
    assert whole(Store(root)) == []
    ends_well(root)


@pytest.mark.parametrize("seed", range(6))
def test_store__writers_killed_at_any_moment__is_whole_and_goes_on(seed: int, tmp_path: Path) -> None:
    clock, root = random.Random(seed), tmp_path / "store"
    work = f"for turn in range(1000): build({str(root)!r}, f'image:{{turn}}', (turn, turn + 1), 3_000_000)"
    with subprocess.Popen(child(work)) as one, subprocess.Popen(child(work)) as other:
        wait_for(root / "names")
        time.sleep(clock.uniform(0, 0.4))
        one.kill()
        time.sleep(clock.uniform(0, 0.2))
        other.kill()
    assert whole(Store(root))
    ends_well(root)


def test_store__builds_and_removals_at_once__nothing_is_missing(tmp_path: Path) -> None:
    root = tmp_path / "store"
    locked = "from jupyter_mlpack.oci.sharing import together"
    build_one = "    with together(Path({root!r})): build({root!r}, '{name}:1', (turn % 3, 7), 50_000)"
    builders = [
        f"{locked}\nfor turn in range(25):\n{build_one.format(root=str(root), name=name)}" for name in ("a", "b")
    ]
    remover = f"for turn in range(60): remove({str(root)!r}, ['gone:1', 'a:1'][turn % 2]); time.sleep(0.02)"
    running = [subprocess.Popen(child(work)) for work in (*builders, remover)]
    assert [process.wait(300) for process in running] == [0, 0, 0]
    images = whole(Store(root))
    assert "b:1" in [image.name for image in images]


def test_store__each_blob_and_name__is_on_the_disk_before_it_has_its_name(tmp_path: Path) -> None:
    log = tmp_path / "log"
    calls = "trace=openat,fsync,rename,renameat,renameat2"
    assert run([strace(), "-f", "-qq", "-y", "-o", str(log), "-e", calls, *build(tmp_path / "store")]) == 0
    lines = [line.partition(" ")[2].strip() for line in log.read_text(errors="replace").splitlines()]
    places = list(moves(lines))
    assert len([place for place, _ in places if "/blobs/sha256/" in place]) == 4
    assert len([place for place, _ in places if "/names/" in place]) == 1
    for place, synced in places:
        assert synced or "/diffs/" in place, place  # a note that is lost is made again


def moves(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Each file that was moved into place, and whether all of it was brought to the disk before."""
    synced: set[str] = set()
    for line in lines:
        if found := re.match(r"fsync\(\d+<(?P<path>[^>]*)>", line):
            synced.add(found["path"])
        elif found := re.match(r'rename\w*\((?:\S+, )?"(?P<old>[^"]*)", (?:\S+, )?"(?P<new>[^"]*)"', line):
            yield found["new"], found["old"] in synced


FULL = """
import json
from jupyter_mlpack.errors import StoreFull
root = sys.argv[1]
build(root, 'small:1', (1,), 100_000)
try:
    build(root, 'large:1', (2, 3, 4, 5), 1_500_000)
except StoreFull as error:
    told = error.sentence('what')
left = [str(path) for path in Path(root, 'tmp').iterdir()]
store = Store(Path(root))
names = [image.name for image in store.images()]
sound = all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in Path(root, 'blobs/sha256').iterdir())
remove(root, 'small:1')
for path in Path(root, 'blobs/sha256').iterdir(): path.unlink()
again = build(root, 'small:1', (1,), 100_000)
print(json.dumps([told, left, names, sound, again]))
"""


def test_store__disk_is_full__is_told_and_nothing_half_written_stays(tmp_path: Path) -> None:
    place, unshare = tmp_path / "disk", shutil.which("unshare")
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(place)]
    inside = 'shift; "$@"'
    rooted = [unshare or "unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if unshare is None or subprocess.run([*rooted, " ".join(mount)], capture_output=True, check=False).returncode:
        pytest.skip("NO FULL DISK HERE: this user may not mount a small one in a namespace")
    command = [*rooted, f"{' '.join(mount)} && {inside}", "sh", "-", *child(FULL), str(place / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told, left, names, sound, again = json.loads(done.stdout)
    assert told == "There is no room left on the disk that holds the content store."
    assert (left, names, sound) == ([], ["small:1"], True)
    assert again.startswith("sha256:")


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")
