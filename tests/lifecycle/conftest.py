"""Ordinary stores, run images and catalogs for the tests of this folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_mlpack.events import Event
from jupyter_mlpack.lifecycle import BuildContext, run_lifecycle
from jupyter_mlpack.lifecycle.records import BuildpackRecord
from jupyter_mlpack.oci.manifest import History, ImageConfig, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.values import Buildpack, BuildPlan, Catalog, Image, PlannedFile, Purpose, Stack, Target

sys.path.insert(0, str(Path(__file__).parent))

from phases import ROOT, Official

FIXTURES = Path(__file__).parent / "fixtures"
STACK = Stack("tiny", "debian", "12", "bookworm", "3.11", "glibc2.36", (), "mlpack", 1000, 1000)
TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
FILES = (
    PlannedFile("data/größe.csv", text="a,b\n1,2\n"),
    PlannedFile("library.txt", text="a library\n"),
    PlannedFile("notebook.ipynb", text="{}\n"),
    PlannedFile("tools/run.sh", text="#!/bin/sh\n", executable=True),
)


def make_run_image(store: Store, name: str = "mlpack/run:tiny-amd64") -> StoredImage:
    """A run image of one layer, tagged in the store."""
    entries = [
        TarEntry("/etc", "directory", 0o755, 0, 0),
        TarEntry("/etc/motd", "file", 0o644, 0, 0, size=2, data=b"hi"),
    ]
    layer = store.add_layer(lambda out: write_tar(out, entries))
    config = ImageConfig(
        architecture="amd64",
        os="linux",
        diff_ids=(layer.diff_id,),
        history=(History("1980-01-01T00:00:01Z", "packages"),),
        env=(("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")),
        user="1000:1000",
        labels=(("io.buildpacks.base.distro.name", "debian"), ("io.buildpacks.base.distro.version", "12")),
    )
    stored = store.add_image(config, [layer])
    store.tag(name, stored.descriptor)
    found = store.image(name)
    assert found is not None
    return found


@dataclass
class Workshop:
    """A machine on which images are built: a store that stays, scratch folders that come and go."""

    root: Path
    events: list[Event] = field(default_factory=list)
    builds: int = 0
    extend: Callable[[Sequence[BuildpackRecord]], StoredImage] | None = None

    @property
    def store(self) -> Store:
        return Store(self.root / "store")

    def plan(self, files: tuple[PlannedFile, ...] = FILES, name: str = "example/notebook:1") -> BuildPlan:
        order = ("example/library@1.2.3", "example/start@0.0.1")
        return BuildPlan(name, Purpose.TRAINING, TARGET, STACK, order, files, (("BP_MODE", "train"),))

    def catalog(self) -> Catalog:
        buildpacks = (
            Buildpack("example/library", "1.2.3", FIXTURES / "library"),
            Buildpack("example/start", "0.0.1", FIXTURES / "start"),
        )
        return Catalog((STACK,), buildpacks, tuple(buildpack.reference for buildpack in buildpacks))

    def build(self, plan: BuildPlan | None = None, emit: Callable[[Event], None] | None = None) -> Image:
        plan = plan or self.plan()
        self.builds += 1
        self.events = []
        context = BuildContext(self.root / f"build {self.builds}", previous=plan.name, extend=self.extend)
        context.workdir.mkdir()
        try:
            run_image = make_run_image(self.store)
            return run_lifecycle(plan, run_image, self.store, self.catalog(), context, emit or self.events.append)
        finally:
            shutil.rmtree(context.workdir)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def run_image(store: Store) -> StoredImage:
    return make_run_image(store)


@pytest.fixture
def official(official_folder: Path, run_image: StoredImage, store: Store) -> Iterator[Official]:
    """The official phases in a folder of a fixed path, which is removed afterwards; other test runs have it in turn."""
    if os.geteuid() != 0:
        pytest.skip(
            "NOT COMPARED with the official lifecycle: only root can make a folder of a fixed path and a plain user"
        )
    place = Path(tempfile.gettempdir(), "mlpack-referee.lock")
    with place.open("w") as lock, place.with_suffix(".next").open("w") as following:
        # Who has just had it waits for who is waiting: else one run takes it for all of its tests, one after another.
        fcntl.flock(following, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.flock(following, fcntl.LOCK_UN)
        shutil.rmtree(ROOT, ignore_errors=True)
        ROOT.mkdir()
        try:
            ROOT.chmod(0o755)
            shutil.copy(official_folder / "lifecycle", ROOT / "lifecycle")
            yield Official(ROOT / "lifecycle", store, run_image)
        finally:
            shutil.rmtree(ROOT)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)
