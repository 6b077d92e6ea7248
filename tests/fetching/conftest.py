"""Git repositories on disk and behind loopback servers, and a fetcher with a store of its own."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_mlpack.events import Event, Noticed, ignore
from jupyter_mlpack.fetching import Fetched, Fetcher, read_path
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access, Patience

BUILDPACK = 'api = "0.10"\n[buildpack]\nid = "{id}"\nversion = "{version}"\n'
LOGIN = "me:canary-password"


def write_buildpack(folder: Path, id_: str = "me/own", version: str = "1", further: str = "") -> Path:
    """A buildpack that passes and makes nothing; a composite one if ``further`` has an order."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "buildpack.toml").write_text(BUILDPACK.format(id=id_, version=version) + further)
    if "[[order]]" not in further:
        (folder / "bin").mkdir()
        for name in ("detect", "build"):
            (folder / "bin" / name).write_text("#!/bin/sh\n")
            (folder / "bin" / name).chmod(0o755)
    return folder


@dataclass
class Repository:
    """A git repository at ``folder``."""

    folder: Path

    def git(self, *words: str, given: bytes | None = None) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
        done = subprocess.run(("git", *who, *words), cwd=self.folder, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def commit(self) -> str:
        """What is in the folder now; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")
        self.git("update-server-info")
        return self.git("rev-parse", "HEAD")


@pytest.fixture(name="write_buildpack")
def give_write_buildpack() -> Callable[..., Path]:
    """``write_buildpack`` above."""
    return write_buildpack


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One with two buildpacks, in ``packs/one`` and ``packs/two``, not yet committed."""
    made = Repository(tmp_path / "repository")
    made.folder.mkdir()
    made.git("init", "--quiet")
    for name in ("one", "two"):
        write_buildpack(made.folder / "packs" / name, f"me/{name}")
    return made


@dataclass
class Desk:
    """A fetcher and what it told."""

    fetcher: Fetcher
    told: list[Event]

    def fetch(self, word: str, base: Path = Path("/")) -> Fetched:
        return self.fetcher.fetch(read_path(word, base, "here"), "here")

    @property
    def notices(self) -> list[str]:
        return [event.notice.text for event in self.told if isinstance(event, Noticed)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One that may speak to this machine's servers in plain HTTP, and is not patient."""
    told: list[Event] = []
    access = Access(insecure=True, patience=Patience(attempts=2, first=0.01, ceiling=0.02))
    return Desk(Fetcher(Store(tmp_path / "store"), lambda host: access, told.append), told)


@pytest.fixture
def maker(tmp_path: Path) -> Sources:
    """Who makes buildpackages, in another store."""
    return Sources(Fetcher(Store(tmp_path / "other"), lambda host: Access(), ignore), tmp_path)


@dataclass
class Site:
    """A server on this machine: its address, and the paths that were asked for."""

    url: str
    asked: list[str] = field(default_factory=list)


class Files(SimpleHTTPRequestHandler):
    """The files of a folder, nothing on the terminal."""

    asked: list[str]

    def log_message(self, format: str, *args: object) -> None:
        self.asked.append(self.path)


class Backend(BaseHTTPRequestHandler):
    """git's own server program, for who knows the login."""

    root: Path
    login: str
    asked: list[str]

    def do_GET(self) -> None:
        wanted = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        if self.login and self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.end_headers()
            return
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = {
            "content-type": "CONTENT_TYPE",
            "content-encoding": "HTTP_CONTENT_ENCODING",
            "git-protocol": "GIT_PROTOCOL",
        }
        environment = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path, "QUERY_STRING": parts.query, "REQUEST_METHOD": self.command,
            "CONTENT_LENGTH": str(len(body)),
            **{name: self.headers[key] for key, name in told.items() if key in self.headers},
        }  # fmt: skip
        done = subprocess.run(("git", "http-backend"), input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().splitlines()]
        status = next((value for name, _, value in lines if name == "Status"), "200")
        self.send_response(int(status.split()[0]))
        for name, _, value in lines:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 (the name that the server calls)

    def log_message(self, format: str, *args: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def serve() -> Iterator[Callable[..., Site]]:
    """``serve("files", folder)`` or ``serve("git", folder, login)`` -> a server; it ends with the test."""
    servers: list[ThreadingHTTPServer] = []

    def start(kind: str, root: Path, login: str = "") -> Site:
        asked: list[str] = []
        if kind == "files":
            own = type("Handler", (Files,), {"asked": asked})
            handler: Callable[..., BaseHTTPRequestHandler] = partial(own, directory=str(root))
        else:
            handler = type("Handler", (Backend,), {"root": root, "login": login, "asked": asked})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return Site(f"http://127.0.0.1:{server.server_address[1]}", asked)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
