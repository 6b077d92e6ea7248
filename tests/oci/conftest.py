"""Small images, real registries on free loopback ports, and a proxy that cuts connections."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from jupyter_mlpack.oci.credentials import Credential
from jupyter_mlpack.oci.manifest import DOCKER_MANIFEST, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.oci.transport import Access, Patience

HURRIED = Patience(attempts=4, first=0.01, ceiling=0.05)


REQUEST = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE) (/\S*) HTTP/1\.1\r\n")


@dataclass
class CuttingProxy:
    """Passes TCP on to ``target`` and notes the requests that it sees.

    Each number in ``cuts`` ends one connection: the first one that has carried so many bytes in ``direction``
    (``up`` to the registry or ``down`` from it) is closed on both sides.
    """

    target: str
    cuts: list[int] = field(default_factory=list)
    direction: str = "up"
    requests: list[tuple[str, str]] = field(default_factory=list)
    bytes_up: int = 0
    cut: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def methods(self, path: str = "") -> list[str]:
        """The methods of the requests so far whose path holds ``path``."""
        return [method for method, where in self.requests if path in where]

    def accept(self) -> None:
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            name, port = self.target.split(":")
            far = socket.create_connection((name, int(port)))
            for ends in ((near, far, "up"), (far, near, "down")):
                threading.Thread(target=self.carry, args=ends, daemon=True).start()

    def carry(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        carried = 0
        with suppress(OSError):
            while data := source.recv(65536):
                with self.lock:
                    carried += len(data)
                    if direction == "up":
                        self.bytes_up += len(data)
                        found = REQUEST.findall(data)
                        self.requests += [(method.decode(), path.decode()) for method, path in found]
                    ends = bool(self.cuts) and direction == self.direction and carried >= self.cuts[0]
                    if ends:
                        data = data[: len(data) - (carried - self.cuts.pop(0))]
                        self.cut += 1
                sink.sendall(data)
                if ends:
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cutting_proxy() -> Iterator[Callable[..., CuttingProxy]]:
    """Makes proxies in front of a registry's host."""
    proxies: list[CuttingProxy] = []

    def make(target: str, cuts: list[int] | None = None, direction: str = "up") -> CuttingProxy:
        proxies.append(CuttingProxy(target, cuts or [], direction))
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.server.close()


@pytest.fixture
def access() -> Callable[..., Access]:
    """Makes an ``Access`` to loopback registries that does not wait long; keychain by user name and password."""

    def make(username: str = "", password: str = "", chunk: int = 1 << 20) -> Access:
        known = Credential(username, password) if username else None
        return Access(insecure=True, keychain=lambda host, repository: known, patience=HURRIED, chunk=chunk)

    return make


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The store that images are made in."""
    return Store(tmp_path / "store")


@pytest.fixture
def other(tmp_path: Path) -> Store:
    """A second, empty store."""
    return Store(tmp_path / "other")


def noise(size: int, seed: int) -> bytes:
    """Bytes that do not compress, the same each time."""
    return b"".join(hashlib.sha512(b"%d/%d" % (seed, block)).digest() for block in range(size // 64))


def add_layer(store: Store, name: str, data: bytes) -> Layer:
    entry = TarEntry(name, "file", 0o644, 0, 0, size=len(data), data=data)
    return store.add_layer(lambda out: write_tar(out, [entry]))


def make_image(store: Store, *sizes: int, arch: str = "amd64") -> StoredImage:
    """An image with a layer of noise for each size in bytes."""
    layers = [add_layer(store, f"/f{number}", noise(size, number)) for number, size in enumerate(sizes)]
    diff_ids = tuple(layer.diff_id for layer in layers)
    return store.add_image(ImageConfig(architecture=arch, os="linux", diff_ids=diff_ids), layers)


def served_digest(host: str, repository: str, tag: str) -> str | None:
    accept = {"Accept": f"application/vnd.oci.image.manifest.v1+json, {DOCKER_MANIFEST}"}
    answer = httpx.head(f"http://{host}/v2/{repository}/manifests/{tag}", headers=accept, trust_env=False)
    return answer.headers["docker-content-digest"] if answer.status_code == 200 else None


def put(host: str, repository: str, kind: str, data: bytes, media_type: str) -> str:
    """Store a blob or manifest at the registry by hand, whatever it holds; gives its digest."""
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    with httpx.Client(trust_env=False, base_url=f"http://{host}/v2/{repository}/") as client:
        if kind == "blob":
            where = client.post("blobs/uploads/").headers["location"]
            client.put(where, params={**dict(httpx.URL(where).params), "digest": digest}, content=data)
        else:
            headers = {"Content-Type": media_type}
            client.put(f"manifests/{kind}", content=data, headers=headers).raise_for_status()
    return digest


@pytest.fixture(name="make_image")
def give_make_image() -> Callable[..., StoredImage]:
    """``make_image`` above."""
    return make_image


@pytest.fixture(name="add_layer")
def give_add_layer() -> Callable[..., Layer]:
    """``add_layer`` above."""
    return add_layer


@pytest.fixture(name="served_digest")
def give_served_digest() -> Callable[..., str | None]:
    """``served_digest`` above."""
    return served_digest


@pytest.fixture(name="put")
def give_put() -> Callable[..., str]:
    """``put`` above."""
    return put
