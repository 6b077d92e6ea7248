"""A Docker daemon takes our images and says that they are ours."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.events import Event, PhaseEnded, Progress
from jupyter_mlpack.oci.daemon import load_image
from jupyter_mlpack.oci.manifest import LAYER_GZIP, Descriptor, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar

MIB = 1 << 20
docker = pytest.importorskip("docker")
NAME = f"mlpack-test-{os.getpid()}"


@pytest.fixture
def daemon() -> Iterator[Any]:
    """A client of the running daemon; what the test names is removed afterwards."""
    try:
        client = docker.from_env()
    except docker.errors.DockerException as problem:
        pytest.skip(f"LOUD: no Docker daemon, its tests did not run: {problem}")
    yield client
    for image in client.images.list():
        for tag in image.tags:
            if tag.startswith(NAME):
                client.images.remove(tag, force=True)
    client.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def make_image(store: Store, size: int) -> StoredImage:
    data = b"".join(hashlib.sha512(b"%d %d" % (size, block)).digest() for block in range(size // 64))
    entry = TarEntry("/f", "file", 0o644, 0, 0, size=len(data), data=data)
    layer = store.add_layer(lambda out: write_tar(out, [entry]))
    config = ImageConfig(
        architecture="amd64", os="linux", diff_ids=(layer.diff_id,), labels=(("made.by", NAME),), cmd=("/f",)
    )
    return store.add_image(config, [layer])


@pytest.mark.docker
def test_load_image__new_image__daemon_says_our_id(store: Store, daemon: Any) -> None:
    image = make_image(store, 5 * MIB)
    events: list[Event] = []
    load_image(store, image, f"{NAME}:1", events.append)
    found = daemon.images.get(f"{NAME}:1")
    assert found.id in (image.manifest.config.digest, image.descriptor.digest)
    assert tuple(found.attrs["RootFS"]["Layers"]) == image.config.diff_ids
    assert any(isinstance(event, Progress) for event in events)


@pytest.mark.docker
def test_load_image__known_image__is_only_named(store: Store, daemon: Any) -> None:
    image = make_image(store, MIB)
    load_image(store, image, f"{NAME}:1")
    events: list[Event] = []
    load_image(store, image, f"{NAME}:2", events.append)
    if daemon.images.get(f"{NAME}:1").id != image.manifest.config.digest:
        pytest.skip("LOUD: this daemon names images by manifest; it is given the archive each time")
    assert not any(isinstance(event, Progress) for event in events)
    assert events[-1] == PhaseEnded("publish", "was there already")
    assert daemon.images.get(f"{NAME}:2").id == image.manifest.config.digest


@pytest.mark.docker
def test_load_image__layer_is_no_tar__daemons_words(store: Store, daemon: Any) -> None:
    blob = store.add_blob(b"no tar at all" * 1000, LAYER_GZIP)
    config = ImageConfig(architecture="amd64", os="linux", diff_ids=("sha256:" + "0" * 64,))
    image = store.add_image(config, [Layer(blob, "sha256:" + "0" * 64)])
    with pytest.raises(errors.DaemonRefused) as caught:
        load_image(store, image, f"{NAME}:bad")
    assert caught.value.sentence("why")


@pytest.mark.docker
def test_load_image__layer_not_in_the_store__nothing_is_named(store: Store, daemon: Any) -> None:
    gone = Descriptor(LAYER_GZIP, "sha256:" + "1" * 64, 10)
    config = ImageConfig(architecture="amd64", os="linux", diff_ids=("sha256:" + "1" * 64,))
    image = store.add_image(config, [Layer(gone, "sha256:" + "1" * 64)])
    with pytest.raises(errors.ContentMissing):
        load_image(store, image, f"{NAME}:gone")
    with pytest.raises(docker.errors.ImageNotFound):
        daemon.images.get(f"{NAME}:gone")


def test_load_image__no_daemon__says_where_none_answers(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(errors.DaemonMissing) as caught:
        load_image(store, make_image(store, 64), NAME)
    assert f"{tmp_path}/none.sock" in caught.value.sentence("what")


def load_as_nobody(folder: Path, answer: Connection) -> None:
    """What an ordinary user gets at a socket that is not theirs."""
    store = Store(folder / "store")
    image = make_image(store, 64)
    if os.geteuid() == 0:
        os.setuid(65534)
    try:
        load_image(store, image, NAME)
    except errors.MlpackError as problem:
        answer.send((problem.code, problem.sentence("hint")))


def test_load_image__socket_not_for_us__says_what_to_ask_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "docker.sock").touch()
    folder.chmod(0)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/docker.sock")
    near, far = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=load_as_nobody, args=(tmp_path, far))
    process.start()
    process.join(60)
    folder.chmod(0o700)
    code, hint = near.recv() if near.poll(1) else ("nothing", "")
    assert code == "daemon-denied"
    assert "group docker" in hint


def test_load_image__bad_name__is_an_input_error(store: Store) -> None:
    with pytest.raises(errors.ReferenceUppercase):
        load_image(store, make_image(store, 64), "Iris")
