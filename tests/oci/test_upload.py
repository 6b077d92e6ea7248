"""A blob arrives whole, whatever the connection and the registry do on the way."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.oci.diagnosis import PUSH
from jupyter_mlpack.oci.manifest import LAYER_GZIP, Descriptor
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.oci.upload import BlobUpload, Source

MIB = 1 << 20
CONTENT = bytes(range(256)) * (4 * MIB // 256) + b"end"
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


class SmallRegistry(BaseHTTPRequestHandler):
    """A registry of one repository that keeps the bytes of a broken chunk, as the specification allows."""

    protocol_version = "HTTP/1.1"
    server: SmallServer

    def do_HEAD(self) -> None:
        digest = self.path.rsplit("/", 1)[1]
        self.answer(200 if digest in self.server.blobs else 404)

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[1]
        if self.path == "/v2/":
            self.answer(200)
        elif name in self.server.uploads:
            self.answer(204, self.where(name))
        else:
            self.answer(404)

    def do_POST(self) -> None:
        if self.server.begin_troubles:
            self.answer(self.server.begin_troubles.pop())
            return
        if self.server.mounts_from and f"from={self.server.mounts_from}" in self.path:
            self.answer(201)
            return
        name = f"u{len(self.server.uploads)}"
        self.server.uploads[name] = bytearray()
        self.answer(202, self.where(name))

    def do_PATCH(self) -> None:
        name = self.path.rsplit("/", 1)[1]
        received = self.server.uploads[name]
        begin = int(self.headers["Content-Range"].split("-")[0])
        if self.server.refuses_chunks:
            self.receive(bytearray())
            self.answer(405)
        elif begin != len(received):
            self.receive(bytearray())
            self.answer(416, self.where(name))
        elif self.server.troubles:
            self.receive(bytearray())
            self.answer(self.server.troubles.pop(), {"Retry-After": "0"})
        elif self.receive(received):
            self.answer(202, self.where(name))

    def do_PUT(self) -> None:
        name, digest = re.findall(r"/([^/]+)\?digest=(\S+)$", self.path.replace("%3A", ":"))[0]
        received = self.server.uploads[name]
        if not self.receive(received):
            return
        if "sha256:" + hashlib.sha256(received).hexdigest() != digest:
            self.answer(400)
            return
        self.server.blobs[digest] = bytes(received)
        if self.server.hides_success:
            self.server.hides_success = False
            self.close_connection = True  # done, but nobody is told
        else:
            self.answer(201)

    def where(self, name: str) -> dict[str, str]:
        size = len(self.server.uploads[name])
        return {"Location": f"/v2/r/blobs/uploads/{name}", "Range": f"0-{max(size - 1, 0)}"}

    def receive(self, into: bytearray) -> bool:
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            piece = self.rfile.read1(min(left, 65536))
            if not piece:
                self.close_connection = True
                return False
            into += piece
            left -= len(piece)
        return True

    def answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class SmallServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SmallRegistry)
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytearray] = {}
        self.troubles: list[int] = []
        self.begin_troubles: list[int] = []
        self.mounts_from = ""
        self.refuses_chunks = self.hides_success = False
        self.host = f"127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[SmallServer]:
    with SmallServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / "blob"
    path.write_bytes(CONTENT)
    return path


def upload(host: str, blob: Path, access: Access, origin: str = "") -> list[int]:
    """Upload the blob; gives the positions that were reported."""
    reports: list[int] = []
    with Session(host, "r", access, PUSH, ["repository:r:pull,push"]) as session:
        descriptor = Descriptor(LAYER_GZIP, DIGEST, len(CONTENT))
        BlobUpload(session, descriptor, Source(blob, origin), lambda _, done: reports.append(done)).run()
    return reports


WAYS = {"in chunks": (MIB, ["POST", *["PATCH"] * 5, "PUT"]), "in one piece": (8 * MIB, ["POST", "PUT"])}


@pytest.mark.parametrize(("chunk", "expected"), WAYS.values(), ids=WAYS)
def test_upload__healthy_connection__one_request_a_chunk(
    chunk: int, expected: list[str], *, server: SmallServer, blob: Path, access: Any, cutting_proxy: Any
) -> None:
    proxy = cutting_proxy(server.host)
    reports = upload(proxy.host, blob, access(chunk=chunk))
    assert server.blobs[DIGEST] == CONTENT
    assert proxy.methods() == expected
    assert reports[-1] == len(CONTENT)


def test_upload__cut_inside_chunks__continues_where_the_registry_is(
    server: SmallServer, blob: Path, access: Any, cutting_proxy: Any
) -> None:
    proxy = cutting_proxy(server.host, cuts=[MIB + MIB // 2, MIB // 3, MIB])
    upload(proxy.host, blob, access(chunk=2 * MIB))
    assert server.blobs[DIGEST] == CONTENT
    assert proxy.cut == 3
    assert len(server.uploads) == 1, "one upload was begun, and taken up again after each cut"
    assert proxy.bytes_up < len(CONTENT) + MIB, "what had arrived was not sent again"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_upload__passing_trouble__is_tried_again(status: int, server: SmallServer, blob: Path, access: Any) -> None:
    server.troubles = [status, status]
    upload(server.host, blob, access(chunk=MIB))
    assert server.blobs[DIGEST] == CONTENT


def test_upload__trouble_without_end__gives_up_with_its_words(server: SmallServer, blob: Path, access: Any) -> None:
    server.troubles = [503] * 50
    with pytest.raises(errors.UploadLost) as caught:
        upload(server.host, blob, access(chunk=MIB))
    assert "503" in caught.value.sentence("why")
    assert len(server.troubles) == 50 - 4, "as often as patience says"


MOUNTS = {
    "at once": ([], ["POST"]),
    "after trouble that passes": ([503], ["POST", "HEAD", "POST"]),
    "not possible": ([403], ["POST", "POST", *["PATCH"] * 5, "PUT"]),
}


@pytest.mark.parametrize(("troubles", "expected"), MOUNTS.values(), ids=MOUNTS)
def test_upload__known_elsewhere__is_mounted_or_sent(
    troubles: list[int], expected: list[str], *, server: SmallServer, blob: Path, access: Any, cutting_proxy: Any
) -> None:
    server.begin_troubles = list(troubles)
    server.mounts_from = "" if "PUT" in expected else "base"
    proxy = cutting_proxy(server.host)
    reports = upload(proxy.host, blob, access(chunk=MIB), "base")
    assert proxy.methods() == expected
    assert reports[-1] == len(CONTENT)


def test_upload__chunks_refused__goes_as_a_whole(server: SmallServer, blob: Path, access: Any) -> None:
    server.refuses_chunks = True
    upload(server.host, blob, access(chunk=MIB))
    assert server.blobs[DIGEST] == CONTENT


def test_upload__last_answer_lost__sees_that_all_is_there(
    server: SmallServer, blob: Path, access: Any, cutting_proxy: Any
) -> None:
    server.hides_success = True
    proxy = cutting_proxy(server.host)
    upload(proxy.host, blob, access(chunk=MIB))
    assert proxy.methods()[-2:] == ["PUT", "HEAD"]
    assert proxy.bytes_up < len(CONTENT) + MIB


def test_upload__registry_that_forgets_a_broken_upload__starts_over(
    registry: Any, blob: Path, access: Any, cutting_proxy: Any
) -> None:
    proxy = cutting_proxy(registry.host, cuts=[MIB + MIB // 2, 3 * MIB])
    upload(proxy.host, blob, access(chunk=MIB))
    stored = httpx.get(f"http://{registry.host}/v2/r/blobs/{DIGEST}", trust_env=False)
    assert stored.content == CONTENT
    assert proxy.cut == 2


def test_upload__file_is_not_what_it_should_be__registry_refuses(registry: Any, blob: Path, access: Any) -> None:
    blob.write_bytes(CONTENT[:-3] + b"END")
    with pytest.raises(errors.PushRefused) as caught:
        upload(registry.host, blob, access(chunk=MIB))
    assert "digest" in caught.value.sentence("why")


def test_upload__no_file__says_which_layer_is_missing(registry: Any, tmp_path: Path, access: Any) -> None:
    with pytest.raises(errors.PushLayerMissing):
        upload(registry.host, tmp_path / "gone", access())
