"""Fifty jobs at once on this machine's Docker engine, all followed by one Jupyter server: do their logs keep up?

Each prints ``--rate`` lines a second for ``--seconds``. For each the lag is measured between the container's end, by
the engine's clock, and the moment at which the ledger has the last line; all lines are counted, and a tab reads one
log meanwhile. Before that the same containers are run by ``docker run``, which writes their logs nowhere else.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import docker
from server import ENDED, Server, below, pss, tell
from training_image import IMAGE, add_images

from jupyter_mlpack.engines.docker import DockerEngine
from jupyter_mlpack.ledger import Ledger
from jupyter_mlpack.oci.store import Store

TICKS = os.sysconf("SC_CLK_TCK")
PAUSE = 0.05
"""Seconds after which a job prints its next lines; ``sleep`` itself takes some."""

LAST = b"[mlpack] done"
LOOK = 0.1


def parameters(rate: int, seconds: int) -> dict[str, Any]:
    """What a job is told to print."""
    return {"mode": "count", "lines": rate * seconds, "each": max(round(rate * PAUSE), 1)}


class Watch:
    """When each container ended, when its last line was in the ledger, and what server and workers take meanwhile."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.over = threading.Event()
        self.ended: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.seconds: dict[int, float] = {}
        self.memory = {"server": 0.0, "workers": 0.0}
        self.workers = 0
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.engine, self.ledger, self.load)]
        for thread in self.threads:
            thread.start()

    def engine(self) -> None:
        """Ends of containers by the job's id."""
        for event in docker.from_env().events(filters={"type": "container", "event": "die"}, decode=True):
            self.ended[event["Actor"]["Attributes"]["name"].rpartition("-")[2]] = event["timeNano"] / 1e9

    def ledger(self) -> None:
        """Files in which the last line is."""
        while not self.over.wait(LOOK):
            for path in self.folder.glob("*.jsonl"):
                if path.stem not in self.last:
                    with path.open("rb") as file:
                        file.seek(max(path.stat().st_size - 8192, 0))
                        if LAST in file.read():
                            self.last[path.stem] = time.time()

    def load(self) -> None:
        """CPU seconds of each process, and memory of all together."""
        while not self.over.wait(1):
            children = below(self.server.process.pid)
            self.workers = max(self.workers, len(children))
            for process in (self.server.process.pid, *children):
                self.seconds[process] = max(self.seconds.get(process, 0), cpu(process))
            now = {"server": pss([self.server.process.pid]), "workers": pss(children)}
            self.memory = {name: max(self.memory[name], now[name]) for name in now}


def cpu(process: int) -> float:
    """CPU seconds that a process has used."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / TICKS


def plain(image: str, count: int, given: dict[str, Any]) -> float:
    """Seconds in which ``docker run`` runs the same containers, all started at once."""
    words = [f"-p{name}={json.dumps(value)}" for name, value in given.items()]
    arguments = [part for word in words for part in ("-p", word.removeprefix("-p"))]
    command = ["docker", "run", "--rm", "--detach=false", "--read-only", "--volume=/output", "--tmpfs=/tmp", image]
    began = time.monotonic()
    running = [subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL) for _ in range(count)]
    if any(process.wait() for process in running):
        raise SystemExit("docker run failed")
    return time.monotonic() - began


def submit_all(server: Server, count: int, given: dict[str, Any]) -> list[str]:
    """Ids of the jobs; asked for as fast as one browser can."""
    asked = {"image": IMAGE, "path": "digits/digits.ipynb", "target": "docker", "parameters": given}
    return [server.ask("POST", "jobs", asked)["id"] for _ in range(count)]


def lines_of(ledger: Ledger, id: str) -> list[str]:
    """The log as the ledger has it, from the job's own lines."""
    return [line for line in ledger.told(id).lines if line.startswith("line ")]


def measure(server: Server, home: Path, options: argparse.Namespace) -> None:
    """Print the figures."""
    store, ledger = Store(home), Ledger(home)
    add_images(store)
    engine = DockerEngine(store)
    image = store.image(IMAGE)
    assert image is not None
    client = docker.from_env()
    from jupyter_mlpack.engines.docker_request import bring_image

    name = bring_image(client, store, image, engine.emit)
    given = parameters(options.rate, options.seconds)
    if options.plain:
        tell(f"docker run, {options.count} at once", f"{plain(name, options.count, given):.1f} s")
    watch = Watch(server, ledger.folder)
    began = time.monotonic()
    ids = submit_all(server, options.count, given)
    tell("asked for", f"{time.monotonic() - began:.1f} s")
    slowest, seq, reading = 0.0, 0, ids[0]
    while any(run["state"] not in ENDED for run in server.ask("GET", "jobs")["runs"]):
        before = time.perf_counter()
        entries = server.ask("GET", f"jobs/{reading}/events?after={seq}")["entries"]
        seq = entries[-1]["seq"] if entries else seq
        slowest = max(slowest, time.perf_counter() - before)
        time.sleep(0.5)
    tell(f"{options.count} jobs, from the first request to the last end", f"{time.monotonic() - began:.1f} s")
    time.sleep(2 * LOOK)
    watch.over.set()
    report(server, ledger, ids, watch, given["lines"])
    tell("slowest answer to a reader of one log", f"{slowest * 1e3:.0f} ms")


def report(server: Server, ledger: Ledger, ids: list[str], watch: Watch, lines: int) -> None:
    """The rest of them."""
    lags = sorted(watch.last[id] - watch.ended[id] for id in ids if id in watch.last and id in watch.ended)
    tell("lag of the last line", f"median {statistics.median(lags):.2f} s, max {lags[-1]:.2f} s ({len(lags)} jobs)")
    expected = [f"line {number}" for number in range(1, lines + 1)]
    wrong = [id for id in ids if lines_of(ledger, id) != expected]
    tell("lines", f"{lines} of each job; jobs with a gap or a doubled line: {len(wrong)}")
    own = watch.seconds.pop(server.process.pid)
    tell("CPU", f"server {own:.1f} s, {len(watch.seconds)} workers {sum(watch.seconds.values()):.1f} s in sum")
    memory = watch.memory
    tell("memory at most", f"server {memory['server']:.0f} MB, {watch.workers} workers {memory['workers']:.0f} MB")
    size = sum((ledger.folder / f"{id}.jsonl").stat().st_size for id in ids)
    tell("ledger", f"{size / 1e6:.1f} MB, {size / len(ids) / lines:.1f} bytes a line")
    tell("load of the machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def main() -> None:
    """Start a server and measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50, help="jobs at once")
    parser.add_argument("--rate", type=int, default=300, help="lines a second of each")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--no-plain", dest="plain", action="store_false", help="leave out docker run")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mlpack-bench-jobs-"))
    server = Server(folder, folder / "home")
    try:
        measure(server, folder / "home", options)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
