"""Our build beside `docker build` of a hand-written Dockerfile, in one run, with caches in the same state.

Three states: *cold* (no package cache, no layers; the base image is there on both sides), *edited* (one cell of the
notebook changed since the last build) and *unchanged*. Medians of ``--runs``; memory is the peak of the summed
proportional set sizes (PSS) of all processes that do the work: ours, or the daemon with its containers.
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples" / "digits"
BASE = "mlpack-bench-base:bookworm"
PEER = "mlpack-bench-peer"
DEBIANS = "/usr/bin/docker"
DOCKER = DEBIANS if Path(DEBIANS).exists() else "docker"
"""Debian's client has BuildKit inside; newer ones want a plug-in for it."""
DOCKERFILE = f"""
FROM {BASE}
WORKDIR /workspace
COPY requirements.txt .
RUN pip install --no-cache-dir --break-system-packages -r requirements.txt
COPY digits.ipynb preprocessing.py weights.csv ./
ENTRYPOINT ["papermill", "digits.ipynb", "-"]
"""


@dataclass(frozen=True)
class Figure:
    """Seconds of wall time and peak PSS in bytes."""

    seconds: float
    memory: int


def memory_of(pids: list[int]) -> int:
    """The summed PSS of ``pids`` in bytes; processes that ended meanwhile count as nothing."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
    return total


def parents() -> dict[int, int]:
    """Each process' parent."""
    table = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        table[int(path.parent.name)] = int(fields[1])
    return table


def descendants(roots: set[int]) -> list[int]:
    """``roots`` and all that they started."""
    table = parents()
    found = set(roots)
    while more := {pid for pid, parent in table.items() if parent in found and pid not in found}:
        found |= more
    return sorted(found)


def daemon_processes() -> list[int]:
    """The Docker daemon, containerd, and the containers below."""
    answer = subprocess.run(["pgrep", "dockerd|containerd"], capture_output=True, text=True, check=False)
    return descendants({int(pid) for pid in answer.stdout.split()})


def measure(command: list[str], watched: Callable[[int], list[int]], **options: object) -> Figure:
    """Run ``command`` and watch the memory of the processes that ``watched(pid)`` names, every 50 ms."""
    idle = memory_of(watched(0)) if watched is not own_processes else 0
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)  # type: ignore[call-overload]
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            peak[0] = max(peak[0], memory_of(watched(process.pid)) - idle)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    seconds = time.monotonic() - started
    done.set()
    watcher.join()
    if process.returncode != 0:
        sys.exit(f"failed: {' '.join(command)}\n{output[-3000:]}")
    return Figure(seconds, peak[0])


def own_processes(pid: int) -> list[int]:
    """Our command and what it started."""
    return descendants({pid})


def edit(notebook: Path, number: int) -> None:
    """Change one cell, as a person does between two builds."""
    document = json.loads(notebook.read_text())
    document["cells"][-1]["source"] = [f"print({number})\n"]
    notebook.write_text(json.dumps(document))


def ours(folder: Path, runs: int) -> Iterator[tuple[str, Figure]]:
    """Our three states."""
    notebook, base = folder / "digits.ipynb", folder / "base"
    build = [sys.executable, "-m", "jupyter_mlpack", "build", str(notebook), "--home"]
    home, cache = folder / "home", folder / "uv"
    environment = {**os.environ, "UV_CACHE_DIR": str(cache)}
    subprocess.run(
        [*build, str(base)],
        check=True,
        env={**environment, "UV_CACHE_DIR": str(folder / "uv-base")},
        capture_output=True,
    )
    keep_base_only(base)
    for _ in range(runs):
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(base, home, symlinks=True)
        yield "cold", measure([*build, str(home)], own_processes, env=environment)
    for number in range(runs):
        edit(notebook, number)
        yield "edited", measure([*build, str(home)], own_processes, env=environment)
    for _ in range(runs):
        yield "unchanged", measure([*build, str(home)], own_processes, env=environment)


