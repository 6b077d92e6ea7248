"""Layouts and archives: read by the tools that others use, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from jupyter_mlpack.errors import ContentMissing, OutputOccupied, OutputUnwritable
from jupyter_mlpack.events import Event, Progress
from jupyter_mlpack.oci.archive import write_docker_archive
from jupyter_mlpack.oci.layout import write_layout
from jupyter_mlpack.oci.manifest import CREATED, History, ImageConfig, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar

NAME = "example.test/team/train:1"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def image_of(store: Store, *texts: str) -> StoredImage:
    rows = [
        [TarEntry("/é", "directory", 0o755, 0, 0), TarEntry("/é/f", "file", 0o644, 0, 0, data=text.encode())]
        for text in texts
    ]
    layers = [store.add_layer(lambda out, row=row: write_tar(out, row)) for row in rows]
    history = tuple(History(CREATED, text) for text in texts)
    config = ImageConfig("amd64", "linux", tuple(layer.diff_id for layer in layers), history, labels=(("a", "<b>"),))
    return store.add_image(config, layers)


def tool(*command: object) -> str:
    name = str(command[0])
    if shutil.which(name) is None:
        pytest.skip(f"NOT READ BY {name}: it is not installed here")
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def names_in(folder: Path) -> list[str]:
    index = json.loads((folder / "index.json").read_bytes())
    return [line["annotations"]["org.opencontainers.image.ref.name"] for line in index["manifests"]]


def test_write_layout__skopeo__reads_it(store: Store, tmp_path: Path) -> None:
    image = image_of(store, "1", "2")
    write_layout(store, image, tmp_path / "layout", NAME)
    read = json.loads(tool("skopeo", "inspect", f"oci:{tmp_path / 'layout'}:{NAME}"))
    assert read["Digest"] == image.descriptor.digest
    assert read["Labels"] == {"a": "<b>"}


def test_write_layout__umoci__unpacks_it(store: Store, tmp_path: Path) -> None:
    write_layout(store, image_of(store, "1", "2"), tmp_path / "layout", "one")
    tool("umoci", "unpack", "--rootless", "--image", f"{tmp_path / 'layout'}:one", tmp_path / "bundle")
    assert (tmp_path / "bundle" / "rootfs" / "é" / "f").read_text() == "2"


def test_write_layout__same_disk__blobs_are_hard_links(store: Store, tmp_path: Path) -> None:
    image = image_of(store, "1")
    for _ in range(2):
        write_layout(store, image, tmp_path / "layout", NAME)
    digest = image.layers[0].descriptor.digest
    assert os.path.samefile(store.path(digest), tmp_path / "layout" / "blobs" / digest.replace(":", "/"))
    assert names_in(tmp_path / "layout") == [NAME]
    assert len(os.listdir(tmp_path / "layout" / "blobs" / "sha256")) == 3
    assert sorted(os.listdir(tmp_path / "layout")) == ["blobs", "index.json", "oci-layout"]


def test_write_layout__existing_layout__keeps_other_images(store: Store, tmp_path: Path) -> None:
    folder, second = tmp_path / "layout", image_of(store, "2")
    write_layout(store, image_of(store, "1"), folder, "a")
    write_layout(store, image_of(store, "1"), folder, "b")
    write_layout(store, second, folder, "a")
    assert names_in(folder) == ["b", "a"]
    assert json.loads((folder / "index.json").read_bytes())["manifests"][1]["digest"] == second.descriptor.digest


def test_write_layout__folder_with_other_things__is_left_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").touch()
    with pytest.raises(OutputOccupied):
        write_layout(store, image_of(store, "1"), tmp_path / "home", NAME)
    assert os.listdir(tmp_path / "home") == ["thesis.tex"]


def test_write_layout__layer_not_here__no_index_is_written(store: Store, tmp_path: Path) -> None:
    image = image_of(store, "1")
    store.path(image.layers[0].descriptor.digest).unlink()
    with pytest.raises(ContentMissing):
        write_layout(store, image, tmp_path / "layout", NAME)
    assert not (tmp_path / "layout" / "index.json").exists()


def test_write_layout__file_in_the_way__is_one_sentence(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputUnwritable):
        write_layout(store, image_of(store, "1"), tmp_path / "file" / "layout", NAME)


def test_write_docker_archive__skopeo__reads_it(store: Store, tmp_path: Path) -> None:
    image = image_of(store, "1", "2", "1")
    write_docker_archive(store, image, tmp_path / "a.tar", NAME)
    read = json.loads(tool("skopeo", "inspect", f"docker-archive:{tmp_path / 'a.tar'}:{NAME}"))
    assert read["Layers"] == [layer.diff_id for layer in image.layers]
    tool("skopeo", "copy", f"docker-archive:{tmp_path / 'a.tar'}", f"oci:{tmp_path / 'copy'}:x")


def test_write_docker_archive__unpacked__is_a_layout_too(store: Store, tmp_path: Path) -> None:
    image = image_of(store, "1")
    write_docker_archive(store, image, tmp_path / "a.tar", NAME)
    with tarfile.open(tmp_path / "a.tar") as archive:
        archive.extractall(tmp_path / "layout")
    read = json.loads(tool("skopeo", "inspect", f"oci:{tmp_path / 'layout'}:{NAME}"))
    assert read["Digest"] == image.descriptor.digest


@pytest.mark.docker
def test_write_docker_archive__docker__loads_and_gives_it_back(store: Store, tmp_path: Path) -> None:
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.skip("NOT LOADED BY Docker: no daemon answers")
    name = f"mlpack-test-archive-{os.getpid()}"
    image = image_of(store, "1", "2")
    write_docker_archive(store, image, tmp_path / "a.tar", name)
    try:
        tool("docker", "load", "-i", tmp_path / "a.tar")
        read = json.loads(tool("docker", "image", "inspect", name))[0]
        assert read["RootFS"]["Layers"] == [layer.diff_id for layer in image.layers]
        assert read["RepoTags"] == [f"{name}:latest"]
    finally:
        subprocess.run(["docker", "rmi", "-f", name], capture_output=True, check=False)


def test_write_docker_archive__same_image__same_bytes_under_any_umask(store: Store, tmp_path: Path) -> None:
    image, before = image_of(store, "1"), os.umask(0o077)
    try:
        write_docker_archive(store, image, tmp_path / "a.tar", NAME)
    finally:
        os.umask(before)
    write_docker_archive(store, image, tmp_path / "b.tar", NAME)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_write_docker_archive__progress__rises_to_the_total(store: Store, tmp_path: Path) -> None:
    noise = store.add_layer(lambda out: out.write(os.urandom(40 << 20)) and None)
    image = store.add_image(ImageConfig("amd64", "linux", (noise.diff_id,)), [noise])
    events: list[Event] = []
    write_docker_archive(store, image, tmp_path / "a.tar", NAME, events.append)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert len(done) > 3
    assert isinstance(events[-1], Progress)
    assert events[-1].done == events[-1].total
    assert (events[-1].phase, events[-1].unit) == ("publish", "bytes")


def test_write_docker_archive__layer_not_here__old_archive_stays(store: Store, tmp_path: Path) -> None:
    image = image_of(store, "1")
    (tmp_path / "a.tar").write_text("old")
    store.path(image.layers[0].descriptor.digest).unlink()
    with pytest.raises(ContentMissing):
        write_docker_archive(store, image, tmp_path / "a.tar", NAME)
    assert (tmp_path / "a.tar").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["a.tar", "store"]
