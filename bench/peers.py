"""pipreqs, deptry and FawltyDeps, each in an environment of its own and asked in the way that serves it best.

None of them reads install lines. FawltyDeps and deptry list imports, so a second row gives what they would reach with
our table of modules. pipreqs has a map of its own and asks an index for every name; here the index is a small server
that knows the names of our table, which favours it (the public one also knows ``utils``
and ``src``) and needs no network.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpack.inspection.distributions import candidates
from jupyter_mlpack.inspection.tables import distributions, modules, normalised

VERSIONS = {"pipreqs": "pipreqs==0.5.0", "deptry": "deptry==0.25.1", "fawltydeps": "fawltydeps==0.20.0"}
TIMEOUT = 60
"""Seconds that a tool has for one notebook."""


def install(folder: Path) -> None:
    """An environment for each tool below ``folder``, made by uv; those that are there are kept."""
    for name, requirement in VERSIONS.items():
        if not (folder / name / "bin" / name).exists():
            subprocess.run(["uv", "venv", "-q", "--clear", folder / name], check=True)
            subprocess.run(["uv", "pip", "install", "-q", "-p", folder / name, requirement], check=True)


@dataclass(frozen=True)
class Peer:
    """A tool, by its name in the table, and the function that asks it."""

    name: str
    run: Callable[[Path], list[str] | None]

    def missing(self) -> str:
        """Never: ``all_peers`` has installed it."""
        return ""

    def ask(self, notebook: Path) -> tuple[frozenset[str] | None, float]:
        """The names for one notebook, and the seconds."""
        begin = time.monotonic()
        found = self.run(notebook)
        return None if found is None else frozenset(found), time.monotonic() - begin


def all_peers(folder: Path) -> list[Peer]:
    """Set the tools up below ``folder`` and serve the index that pipreqs asks, until this process ends."""
    install(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    return [
        Peer("pipreqs", lambda notebook: pipreqs(folder, address, notebook)),
        Peer("deptry", lambda notebook: deptry(folder, notebook)),
        Peer("deptry + table", with_table(lambda notebook: deptry(folder, notebook))),
        Peer("FawltyDeps", lambda notebook: fawltydeps(folder, notebook)),
        Peer("FawltyDeps + table", with_table(lambda notebook: fawltydeps(folder, notebook))),
    ]


class Index(http.server.BaseHTTPRequestHandler):
    """The part of an index's JSON interface that pipreqs reads, for the names that our table knows."""

    def do_GET(self) -> None:
        """Answer ``/NAME/json``."""
        name = self.path.strip("/").split("/")[0]
        known = normalised(name) in distributions() or name in modules()
        info = {"name": name, "version": "1", "package_url": f"/{name}/"}
        body = json.dumps({"info": info, "releases": {"1": []}, "urls": []}).encode()
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(body if known else b"")

    def log_message(self, *words: object) -> None:
        """Nothing: the table is all that is printed."""


def pipreqs(folder: Path, address: str, notebook: Path) -> list[str] | None:
    """Its printed requirements."""
    command = [folder / "pipreqs" / "bin" / "pipreqs", "--scan-notebooks", "--print", "--mode", "no-pin"]
    done = _run([*command, "--pypi-server", address, "."], notebook)
    return done.stdout.split() if done is not None and done.returncode == 0 else None


def deptry(folder: Path, notebook: Path) -> list[str] | None:
    """Imports that an empty list of requirements does not provide."""
    requirements, answer = notebook.parent / "requirements.txt", notebook.parent / ".deptry.json"
    if not requirements.exists():
        requirements.touch()
    done = _run([folder / "deptry" / "bin" / "deptry", ".", "--json-output", answer], notebook)
    if done is None or not answer.exists():
        return None
    return [
        entry["module"] for entry in json.loads(answer.read_text()) if entry["error"]["code"] in ("DEP001", "DEP003")
    ]


def fawltydeps(folder: Path, notebook: Path) -> list[str] | None:
    """The imports that it finds."""
    done = _run([folder / "fawltydeps" / "bin" / "fawltydeps", "--list-imports", "--json", "."], notebook)
    if done is None or done.returncode != 0:
        return None
    return [entry["name"] for entry in json.loads(done.stdout)["imports"]]


def with_table(ask: Callable[[Path], list[str] | None]) -> Callable[[Path], list[str] | None]:
    """The same tool, its import names made distributions by our table."""

    def answer(notebook: Path) -> list[str] | None:
        found = ask(notebook)
        return None if found is None else [(candidates(name) or (name,))[0] for name in found]

    return answer


def _run(command: list[object], notebook: Path) -> subprocess.CompletedProcess[str] | None:
    try:
        words = [str(word) for word in command]
        return subprocess.run(words, check=False, cwd=notebook.parent, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return None
