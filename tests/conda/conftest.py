"""A channel made on the spot and served on this machine, perhaps to those who know its password only."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3/placehold_placehold_placehold_placehold_placehold_placehold"
SUBDIRS = ("linux-64", "linux-aarch64", "noarch")


@dataclass(frozen=True)
class Content:
    """A file of a package; ``prefix`` is how conda finds the placeholder in it (``text``, ``binary``)."""

    data: bytes
    mode: int = 0o644
    prefix: str = ""


@dataclass
class Channel:
    """``asked`` are the paths that were asked for; ``password`` is wanted by basic authentication, if set."""

    folder: Path
    url: str = ""
    password: str = ""
    asked: list[str] = field(default_factory=list)
    records: dict[str, dict[str, dict[str, object]]] = field(default_factory=lambda: {name: {} for name in SUBDIRS})

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, Content | str],
        *depends: str,
        subdir: str = "linux-64",
        entry_points: Sequence[str] = (),
    ) -> dict[str, object]:
        """A package; one in ``noarch`` is of Python. Returns its record."""
        noarch = {"noarch": "python"} if subdir == "noarch" else {}
        build = "py_0" if noarch else "h_0"
        index = {"name": name, "version": version, "build": build, "build_number": 0, "subdir": subdir, **noarch}
        index["depends"] = list(depends)
        contents = {path: Content(one.encode()) if isinstance(one, str) else one for path, one in files.items()}
        info = {
            "info/index.json": index,
            "info/paths.json": {"paths_version": 1, "paths": [*map(told, contents.items())]},
        }
        if noarch:
            info["info/link.json"] = {
                "noarch": {"type": "python", "entry_points": list(entry_points)}, "package_metadata_version": 1,
            }  # fmt: skip
        members = {path: Content(json.dumps(data).encode()) for path, data in info.items()} | contents
        file = f"{name}-{version}-{build}.tar.bz2"
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:bz2", compresslevel=1) as archive:
            for path, one in members.items():
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(one.data), one.mode
                archive.addfile(member, io.BytesIO(one.data))
        data = packed.getvalue()
        (self.folder / subdir).mkdir(parents=True, exist_ok=True)
        (self.folder / subdir / file).write_bytes(data)
        sums = {"md5": hashlib.md5(data).hexdigest(), "sha256": hashlib.sha256(data).hexdigest()}
        self.records[subdir][file] = {**index, **sums, "size": len(data)}
        self.write()
        return {**index, **sums, "url": f"{self.url}/{subdir}/{file}"}

    def write(self) -> None:
        for subdir, records in self.records.items():
            (self.folder / subdir).mkdir(parents=True, exist_ok=True)
            listing = {"info": {"subdir": subdir}, "packages": records, "packages.conda": {}, "repodata_version": 1}
            (self.folder / subdir / "repodata.json").write_text(json.dumps(listing))


def told(row: tuple[str, Content]) -> dict[str, object]:
    """An entry of ``paths.json``."""
    path, one = row
    sums = {"sha256": hashlib.sha256(one.data).hexdigest(), "size_in_bytes": len(one.data)}
    place = {"file_mode": one.prefix, "prefix_placeholder": PLACEHOLDER} if one.prefix else {}
    return {"_path": path, "path_type": "hardlink", **sums, **place}


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    """With a Python that is none, a pure package that needs it, and one that needs a newer C library."""
    with serve(Channel(tmp_path / "channel")) as served:
        python = f"#!/bin/sh\necho {PLACEHOLDER}/lib\n".encode()
        library = b"\0\0" + PLACEHOLDER.encode() + b"/share\0rest"
        files = {
            "bin/python3.11": Content(python, 0o755, "text"),
            "lib/libthing.so": Content(library, 0o755, "binary"),
            "etc/conda/activate.d/thing.sh": "touch /tmp/was-run\n",
            "bin/.python-post-link.sh": "touch /tmp/was-run\n",
        }
        for machine in ("linux-64", "linux-aarch64"):
            served.add("python", "3.11.4", files, "__glibc >=2.17", subdir=machine)
        pure = {
            "site-packages/pure/__init__.py": "x = 1\n",
            "site-packages/pure-1.0.dist-info/METADATA": "Name: pure\n",
        }
        served.add("pure", "1.0", pure, "python >=3.8", subdir="noarch", entry_points=["purec = pure:main"])
        served.add("newer", "1.0", {"lib/newer": "x"}, "__glibc >=2.40")
        served.add("tool", "1.0", {"bin/tool": Content(b"#!/bin/sh\necho tool\n", 0o755)})
        yield served


class serve:  # noqa: N801 (a function with a block)
    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def __enter__(self) -> Channel:
        found = self.channel

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found.asked.append(self.path)
                secret = base64.b64encode(f"me:{found.password}".encode()).decode()
                if found.password and self.headers.get("Authorization") != f"Basic {secret}":
                    self.send_error(401)
                    return
                path = found.folder / self.path.split("?")[0].strip("/")
                if not path.is_file():
                    self.send_error(404)
                    return
                data = path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data)

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *words: object) -> None:
                """The test's log is ``asked``."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        found.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return found

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of the machine that runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("CONDARC", "CONDA_PREFIX", "CONDA_CHANNEL_ALIAS", "XDG_CONFIG_HOME", "RATTLER_AUTH_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
