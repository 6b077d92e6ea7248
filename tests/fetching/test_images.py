"""Buildpackages and builders: made, packed, pushed, and taken out again; images that lie about what they hold."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.buildpackages import make_buildpackage
from jupyter_mlpack.fetching.labels import BUILDER, LAYERS, ORDER, PACKAGE
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.oci.archive import write_docker_archive
from jupyter_mlpack.oci.layout import write_layout
from jupyter_mlpack.oci.layout_read import LayoutPlace, read_layout
from jupyter_mlpack.oci.manifest import ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.registry import push_image
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.oci.transport import Access

ARCH = host_architecture()
DESCRIPTION = b'api = "0.10"\n[buildpack]\nid = "me/own"\nversion = "1"\n'
AT = "/cnb/buildpacks/me_own/1"
GROUP = '[[order]]\n[[order.group]]\nid = "me/{name}"\nversion = "1"\n'


@pytest.fixture
def package(tmp_path: Path, maker: Sources, write_buildpack: Callable[..., Path]) -> StoredImage:
    """A buildpackage in the maker's store."""
    return make_buildpackage(write_buildpack(tmp_path / "own"), "team/own:1", ARCH, maker)


# --- making -----------------------------------------------------------------------------------------------------


def test_make_buildpackage__again_elsewhere__same_bytes(
    package: StoredImage, maker: Sources, tmp_path: Path, write_buildpack: Callable[..., Path]
) -> None:
    copy = write_buildpack(tmp_path / "copy")
    (copy / "bin" / "__pycache__").mkdir()
    (copy / "bin" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (copy / "buildpack.toml").chmod(0o600)
    again = make_buildpackage(copy, "", ARCH, maker)
    assert again.descriptor == package.descriptor
    assert again.name == "me/own:1"


def test_make_buildpackage__labels__as_the_specification_has_them(package: StoredImage) -> None:
    labels = {name: json.loads(text) for name, text in package.config.labels}
    assert labels[PACKAGE] == {"id": "me/own", "version": "1", "stacks": [{"id": "*"}]}
    about = {"api": "0.10", "targets": [{"os": "linux", "arch": ""}], "layerDiffID": package.config.diff_ids[0]}
    assert labels[LAYERS]["me/own"]["1"] == about
    assert (package.config.os, package.config.architecture) == ("linux", ARCH)


def test_make_buildpackage__composite__brings_along_what_its_package_names(
    tmp_path: Path, maker: Sources, write_buildpack: Callable[..., Path]
) -> None:
    write_buildpack(tmp_path / "one", "me/one")
    whole = write_buildpack(tmp_path / "whole", "me/whole", further=GROUP.format(name="one"))
    with pytest.raises(errors.BuildpackIncomplete) as failure:
        make_buildpackage(whole, "", ARCH, maker)
    assert "me/one@1" in failure.value.sentence("why")
    (whole / "package.toml").write_text('[buildpack]\nuri = "."\n[[dependencies]]\nuri = "../one"\n')
    image = make_buildpackage(whole, "", ARCH, maker)
    layers = json.loads(dict(image.config.labels)[LAYERS])
    assert layers["me/whole"]["1"]["order"] == [{"group": [{"id": "me/one", "version": "1"}]}]
    assert len(image.layers) == 2


def test_make_buildpackage__packages_in_a_circle__error(
    tmp_path: Path, maker: Sources, write_buildpack: Callable[..., Path]
) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        folder = write_buildpack(tmp_path / name, f"me/{name}", further=GROUP.format(name=other))
        (folder / "package.toml").write_text(f'[[dependencies]]\nuri = "../{other}"\n')
    with pytest.raises(errors.SourceUnusable, match="nothing usable"):
        make_buildpackage(tmp_path / "one", "", ARCH, maker)


def test_make_buildpackage__program_that_cannot_start__error(
    tmp_path: Path, maker: Sources, write_buildpack: Callable[..., Path]
) -> None:
    folder = write_buildpack(tmp_path / "own")
    (folder / "bin" / "build").chmod(0o644)
    with pytest.raises(errors.BuildpackIncomplete):
        make_buildpackage(folder, "", ARCH, maker)


# --- taking out -------------------------------------------------------------------------------------------------


def write_form(form: str, package: StoredImage, store: Store, folder: Path) -> str:
    """The buildpackage in another form; the word for it."""
    if form == "layout":
        write_layout(store, package, folder / "lay", "x")
        return f"oci:{folder / 'lay'}"
    if form == "folder with a layout":
        write_layout(store, package, folder / "lay", "x")
        return str(folder / "lay")
    write_docker_archive(store, package, folder / "own.cnb", "x")
    return f"file://{folder / 'own.cnb'}" if form == "address of a file" else str(folder / "own.cnb")


@pytest.mark.parametrize("form", ["layout", "folder with a layout", "file", "address of a file"])
def test_image__form_of_this_machine__its_buildpack(
    form: str, package: StoredImage, maker: Sources, desk: Any, tmp_path: Path
) -> None:
    fetched = desk.fetch(write_form(form, package, maker.fetcher.store, tmp_path))
    ((name, folder),) = fetched.packed.folders
    assert name == "me/own@1"
    assert (folder / "buildpack.toml").read_bytes() == (tmp_path / "own" / "buildpack.toml").read_bytes()
    assert (folder / "bin" / "detect").stat().st_mode & 0o111
    assert desk.notices == []
    assert desk.fetcher.store.images() == ()


def test_image__in_a_registry__fetched_once_and_told_by_digest(
    package: StoredImage, maker: Sources, desk: Any, shared_registry: Any
) -> None:
    name = f"{shared_registry.host}/fetching/own:1"
    push_image(maker.fetcher.store, package, parse_reference(name), access=Access(insecure=True))
    fetched = desk.fetch(f"docker://{name}")
    pinned = f"docker://{name}@{package.descriptor.digest}"
    assert fetched.origin == pinned
    assert [pinned in text for text in desk.notices] == [True]
    layer = package.layers[0].descriptor.digest
    desk.fetcher.store.path(layer).unlink()
    before = shared_registry.log.read_text().count(layer)
    assert desk.fetch(pinned).packed.folders == fetched.packed.folders
    assert len(desk.notices) == 1
    assert shared_registry.log.read_text().count(layer) == before


def test_image__made_on_this_machine__found_by_its_name(desk: Any, tmp_path: Path, write_buildpack: Any) -> None:
    image = make_buildpackage(write_buildpack(tmp_path / "own"), "team/own:1", ARCH, Sources(desk.fetcher, tmp_path))
    assert desk.fetch("docker://team/own:1").packed.digest == image.descriptor.digest


def test_image__of_another_kind__error(desk: Any, tmp_path: Path) -> None:
    image = desk.fetcher.store.add_image(ImageConfig(ARCH, "linux", ()), ())
    desk.fetcher.store.tag("team/plain:1", image.descriptor)
    with pytest.raises(errors.SourceUnusable) as failure:
        desk.fetch("docker://team/plain:1")
    assert "without the labels" in failure.value.sentence("why")


def add_layer(store: Store, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Layer:
    entries = [TarEntry(name, "symlink", 0o777, 0, 0, link=target) for name, target in (links or {}).items()]
    entries += [TarEntry(name, "file", 0o644, 0, 0, size=len(data), data=data) for name, data in files.items()]
    return store.add_layer(functools.partial(write_tar, entries=entries))


LIES: dict[str, tuple[dict[str, bytes], dict[str, str], tuple[str, str], str]] = {
    "another place": ({"/cnb/buildpacks/x/1/buildpack.toml": DESCRIPTION}, {}, ("me/own", "1"), "no such buildpack"),
    "version that climbs": ({f"{AT}/buildpack.toml": DESCRIPTION}, {}, ("me/own", "../../../.."), "no such buildpack"),
    "folder that is a link out": ({}, {AT: "{folder}"}, ("me/own", "1"), "no such buildpack"),
    "another buildpack": (
        {f"{AT}/buildpack.toml": DESCRIPTION.replace(b"me/own", b"me/evil")}, {}, ("me/own", "1"), "there is me/evil@1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "links", "said", "reason"), LIES.values(), ids=LIES)
def test_image__labels_that_lie__error(  # noqa: PLR0917 (a row of the table, and two fixtures)
    files: dict[str, bytes], links: dict[str, str], said: tuple[str, str], reason: str, desk: Any, tmp_path: Path
) -> None:
    store = desk.fetcher.store
    (tmp_path / "buildpack.toml").write_bytes(DESCRIPTION)
    layer = add_layer(store, files, {name: target.format(folder=tmp_path) for name, target in links.items()})
    table = {said[0]: {said[1]: {"layerDiffID": layer.diff_id}}}
    config = ImageConfig(ARCH, "linux", (layer.diff_id,), labels=((LAYERS, json.dumps(table)),))
    store.tag("team/liar:1", store.add_image(config, [layer]).descriptor)
    sources = Sources(desk.fetcher, tmp_path)
    with pytest.raises(errors.SourceUnusable) as failure:
        sources.path("docker://team/liar:1", tmp_path, "here")
    assert reason in failure.value.sentence("why")


BAD_LABELS = {
    "no JSON": "{",
    "a list": "[]",
    "no digest": json.dumps({"me/own": {"1": {"layerDiffID": "x"}}}),
    "no layer": json.dumps({"me/own": {"1": {}}}),
    "a layer of another image": json.dumps({"me/own": {"1": {"layerDiffID": f"sha256:{'0' * 64}"}}}),
}


@pytest.mark.parametrize("text", BAD_LABELS.values(), ids=BAD_LABELS)
def test_image__labels_that_cannot_be_read__error(text: str, desk: Any) -> None:
    image = desk.fetcher.store.add_image(ImageConfig(ARCH, "linux", (), labels=((LAYERS, text),)), ())
    desk.fetcher.store.tag("team/bad:1", image.descriptor)
    with pytest.raises((errors.ManifestUnreadable, errors.SourceUnusable)):
        desk.fetch("docker://team/bad:1")


def test_image__damaged_layer__error_and_nothing_is_kept(
    package: StoredImage, maker: Sources, desk: Any, tmp_path: Path
) -> None:
    write_layout(maker.fetcher.store, package, tmp_path / "lay", "x")
    blob = tmp_path / "lay" / "blobs" / "sha256" / package.layers[0].descriptor.digest.removeprefix("sha256:")
    data = blob.read_bytes()
    blob.unlink()
    blob.write_bytes(data[:-1] + b"x")
    with pytest.raises(errors.ContentDamaged):
        desk.fetch(f"oci:{tmp_path / 'lay'}")
    assert not list(desk.fetcher.store.root.glob("sources/*"))


# --- pack's own -------------------------------------------------------------------------------------------------


def test_image__file_that_pack_made__read_and_made_alike(desk: Any, maker: Sources, tmp_path: Path) -> None:
    """``fixtures/pack.cnb`` is of ``pack buildpack package``: a composite buildpack, and the one that it names."""
    packed = desk.fetch("pack.cnb", Path(__file__).parent / "fixtures").packed
    folders = dict(packed.folders)
    assert set(folders) == {"me/one@1", "me/own@1"}
    assert (packed.labels.main.id, packed.labels.main.version) == ("me/own", "1")
    whole = Path(shutil.copytree(folders["me/own@1"], tmp_path / "whole"))
    (whole / "package.toml").write_text(f'[[dependencies]]\nuri = "{folders["me/one@1"]}"\n')
    ours = make_buildpackage(whole, "", ARCH, maker)
    theirs = read_layout(LayoutPlace(next(desk.fetcher.store.root.glob("sources/tar-*"))), "amd64")
    labels = [{name: json.loads(text) for name, text in image.config.labels} for image in (ours, theirs)]
    for one in labels:
        for versions in one[LAYERS].values():
            versions["1"].pop("layerDiffID")
    assert labels[0] == labels[1]


# --- builders ---------------------------------------------------------------------------------------------------


@pytest.fixture
def builder(desk: Any) -> str:
    """An image like a builder in the desk's store: a base that nobody needs to read, buildpacks, order, defaults."""
    store = desk.fetcher.store
    base = add_layer(store, {"/etc/os-release": b"ID=x\n"})
    one = add_layer(store, {f"{AT}/buildpack.toml": DESCRIPTION})
    config = add_layer(store, {"/cnb/build-config/env/BP_A": b"1", "/cnb/build-config/env/BP_A.delim": b":"})
    labels = {
        LAYERS: json.dumps({"me/own": {"1": {"layerDiffID": one.diff_id}}}),
        ORDER: json.dumps([{"group": [{"id": "me/own", "optional": True}]}]),
        BUILDER: json.dumps({"images": [{"image": "a.example/run:1", "mirrors": ["b.example/run:1"]}]}),
    }
    layers = (base, one, config)
    diff_ids = tuple(layer.diff_id for layer in layers)
    image = store.add_image(ImageConfig(ARCH, "linux", diff_ids, labels=tuple(sorted(labels.items()))), layers)
    store.tag("team/builder:1", image.descriptor)
    return "docker://team/builder:1"


def test_builder__its_order_run_images_and_defaults(builder: str, desk: Any) -> None:
    packed = desk.fetch(builder).packed
    assert [[(one.reference, one.optional) for one in group] for group in packed.labels.order] == [[("me/own@", True)]]
    assert packed.labels.run_images[0].mirrors == ("b.example/run:1",)
    assert dict(packed.defaults) == {"BP_A": "1", "BP_A.delim": ":"}
    assert [name for name, _ in packed.folders] == ["me/own@1"]


def test_sources__kept_folder_that_somebody_removed__made_again(
    package: StoredImage, maker: Sources, desk: Any, tmp_path: Path
) -> None:
    word = write_form("layout", package, maker.fetcher.store, tmp_path)
    first = desk.fetch(word)
    shutil.rmtree(desk.fetcher.store.root / "sources")
    assert desk.fetch(word) == first
    assert first.packed.folders[0][1].is_dir()
