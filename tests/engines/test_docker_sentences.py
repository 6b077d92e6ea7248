"""Wishes that a Docker engine does not grant: each is caused for real, and the sentence names the setting to change."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest
from training_image import entries, static_busybox, train_config

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker import DockerEngine
from jupyter_mlpack.engines.engine import StateChange
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.values import Resources, Task

pytestmark = pytest.mark.docker

NONE = "@sha256:" + 64 * "0"
MACHINE = slice(18, 20)
"""Where an ELF file says for which processor it is."""
OTHERS = {"amd64": ("arm64", 183), "arm64": ("amd64", 62)}


def wish(tmp_path: Path, **wished: Any) -> Task:
    name = f"mlpack-{os.urandom(9).hex()}"
    return Task(name, "test/train:1", (), (), tmp_path / "output", resources=Resources(**wished))


@pytest.mark.parametrize(
    ("options", "wished", "hint"),
    [
        ({}, {"gpus": 99, "accelerator": "cuda12"}, "--gpus"),
        ({"gpu_requests": "cdi"}, {"gpus": 1, "accelerator": "cuda12"}, '"gpu_requests"'),
        ({}, {"gpus": 1, "accelerator": "rocm"}, "--gpus"),
        ({}, {"cpus": 4096}, "--cpus"),
        ({}, {"memory": 1 << 20}, "--memory"),
        ({}, {"memory": 1 << 50}, "--memory"),
        ({"network": "nowhere"}, {}, '"network"'),
        ({"log_driver": "nobody"}, {}, '"log_driver"'),
    ],
    ids=["GPUs", "GPUs of CDI", "GPUs of AMD", "cores", "too little memory", "memory", "network", "log"],
)
def test_start__wish_cannot_be_granted__hint_names_the_setting(
    docker_engine: DockerEngine,
    store: Store,
    tmp_path: Path,
    options: dict[str, Any],
    wished: dict[str, Any],
    *,
    hint: str,
) -> None:
    del docker_engine
    engine, task = DockerEngine(store, options=options), wish(tmp_path, **wished)
    with pytest.raises(errors.EngineError) as caught:
        engine.start(engine.prepare(task))
    assert hint in caught.value.sentence("hint")
    with pytest.raises(docker.errors.NotFound):
        docker.from_env().containers.get(task.name)


class Registry(BaseHTTPRequestHandler):
    """One that wants a login, or has nothing, by the name of the repository."""

    def do_GET(self) -> None:
        private = "private" in self.path
        gone = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'
        body = b"" if private else gone
        self.send_response(401 if private else 200 if self.path == "/v2/" else 404)
        if private:
            self.send_header("WWW-Authenticate", 'Basic realm="team"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 (the name is the library's)

    def log_message(self, *words: object) -> None:
        """Nothing."""


@pytest.fixture
def registry() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        ("127.0.0.1:1/x", "as the engine's machine sees it"),
        ("no-such-registry.invalid/x", "as the engine's machine sees it"),
        ("{registry}/private", "check the login there"),
        ("{registry}/gone", "submit again, which pushes it"),
    ],
    ids=["refused", "name", "login", "gone"],
)
def test_start__registry_is_not_the_engines__hint_says_whose_view_counts(
    docker_engine: DockerEngine, tmp_path: Path, registry: str, reference: str, *, hint: str
) -> None:
    task = replace(wish(tmp_path), reference=reference.format(registry=registry) + NONE)
    with pytest.raises(errors.DockerRefused) as caught:
        docker_engine.start(docker_engine.prepare(task))
    assert hint in caught.value.sentence("hint")


def test_follow__image_of_another_processor__said_so(docker_engine: DockerEngine, tmp_path: Path) -> None:
    own = docker.from_env().version()["Arch"]
    architecture, number = OTHERS[own]
    program = bytearray(static_busybox().read_bytes())
    program[MACHINE] = number.to_bytes(2, "little")
    (tmp_path / "busybox").write_bytes(program)
    store = Store(tmp_path / "store")
    layer = store.add_layer(lambda out: write_tar(out, entries(tmp_path / "busybox")))
    config = replace(train_config(layer.diff_id), architecture=architecture)
    store.tag("test/train:1", store.add_image(config, [layer]).descriptor)
    engine = DockerEngine(store, grace=1)
    handle = engine.start(engine.prepare(wish(tmp_path)))
    try:
        end = list(engine.follow(handle))[-1]
    finally:
        engine.release(handle)
        docker.from_env().images.remove(config_id(store), force=True)
    assert isinstance(end, StateChange)
    assert isinstance(end.failure, errors.DockerOtherProcessor)
    assert f"--platform linux/{own}" in end.failure.sentence("hint")
    del docker_engine


def config_id(store: Store) -> str:
    return store.images()[0].manifest.config.digest
