"""A small build image, a release of a lifecycle whose programs say nothing, and sources of buildpacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack.builder import BuilderWish, read_recipe
from jupyter_mlpack.builder.create import Created, create_builder
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.events import ignore
from jupyter_mlpack.fetching import Fetcher
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.oci.manifest import History, ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Catalog

BASE = "example/build:1"
MACHINES = {"amd64": 62, "arm64": 183}

BUILDER = """\
description = "A site's own"

[[buildpacks]]
uri = "mine"

[[order]]
[[order.group]]
id = "mlpack/python"
[[order.group]]
id = "example/mine"
optional = true

[build]
image = "example/build:1"
[[build.env]]
name = "BP_LOG_LEVEL"
value = "debug"
suffix = "default"

[[run.images]]
image = "registry.example.com/run:1"
mirrors = ["mirror.example.com/run:1"]

[lifecycle]
uri = "release"
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def sources(store: Store, tmp_path: Path) -> Sources:
    return Sources(Fetcher(store, StackSettings().access, ignore), tmp_path / "scripts")


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return read_catalog()


def make_release(folder: Path, arch: str = "amd64", apis: str = '"0.9", "0.10"') -> Path:
    """A folder as a release of the official lifecycle is, with programs that nobody runs."""
    (folder / "lifecycle").mkdir(parents=True)
    head = b"\x7fELF" + bytes(14) + MACHINES[arch].to_bytes(2, "little")
    for name in ("lifecycle", "launcher"):
        (folder / "lifecycle" / name).write_bytes(head + name.encode())
    (folder / "lifecycle.toml").write_text(
        f'[apis]\n[apis.platform]\nsupported = ["0.9", "0.12"]\n[apis.buildpack]\ndeprecated = ["0.9"]\n'
        f'supported = [{apis}]\n[lifecycle]\nversion = "1.2.3"\n'
    )
    return folder


@pytest.fixture(name="make_release")
def give_make_release() -> Callable[..., Path]:
    return make_release


@pytest.fixture
def site(tmp_path: Path, store: Store) -> Path:
    """A site's folder: a ``builder.toml``, a buildpack, a lifecycle; its build image is in the store."""
    layer = store.add_layer(lambda out: write_tar(out, [TarEntry("/etc", "directory", 0o755, 0, 0)]))
    env = (("PATH", "/bin"), ("CNB_USER_ID", "1234"), ("CNB_GROUP_ID", "1235"))
    labels = (("io.buildpacks.stack.id", "example.stack"), ("io.buildpacks.base.distro.name", "debian"))
    history = (History("1980-01-01T00:00:01Z", "packages"),)
    config = ImageConfig("amd64", "linux", (layer.diff_id,), history, env=env, user="0:0", labels=labels)
    store.tag(BASE, store.add_image(config, [layer]).descriptor)
    folder = tmp_path / "site"
    make_release(folder / "release")
    mine = folder / "mine"
    (mine / "bin" / "__pycache__").mkdir(parents=True)
    (mine / "bin" / "__pycache__" / "x.pyc").write_bytes(b"")
    (mine / "buildpack.toml").write_text(
        'api = "0.10"\n[buildpack]\nid = "example/mine"\nversion = "1"\nname = "Mine"\n'
    )
    for name in ("detect", "build"):
        (mine / "bin" / name).write_text("#!/bin/sh\n")
        (mine / "bin" / name).chmod(0o775)
    (folder / "builder.toml").write_text(BUILDER)
    return folder


@pytest.fixture
def create(store: Store, sources: Sources, catalog: Catalog, site: Path) -> Callable[..., Created]:
    """``create(text)``: the builder of the site, its ``builder.toml`` changed by ``text`` for ``instead_of``."""

    def make(instead_of: str = "", text: str = "") -> Created:
        said = (site / "builder.toml").read_text()
        assert instead_of in said
        (site / "builder.toml").write_text(said.replace(instead_of, text) if instead_of else said)
        wish = BuilderWish("example/builder:1", "amd64", site / "builder.toml")
        return create_builder(read_recipe(wish, catalog, sources), store, StackSettings(), ignore)

    return make
