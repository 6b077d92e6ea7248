"""What a build costs the Jupyter server that runs it: answers of ``status`` in the meantime, first signs, memory.

A real server in a process of its own, a real build of ``examples/digits`` in a worker, and a client that asks for the
status all the time, as many tabs would. ``--home`` is a store to start from (default: an empty one, so that the first
build makes everything, and the figures are of the longest and busiest build there is).
"""

from __future__ import annotations

import argparse
import functools
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[1] / "examples" / "digits"
ENDED = ("succeeded", "failed", "cancelled")


class Server:
    """``jupyter server`` with the extension, on a free port; it serves the example, or the folder above ``project``."""

    def __init__(self, folder: Path, home: Path, project: Path | None = None) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        root = project.parent if project else folder / "root"
        if not project:
            shutil.copytree(EXAMPLE, root / "digits", dirs_exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        options = {
            "ServerApp.port": self.port,
            "ServerApp.open_browser": False,
            "ServerApp.root_dir": root,
            "ServerApp.jpserver_extensions": {"jupyter_mlpack": True},
            "IdentityProvider.token": "t",
            "MlpackExtension.home": home,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["JUPYTER_CONFIG_DIR"] = str(folder / "config")
        command = [sys.executable, "-m", "jupyter_server", "--allow-root", *words]
        self.log = (folder / "server.log").open("ab")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        while True:
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
                self.ask("GET", "runs")
                break
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit((folder / "server.log").read_text()) from None
                time.sleep(0.1)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """JSON of the answer of the extension (or, with a path from the root, of anybody), on the one connection."""
        sent = None if body is None else json.dumps(body)
        where = path if path.startswith("/") else f"/jupyter-mlpack/{path}"
        self.connection.request(method, where, sent, {"Authorization": "token t"})
        return json.loads(self.connection.getresponse().read())

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(60)
        self.log.close()

    def memory(self) -> dict[str, float]:
        """PSS in MB: of the server itself, and of its workers with all that they started."""
        children = below(self.process.pid)
        return {"server": pss([self.process.pid]), "workers": pss(children)}


def below(parent: int) -> list[int]:
    """Process ids of all descendants."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [parent]
    for process in found:
        found += [child for child, its in parents.items() if its == process]
    return found[1:]


def pss(processes: list[int]) -> float:
    """Summed proportional set sizes in MB."""
    total = 0
    for process in processes:
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1000


def percentiles(seconds: list[float]) -> str:
    """Median, 99th percentile and maximum in milliseconds."""
    ordered = sorted(seconds)
    middle, late = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.99))
    return (
        f"median {middle * 1e3:6.1f}  p99 {late * 1e3:6.1f}  max {ordered[-1] * 1e3:6.1f} ms  ({len(ordered)} requests)"
    )


def timed(call: Callable[[], object]) -> float:
    """Seconds of a call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def first_signs(server: Server) -> str:
    """From the click to the answer, and to the first phase that a panel can show. The build is cancelled then."""
    began = time.perf_counter()
    run = server.ask("POST", "builds", {"path": "digits/digits.ipynb"})
    answered = time.perf_counter() - began
    while True:
        page = server.ask("GET", f"builds/{run['id']}/events?after=0")
        if any(entry["event"]["event"] == "PhaseStarted" for entry in page["entries"]):
            break
        time.sleep(0.005)
    phase = time.perf_counter() - began
    server.ask("DELETE", f"builds/{run['id']}?cancel=1")
    while server.ask("GET", f"builds/{run['id']}")["state"] not in ENDED:
        time.sleep(0.02)
    return f"run shown after {answered * 1e3:4.0f} ms, first phase after {phase * 1e3:5.0f} ms"


STATUS = {"jupyter-mlpack/status": "status", "api/status": "/api/status"}
"""Ours, and Jupyter Server's own, which any other work on that server would be as slow as."""


def watch_build(server: Server) -> tuple[dict[str, Any], dict[str, list[float]], float]:
    """A whole build; meanwhile both ``STATUS`` every 10 ms, events every 200 ms: run, seconds, peak of memory."""
    run = server.ask("POST", "builds", {"path": "digits/digits.ipynb"})
    seconds: dict[str, list[float]] = {name: [] for name in STATUS}
    seq, peak, fetched, measured = 0, 0.0, 0.0, 0.0
    while True:
        for name, path in STATUS.items():
            seconds[name].append(timed(functools.partial(server.ask, "GET", path)))
        now = time.monotonic()
        if now - fetched > 0.2:
            fetched = now
            entries = server.ask("GET", f"builds/{run['id']}/events?after={seq}")["entries"]
            seq = entries[-1]["seq"] if entries else seq
            run = server.ask("GET", f"builds/{run['id']}")
            if run["state"] in ENDED:
                return run, seconds, peak
        if now - measured > 1:
            measured = now
            peak = max(peak, server.memory()["server"])
        time.sleep(0.01)


def tell(what: str, figures: str) -> None:
    """One line of the table."""
    print(f"{what:<36} {figures}", flush=True)


def measure(server: Server) -> None:
    """Print the figures."""
    tell("memory before the first use", f"server {server.memory()['server']:.0f} MB")
    tell("click, no worker at hand", first_signs(server))
    server.ask("GET", "status")
    for name, path in STATUS.items():
        call = functools.partial(server.ask, "GET", path)
        tell(f"{name}, nothing runs", percentiles([timed(call) for _ in range(500)]))
    for _ in range(3):
        time.sleep(5)
        tell("click, a worker is warm", first_signs(server))
    time.sleep(5)
    memory = server.memory()
    tell("memory with a warm worker", f"server {memory['server']:.0f} MB, worker {memory['workers']:.0f} MB")
    for build in ("first build", "all reused"):
        run, seconds, peak = watch_build(server)
        for name in STATUS:
            tell(f"{name}, {build}", percentiles(seconds[name]))
        tell("", f"{run['state']} in {run['ended'] - run['started']:.1f} s, server at most {peak:.0f} MB")
    tell("load of the machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def main() -> None:
    """Start a server and measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a store to start from; it is used, not copied")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mlpack-bench-server-"))
    server = Server(folder, options.home or folder / "home")
    try:
        measure(server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