def keep_base_only(home: Path) -> None:
    """Forget all that a build made but the run image and the lock (`docker build` gets its pins from a file, too)."""
    from jupyter_mlpack.oci import Store

    store = Store(home)
    kept = {image.name: image for image in store.images() if image.name.startswith("mlpack/run:")}
    wanted = {layer.descriptor.digest for image in kept.values() for layer in image.layers}
    wanted |= {digest for image in kept.values() for digest in (image.descriptor.digest, image.manifest.config.digest)}
    for image in store.images():
        if image.name not in kept:
            store.untag(image.name)
    for blob in (home / "blobs" / "sha256").iterdir():
        if f"sha256:{blob.name}" not in wanted:
            blob.unlink()
    for folder in ("known", "diffs"):
        shutil.rmtree(home / folder, ignore_errors=True)
    for image in kept.values():
        for layer in image.layers:
            store.remember(layer)


def peer(folder: Path, runs: int) -> Iterator[tuple[str, Figure]]:
    """The Dockerfile's three states."""
    make_base(folder)
    context = folder / "context"
    shutil.copytree(EXAMPLE, context)
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "requirements.txt").write_text(pins(folder / "home"))
    build = [DOCKER, "build", "--network", "host", "--quiet", "--tag", PEER, str(context)]
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    for _ in range(runs):
        subprocess.run([DOCKER, "builder", "prune", "--all", "--force"], check=True, capture_output=True)
        yield "cold", measure([*build, "--no-cache"], lambda _: daemon_processes(), env=environment)
    measure(build, own_processes, env=environment)
    for number in range(runs):
        edit(context / "digits.ipynb", number)
        yield "edited", measure(build, lambda _: daemon_processes(), env=environment)
    for _ in range(runs):
        yield "unchanged", measure(build, lambda _: daemon_processes(), env=environment)


def pins(home: Path) -> str:
    """The versions of our own lock, so that both sides install the same."""
    (lock,) = (home / "locks").glob("*.json")
    return "".join(f"{package['name']}=={package['version']}\n" for package in json.loads(lock.read_text()))


def make_base(folder: Path) -> None:
    """The Dockerfile's base image: bookworm with pip, made from Debian packages; the host's certificates go along."""
    if subprocess.run([DOCKER, "image", "inspect", BASE], capture_output=True, check=False).returncode == 0:
        return
    if shutil.which("mmdebstrap") is None:
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap"], check=True)
    tree = folder / "base.tar"
    certificates = "/etc/ssl/certs/ca-certificates.crt"
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3-pip,libgomp1,ca-certificates",
         f"--customize-hook=copy-in {certificates} /etc/ssl/certs", "bookworm", str(tree), *apt_sources()],
        check=True,
    )  # fmt: skip
    subprocess.run(
        [DOCKER, "import", "--change", f"ENV PIP_CERT={certificates}", str(tree), BASE],
        check=True,
        capture_output=True,
    )


def apt_sources() -> list[str]:
    """The machine's own sources of Debian packages."""
    places = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    return [str(path) for path in places if path.is_file() and path.stat().st_size]


def table(figures: dict[str, dict[str, list[Figure]]]) -> str:
    """Medians side by side, with ratios."""
    lines = [f"{'state':<11}{'ours':>10}{'docker':>10}{'ratio':>8}   {'ours':>8}{'docker':>9}"]
    lines += [f"{'':<11}{'seconds':>10}{'seconds':>10}{'':>8}   {'peak MB':>8}{'peak MB':>9}"]
    for state in ("cold", "edited", "unchanged"):
        mine, theirs = (figures[side][state] for side in ("ours", "docker"))
        seconds = [statistics.median(figure.seconds for figure in side) for side in (mine, theirs)]
        memory = [statistics.median(figure.memory for figure in side) / 1e6 for side in (mine, theirs)]
        times = f"{seconds[0]:>10.2f}{seconds[1]:>10.2f}{seconds[0] / seconds[1]:>8.2f}"
        lines.append(f"{state:<11}{times}   {memory[0]:>8.0f}{memory[1]:>9.0f}")
    return "\n".join(lines)


def main() -> None:
    """Measure both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    figures: dict[str, dict[str, list[Figure]]] = {"ours": {}, "docker": {}}
    with tempfile.TemporaryDirectory(prefix="mlpack-bench-") as folder:
        work = Path(folder)
        for name in EXAMPLE.iterdir():
            shutil.copy(name, work)
        for side, states in (("ours", ours), ("docker", peer)):
            for state, figure in states(work, runs):
                print(f"{side} {state}: {figure.seconds:.2f} s, {figure.memory / 1e6:.0f} MB", file=sys.stderr)
                figures[side].setdefault(state, []).append(figure)
    print(table(figures))


if __name__ == "__main__":
    main()
