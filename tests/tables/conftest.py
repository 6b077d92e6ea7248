"""A small package index on loopback: simple API in both forms, files with or without ranges, wheels made in place."""

from __future__ import annotations

import io
import json
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest


def wheel(files: dict[str, str], padding: int = 0) -> bytes:
    """A zip of those files; ``padding`` bytes that do not compress stand before all others."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if padding:
            archive.writestr("acme_padding.libs/big.so.1", bytes(index * 7919 % 251 for index in range(padding)))
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()


def sdist(name: str, top_level: str | None) -> bytes:
    """A source archive, with or without ``top_level.txt``."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        texts = {f"{name}/setup.py": "print('never run')"}
        if top_level is not None:
            texts[f"{name}/{name}.egg-info/top_level.txt"] = top_level
        for path, text in texts.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


@dataclass
class Index:
    """What the server has, and what it was asked for."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    yanked: set[str] = field(default_factory=set)
    form: str = "json"
    ranges: bool = True
    broken: dict[str, list[int]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0
    url: str = ""

    def add(self, project: str, name: str, data: bytes) -> None:
        self.files.setdefault(project, {})[name] = data

    def page(self, project: str) -> tuple[str, str]:
        """(content type, body)."""
        names = self.files[project]
        if self.form == "json":
            files = [{"filename": n, "url": f"../../files/{project}/{n}", "yanked": n in self.yanked} for n in names]
            return "application/vnd.pypi.simple.v1+json", json.dumps({"name": project, "files": files})
        anchors = [
            f'<a href="../../files/{project}/{n}#sha256=00"{" data-yanked" if n in self.yanked else ""}>{n}</a><br>'
            for n in names
        ]
        return "text/html", f"<!DOCTYPE html><html><body>{''.join(anchors)}</body></html>"


class Handler(BaseHTTPRequestHandler):
    index: ClassVar[Index]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        kept = self.headers.get("Range", "")
        self.index.asked.append((self.path, kept))
        states = self.index.broken.get(self.path, [])
        parts = self.path.strip("/").split("/")
        if states:
            return self.answer(states.pop(0), b"")
        if parts[0] == "simple" and parts[1] in self.index.files:
            kind, body = self.index.page(parts[1])
            return self.answer(200, body.encode(), kind)
        if parts[0] == "files" and parts[2] in self.index.files.get(parts[1], {}):
            return self.file(self.index.files[parts[1]][parts[2]], kept)
        return self.answer(404, b"")

    def file(self, data: bytes, wanted: str) -> None:
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted) if self.index.ranges else None
        if found is None:
            return self.answer(200, data)
        first = int(found[1]) if found[1] else max(0, len(data) - int(found[2]))
        last = min(int(found[2]), len(data) - 1) if found[1] and found[2] else len(data) - 1
        return self.answer(206, data[first : last + 1], extra=f"bytes {first}-{last}/{len(data)}")

    def answer(self, status: int, body: bytes, kind: str = "application/octet-stream", extra: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if extra:
            self.send_header("Content-Range", extra)
        self.end_headers()
        self.wfile.write(body)
        self.index.sent += len(body)


@pytest.fixture
def index() -> Iterator[Index]:
    held = Index()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"index": held}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_address[1]}/simple"
    yield held
    server.shutdown()
    server.server_close()
    thread.join()
