"""An index on this machine with wheels made on the spot, and a site folder as installers leave it."""

from __future__ import annotations

import base64
import hashlib
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_mlpack.inspection.sources import Holding

PURE = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def metadata(name: str, version: str, requires: tuple[str, ...] = ()) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(
        f"Requires-Dist: {line}\n" for line in requires
    )


def write_wheel(
    folder: Path, name: str, version: str, *requires: str, tag: str = "py3-none-any", body: str = ""
) -> Path:
    """A wheel with one module."""
    info = f"{name}-{version}.dist-info"
    files = {f"{name}.py": body, f"{info}/METADATA": metadata(name, version, requires), f"{info}/WHEEL": PURE}
    rows = "".join(f"{path},{digest(text)},{len(text)}\n" for path, text in files.items())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**files, f"{info}/RECORD": f"{rows}{info}/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return path


def digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Index:
    """A simple index (PEP 503) over HTTP that says nothing of life times; ``asked`` are the names that were asked for.

    With a ``login`` (``name:password``) it answers nobody else.
    """

    url: str
    folder: Path
    asked: list[str] = field(default_factory=list)
    login: str = ""

    def refuses(self, said: str | None) -> bool:
        """Whether this header is not the login."""
        return bool(self.login) and said != "Basic " + base64.b64encode(self.login.encode()).decode()

    def add(self, name: str, version: str, *requires: str, tag: str = "py3-none-any", body: str = "") -> str:
        """A wheel on the index; its hash."""
        path = write_wheel(self.folder, name, version, *requires, tag=tag, body=body)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def settings(self, cache: Path) -> dict[str, str]:
        """uv's settings for this index alone."""
        return {
            "UV_DEFAULT_INDEX": f"{self.url}/simple",
            "UV_CACHE_DIR": str(cache),
            "UV_HTTP_RETRIES": "0",
            "MLPACK_INDEX_CPU": "default",
            "NO_PROXY": "127.0.0.1",
        }


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with serve_index(tmp_path / "index") as found:
        yield found


@pytest.fixture
def other_index(tmp_path: Path) -> Iterator[Index]:
    with serve_index(tmp_path / "other-index") as found:
        yield found


@pytest.fixture(scope="session")
def accelerator_indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Index, Index]]:
    """An index as the default one is, and one as those of accelerators are; ``test_accelerated.py`` fills them."""
    folder = tmp_path_factory.mktemp("indexes")
    with serve_index(folder / "default") as default, serve_index(folder / "own") as own:
        yield default, own


def listed_as(wheel: Path) -> str:
    """The name of the page that lists a wheel."""
    return wheel.name.split("-")[0].replace("_", "-").lower()


@contextmanager
def serve_index(folder: Path) -> Iterator[Index]:
    """An index of the wheels in a new folder."""
    found = Index("", folder)
    found.folder.mkdir()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if found.refuses(self.headers.get("Authorization")):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            parts = self.path.strip("/").split("/")
            if parts[0] == "files" or (found.folder / parts[0]).is_file():
                self.answer((found.folder / parts[-1]).read_bytes(), "application/octet-stream")
                return
            found.asked.append(parts[-1])
            wheels = [
                path
                for path in sorted(found.folder.iterdir())
                if path.name.split("-")[0].replace("_", "-") == parts[-1]
            ]
            links = "".join(
                f'<a href="/files/{path.name}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}">{path.name}</a>'
                for path in wheels
            )
            self.answer(f"<!DOCTYPE html><html><body>{links}</body></html>".encode() if wheels else b"", "text/html")

        def do_HEAD(self) -> None:
            self.do_GET()

        def answer(self, body: bytes, kind: str) -> None:
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """The test's log is the list of names."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Site:
    """A site folder in an environment's place, with distributions as installers leave them."""

    folder: Path

    def install(
        self,
        name: str,
        files: Mapping[str, str | bytes],
        *,
        version: str = "1.0",
        origin: str = "local",
        address: str = "",
        info: Mapping[str, str] | None = None,
    ) -> Holding:
        """A distribution with its files in RECORD. ``info`` are further files of its metadata folder."""
        place = self.folder / f"{name}-{version}.dist-info"
        place.mkdir(parents=True)
        told = {"METADATA": metadata(name, version), "WHEEL": PURE, "INSTALLER": "pip\n", **(info or {})}
        for member, text in told.items():
            (place / member).write_text(text)
        for path, content in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        rows = [*files, *(f"{place.name}/{member}" for member in told), f"{place.name}/RECORD"]
        (place / "RECORD").write_text("".join(f"{row},,\n" for row in rows))
        return Holding(name, version, origin, address, place)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "environment" / "lib" / "python3.11" / "site-packages")
