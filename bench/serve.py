"""The inference service beside a hand-written FastAPI service that does the same call: requests in a second, latency.

``python bench/serve.py`` needs ``fastapi``, ``uvicorn``, ``httptools``, ``uvloop`` and ``prometheus-client``; the case
``model`` needs scikit-learn. Both services run on loopback with uvloop and httptools, one process each, no access log.
A second process loads one after the other in turns over keep-alive connections, each with one request in flight.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RUNNER = ROOT / "buildpacks/serving/runner"
AIM = 0.9

QUICK = '''
def predict(x: list[float], scale: float = 1.0) -> float:
    """A function that costs nothing: what is measured is the service around it."""
    return sum(x) * scale
'''
MODEL = '''
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

model = LogisticRegression(max_iter=20).fit(*load_digits(return_X_y=True))


def predict(x: list[float], scale: float = 1.0) -> float:
    """The class of a digit, as a number."""
    return float(model.predict(np.array([x]))[0]) * scale
'''
CASES = {"quick": (QUICK, 4), "model": (MODEL, 64)}
"""Source of the function, and how many numbers it takes."""

BY_HAND = """
import os
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
{source}

class Request(BaseModel):
    x: list[float]
    scale: float = 1.0


app = FastAPI()


@app.post("/predict")
def answer(request: Request) -> float:
    return predict(request.x, request.scale)


@app.get("/ready")
def ready() -> dict[str, bool]:
    return {{"ready": True}}


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools", access_log=False)
"""


def start(case: str, side: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A service that is ready, and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source = CASES[case][0]
    home = folder / f"{case}-{side}"
    if side == "by hand":
        home.mkdir(parents=True)
        (home / "service.py").write_text(BY_HAND.format(source=source))
        program = home / "service.py"
    else:
        shutil.copytree(RUNNER, home, ignore=shutil.ignore_patterns("__pycache__"))
        cells = [{"cell": 1, "line": 1, "source": source}]
        (home / ".mlpack").mkdir()
        (home / ".mlpack/service.json").write_text(json.dumps({"function": "predict", "name": "m", "cells": cells}))
        (home / "image.json").write_text(json.dumps({"application": str(home)}))
        program = home / "serve.py"
    environment = {**os.environ, "PORT": str(port), "MLPACK_HOST": "127.0.0.1", "OMP_NUM_THREADS": "1"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, str(program)], env=environment, stdout=log, stderr=log)
    for _ in range(300):
        if answers(port):
            return process, port
        time.sleep(0.1)
    raise SystemExit(f"{side} did not start: {(home / 'log').read_text()[-2000:]}")


def answers(port: int) -> bool:
    """Whether a service is ready."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2).close()
    except OSError:
        return False
    return True


async def client(port: int, body: bytes, until: float, times: list[float], errors: list[str]) -> None:
    """One connection, one request after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    while time.perf_counter() < until:
        begun = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - begun)
        if not answer.startswith(b"HTTP/1.1 200"):
            errors.append(answer[:40].decode())
    writer.close()


async def load(port: int, numbers: int, clients: int, seconds: float) -> dict[str, Any]:
    """What the clients saw."""
    body = json.dumps({"x": [0.5] * numbers}).encode()
    times: list[float] = []
    errors: list[str] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(client(port, body, until, times, errors) for _ in range(clients)))
    ranked = sorted(times)
    p99 = ranked[int(len(ranked) * 0.99)]
    return {"rate": len(times) / seconds, "p50": statistics.median(ranked), "p99": p99, "errors": len(errors)}


def loaded(port: int, case: str, clients: int, seconds: float) -> dict[str, Any]:
    """``load`` in a process of its own."""
    words = ["--load", f"{port},{CASES[case][1]},{clients},{seconds}"]
    run = subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, timeout=seconds + 60)
    return json.loads(run.stdout)  # type: ignore[no-any-return]


def resident(process: subprocess.Popen[bytes]) -> float:
    """Megabytes."""
    pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE") / 1e6


def cpu(process: subprocess.Popen[bytes]) -> float:
    """Seconds of user and system."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(case: str, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Both sides in turns."""
    sides = {side: start(case, side, folder) for side in ("ours", "by hand")}
    samples: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    try:
        for _ in range(options.runs + 1):
            for side, (process, port) in sides.items():
                before = cpu(process)
                sample = loaded(port, case, options.clients, options.seconds)
                spent = cpu(process) - before
                samples[side].append({**sample, "cpu_ms": 1000 * spent / (sample["rate"] * options.seconds),
                                      "mb": resident(process)})  # fmt: skip
    finally:
        for process, _ in sides.values():
            process.terminate()
            process.wait(30)
    return {side: rows[1:] for side, rows in samples.items()}  # the first is to warm up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--case", choices=[*CASES, "both"], default="both")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--load", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        port, numbers, clients, seconds = options.load.split(",")
        print(json.dumps(asyncio.run(load(int(port), int(numbers), int(clients), float(seconds)))))
        return
    folder = Path(tempfile.mkdtemp(prefix="mlpack-bench-serve-"))
    results = {}
    try:
        for case in CASES if options.case == "both" else [options.case]:
            results[case] = measure(case, options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(
        "| case | side | requests/s | p50 ms | p99 ms | CPU ms each | MB | errors |\n|---|---|---|---|---|---|---|---|"
    )
    for case, sides in results.items():
        for side, rows in sides.items():
            middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
            errors = sum(row["errors"] for row in rows)
            print(f"| {case} | {side} | {middle['rate']:.0f} | {1000 * middle['p50']:.1f} | {1000 * middle['p99']:.1f} "
                  f"| {middle['cpu_ms']:.3f} | {middle['mb']:.0f} | {errors} |")  # fmt: skip
        ratio = statistics.median(
            one["rate"] / other["rate"] for one, other in zip(sides["ours"], sides["by hand"], strict=True)
        )
        print(f"{case}: {ratio:.2f} of the hand-written service's throughput (aim: {AIM})")


if __name__ == "__main__":
    main()
