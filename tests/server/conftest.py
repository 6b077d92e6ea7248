"""A real Jupyter Server with the extension, real workers, and a kernel that lets a test hold a command where it is."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tornado.testing
from pytest_jupyter.jupyter_server import *  # noqa: F403 (its fixtures, for this folder only)

from jupyter_mlpack.server.handlers import SERVICE
from jupyter_mlpack.server.service import Service

REAL_HOME = Path.home()
PATIENCE = 60.0
"""Seconds after which something that should happen did not."""


@dataclass
class Rest:
    """Asks the extension as a browser with a token does."""

    fetch: Callable[..., Awaitable[Any]]

    async def __call__(
        self, method: str, path: str, body: object = None, params: dict[str, str] | None = None, **options: Any
    ) -> tuple[int, Any]:
        """Status and JSON (or text) of the answer. ``body`` is sent as JSON unless it is bytes."""
        sent = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        if method in ("POST", "PUT", "PATCH") and sent is None:
            sent = b""
        options.setdefault("request_timeout", PATIENCE)
        answer = await self.fetch(
            "jupyter-mlpack", path, method=method, body=sent, params=params, raise_error=False, **options
        )
        text = answer.body.decode()
        kind = answer.headers.get("Content-Type", "")
        return answer.code, json.loads(text) if kind.startswith("application/json") else text

    async def run(self, run: dict[str, Any]) -> dict[str, Any]:
        """The run as it is now."""
        status, now = await self("GET", f"{noun(run)}/{run['id']}")
        assert status == 200, now
        return now

    async def until(self, run: dict[str, Any], *states: str) -> dict[str, Any]:
        """The run as soon as it is in one of the states."""
        deadline = time.monotonic() + PATIENCE
        while (now := await self.run(run))["state"] not in states:
            assert time.monotonic() < deadline, now
            await asyncio.sleep(0.05)
        return now

    async def events(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        """All events of a run."""
        found: list[dict[str, Any]] = []
        more = True
        while more:
            params = {"after": str(found[-1]["seq"] if found else 0)}
            status, page = await self("GET", f"{noun(run)}/{run['id']}/events", params=params)
            assert status == 200, page
            found += page["entries"]
            more = page["more"]
        assert [entry["seq"] for entry in found] == list(range(1, len(found) + 1))
        return [entry["event"] for entry in found]


def noun(run: dict[str, Any]) -> str:
    return {"build": "builds", "job": "jobs", "delivery": "deliveries", "service": "services"}[run["kind"]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "mlpack-home"


@pytest.fixture
def settings() -> dict[str, Any]:
    """Traits of the extension, for a test to override."""
    return {}


@pytest.fixture
def jp_server_config(home: Path, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_mlpack": True}, "allow_unauthenticated_access": False},
        "MlpackExtension": {"home": str(home), **settings},
    }


@pytest.fixture
def jp_base_url() -> str:
    return "/user/x%40y/"


@pytest.fixture
def jp_home_dir() -> Path:
    """The real one: uv's settings and its cache lie there."""
    return REAL_HOME


@pytest.fixture
def service(jp_serverapp: Any, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Service]:
    service = jp_serverapp.web_app.settings[SERVICE]
    yield service
    jp_asyncio_loop.run_until_complete(service.close())


@pytest.fixture
def rest(jp_fetch: Callable[..., Awaitable[Any]], service: Service) -> Rest:
    return Rest(jp_fetch)


Write = Callable[..., Path]


@pytest.fixture
def write(jp_root_dir: Path) -> Write:
    """``write("a.ipynb", "import numpy", kernel="held")``: a notebook below the server's root."""

    def write_notebook(name: str, *cells: str, **metadata: object) -> Path:
        path = jp_root_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kernel = metadata.pop("kernel", None)
        if kernel:
            metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
        made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}))
        return path

    return write_notebook


@dataclass
class Held:
    """The kernel ``held``: whoever asks its interpreter waits until ``release``."""

    folder: Path

    @property
    def waiting(self) -> list[int]:
        """Process ids of interpreters that were asked, the first first."""
        started = self.folder / "started"
        return [int(line) for line in started.read_text().splitlines()] if started.exists() else []

    async def asked(self, times: int = 1) -> None:
        """Wait until it was asked so many times."""
        deadline = time.monotonic() + PATIENCE
        while len(self.waiting) < times:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    def release(self) -> None:
        (self.folder / "go").touch()


@pytest.fixture
def held(jp_kernel_dir: Path, tmp_path: Path) -> Iterator[Held]:
    folder = tmp_path / "held"
    folder.mkdir()
    script = folder / "python"
    wait = f'while [ ! -e "{folder}/go" ]; do sleep 0.05; done'
    script.write_text(f'#!/bin/sh\necho $$ >> "{folder}/started"\n{wait}\nexit 1\n')
    script.chmod(0o755)
    (jp_kernel_dir / "held").mkdir()
    spec = {"argv": [str(script), "-f", "{connection_file}"], "display_name": "held", "language": "python"}
    (jp_kernel_dir / "held" / "kernel.json").write_text(json.dumps(spec))
    yield Held(folder)
    (folder / "go").touch()


class Processes:
    """What runs on this machine."""

    def is_running(self, process: int) -> bool:
        """Whether a process is there, and not only as a zombie."""
        try:
            return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    async def gone(self, *processes: int) -> None:
        """Wait until processes have ended."""
        deadline = time.monotonic() + PATIENCE
        while any(map(self.is_running, processes)):
            assert time.monotonic() < deadline, processes
            await asyncio.sleep(0.05)

    def workers(self, parent: int | None = None) -> list[int]:
        """Process ids of the workers that a process (default: this one) has started and that run."""
        found = []
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                with suppress(FileNotFoundError, ProcessLookupError):
                    status = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                    command = Path(entry.path, "cmdline").read_bytes()
                    if int(status[1]) == (parent or os.getpid()) and status[0] != "Z" and b"server.worker" in command:
                        found.append(int(entry.name))
        return found


@pytest.fixture
def processes() -> Processes:
    return Processes()


class Server:
    """A real ``jupyter server`` in a process of its own."""

    def __init__(self, root: Path, home: Path) -> None:
        self.socket, self.port = tornado.testing.bind_unused_port()
        self.socket.close()
        options = {
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.open_browser": False,
            "ServerApp.root_dir": root,
            "ServerApp.jpserver_extensions": {"jupyter_mlpack": True},
            "IdentityProvider.token": "t",
            "MlpackExtension.home": home,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", "--allow-root", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """JSON of the answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/jupyter-mlpack/{path}", method=method)
        request.add_header("Authorization", "token t")
        request.data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(OSError):
                self.ask("GET", "runs")
                return
            time.sleep(0.1)
        raise AssertionError("the server does not answer")


@pytest.fixture
def serve(jp_environ: None, jp_root_dir: Path, home: Path) -> Iterator[Callable[[], Server]]:
    started: list[Server] = []

    def start_server() -> Server:
        started.append(Server(jp_root_dir, home))
        started[-1].wait()
        return started[-1]

    yield start_server
    for server in started:
        server.process.kill()
        server.process.wait(30)
