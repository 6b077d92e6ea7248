"""A builder for an architecture that this machine is not: run image, build image and lifecycle, all of it really made.

Nothing of it runs here; what an ELF file says of itself does not need that.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator

import pytest

from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.builder import BuilderWish, read_recipe
from jupyter_mlpack.builder.create import Created, create_builder
from jupyter_mlpack.builder.golang import VERSION
from jupyter_mlpack.builder.official import MACHINES
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.events import ignore
from jupyter_mlpack.fetching import Fetcher
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack import StackSettings

pytestmark = pytest.mark.network
FOREIGN = "arm64" if host_architecture() == "amd64" else "amd64"
NAME = "example/builder:foreign"
PROGRAMS = {"cnb/lifecycle/lifecycle", "cnb/lifecycle/launcher", "usr/bin/python3.13", "usr/local/bin/uv"}
PROGRAMS |= {"usr/bin/git", "usr/bin/apt-get", "usr/bin/bash"}


@pytest.fixture(scope="module")
def created(machine_store: Store, run_image, tmp_path_factory) -> Iterator[Created]:
    """The builder; the official lifecycle in it is compiled for the other architecture by Go."""
    if shutil.which("go") is None:
        pytest.skip("NO GO HERE: the official lifecycle is not compiled for another architecture")
    run_image("trixie", FOREIGN)
    sources = Sources(Fetcher(machine_store, StackSettings().access, ignore), tmp_path_factory.mktemp("scripts"))
    recipe = read_recipe(BuilderWish(NAME, FOREIGN, stack="trixie"), read_catalog(), sources)
    yield create_builder(recipe, machine_store, StackSettings(), ignore)
    machine_store.untag(NAME)


def machines(store: Store, image: StoredImage) -> Iterator[tuple[str, int]]:
    """The names of an image's ELF files, and the machine that each is for."""
    for layer in image.layers:
        with tarfile.open(store.path(layer.descriptor.digest)) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() and member.size > 20 else None
                head = file.read(20) if file else b""
                if head[:4] == b"\x7fELF":
                    yield member.name.lstrip("/"), int.from_bytes(head[18:20], "little")


def test_create_builder__for_another_architecture__no_program_in_it_is_this_machines(
    created: Created, machine_store: Store
) -> None:
    found = dict(machines(machine_store, created.image))
    assert found.keys() >= PROGRAMS
    assert {name: machine for name, machine in found.items() if machine != MACHINES[FOREIGN]} == {}


def test_create_builder__for_another_architecture__build_and_run_image_say_so_too(
    created: Created, machine_store: Store
) -> None:
    run, build = (machine_store.image(f"mlpack/{kind}:trixie-{FOREIGN}") for kind in ("run", "build"))
    assert run is not None
    assert build is not None
    assert {image.config.architecture for image in (run, build, created.image)} == {FOREIGN}
    below = [build.config.diff_ids, run.config.diff_ids]
    assert [created.image.config.diff_ids[: len(part)] for part in below] == below
    assert created.lifecycle == VERSION
    metadata = json.loads(dict(created.image.config.labels)["io.buildpacks.builder.metadata"])
    assert metadata["stack"]["runImage"]["image"] == run.name
