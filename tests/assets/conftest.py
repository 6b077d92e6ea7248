"""What assets come from: a server of files that can break off, a bucket on this machine."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.assets import download
from jupyter_mlpack.assets.fetch import Fetching, fetch_assets
from jupyter_mlpack.assets.plan import Fetched
from jupyter_mlpack.assets.shelf import Shelf
from jupyter_mlpack.events import Event
from jupyter_mlpack.values import Asset


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Site:
    """Files by path, and how the server behaves. ``cuts`` are numbers of bytes after which a connection is lost."""

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    tags: bool = True
    status: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    """Requests: path, Range, Authorization."""

    address: str = ""


class Handler(BaseHTTPRequestHandler):
    site: Site

    def log_message(self, format: str, *arguments: object) -> None: ...

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        site, path = self.site, self.path.partition("?")[0]
        asked = self.headers.get("Range", "")
        site.seen.append((self.path, asked, self.headers.get("Authorization", "")))
        if path in site.moved:
            return self.answer(302, b"", Location=site.moved[path])
        status = site.status.get(path, 200 if path in site.files else 404)
        if status != 200:
            return self.answer(status, b"a page of words")
        data = site.files[path]
        tag = f'"{sha256(data)[:8]}"'
        found = re.fullmatch(r"bytes=(\d+)-", asked)
        start = int(found[1]) if found and site.ranges and self.headers.get("If-Range", tag) == tag else 0
        headers = {"ETag": tag} if site.tags else {}
        if start > len(data):
            return self.answer(416, b"")
        return self.answer(206 if start else 200, data[start:], **headers)

    def answer(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            cut = self.site.cuts.pop(0) if self.site.cuts and status in (200, 206) else len(data)
            self.wfile.write(data[:cut])
        self.close_connection = True


@pytest.fixture
def site() -> Iterator[Site]:
    """A server on this machine."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"site": site}))
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()


@dataclass
class Bench:
    """Fetches assets into a shelf, for a notebook in ``folder``."""

    folder: Path
    shelf: Shelf
    events: list[Event] = field(default_factory=list)
    bindings: tuple[Any, ...] = ()

    def fetch(self, *assets: Asset, refresh: bool = False) -> tuple[Fetched, ...]:
        return fetch_assets(assets, Fetching(self.shelf, self.folder, self.bindings, refresh), self.events.append)

    def one(self, asset: Asset, refresh: bool = False) -> Fetched:
        (fetched,) = self.fetch(asset, refresh=refresh)
        return fetched

    def content(self, fetched: Fetched) -> dict[str, bytes]:
        return {item.path: self.shelf.path(item.sha256).read_bytes() for item in fetched.items}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(download, "PAUSE", 0.0)
    (tmp_path / "notebook").mkdir()
    return Bench(tmp_path / "notebook", Shelf(tmp_path / "store"))


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    """The address of a server that speaks like S3."""
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(
    bucket_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[str, bytes], None]]:
    """Puts an object into the bucket ``data`` of that server, which this machine's settings name."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": bucket_server, "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "canary-secret",
        "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="data")
    yield lambda key, content: client.put_object(Bucket="data", Key=key, Body=content)
    for entry in client.list_objects_v2(Bucket="data").get("Contents", ()):
        client.delete_object(Bucket="data", Key=entry["Key"])
    client.delete_bucket(Bucket="data")


@pytest.fixture(name="sha256")
def give_sha256() -> Callable[[bytes], str]:
    return sha256
