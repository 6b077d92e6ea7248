"""A run image that comes from a registry instead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_mlpack.errors import MlpackError
from jupyter_mlpack.events import ignore
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.stack import StackSettings, ensure_run_image, read_stack
from jupyter_mlpack.stack.assembling import run_config

STACK = read_stack(Path(__file__).parents[2] / "stacks" / "bookworm")


class OneImage(ThreadingHTTPServer):
    """A registry that holds one image under every name, and counts what it is asked."""

    def __init__(self, store: Store, image: StoredImage) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.store, self.image, self.asked = store, image, 0


class Answer(BaseHTTPRequestHandler):
    server: OneImage

    def do_GET(self) -> None:
        self.server.asked += 1
        kind, _, last = self.path.rpartition("/")
        digest = self.server.image.descriptor.digest if kind.endswith("/manifests") else last
        self.send_response(200)
        if self.path != "/v2/":
            data = self.server.store.read(digest)
            self.send_header("Content-Type", self.server.image.descriptor.media_type)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Docker-Content-Digest", digest)
            self.end_headers()
            self.wfile.write(data)
        else:
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[OneImage]:
    store = Store(tmp_path / "registry")
    layer = store.add_layer(lambda out: write_tar(out, [TarEntry("/etc", "directory", 0o755, 0, 0)]))
    server = OneImage(store, store.add_image(run_config(STACK, "amd64", layer, "0" * 64), [layer]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_ensure_run_image__reference_named__is_pulled_once_and_again_on_refresh(registry, tmp_path):
    store = Store(tmp_path / "store")
    reference = f"127.0.0.1:{registry.server_address[1]}/team/run:1"
    image = ensure_run_image(STACK, "amd64", store, StackSettings(run_image=reference, insecure=True), ignore)
    assert image.descriptor == registry.image.descriptor
    named = store.image("mlpack/run:bookworm-amd64")
    assert named is not None
    assert named.descriptor == image.descriptor
    asked = registry.asked
    ensure_run_image(STACK, "amd64", store, StackSettings(run_image=reference, insecure=True), ignore)
    assert registry.asked == asked
    ensure_run_image(STACK, "amd64", store, StackSettings(run_image=reference, insecure=True, refresh=True), ignore)
    assert registry.asked > asked


def test_ensure_run_image__reference_of_another_architecture__is_refused(registry, tmp_path):
    reference = f"127.0.0.1:{registry.server_address[1]}/team/run:1"
    store = Store(tmp_path / "store")
    with pytest.raises(MlpackError):
        ensure_run_image(STACK, "arm64", store, StackSettings(run_image=reference, insecure=True), ignore)
    assert store.image("mlpack/run:bookworm-arm64") is None
