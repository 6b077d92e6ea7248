"""``jupyter mlpack run`` of an image whose process is ``serve``, on both engines."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from training_image import SERVICE

from jupyter_mlpack.engines.engine import Engine
from jupyter_mlpack.oci.store import Store

from .conftest import LOCAL

HERE = pytest.mark.parametrize("engine", LOCAL, indirect=True)


def command(store: Store, *words: str) -> list[str]:
    return [sys.executable, "-m", "jupyter_mlpack", "run", SERVICE, "--home", str(store.root), *words]


def get(address: str) -> str:
    for _ in range(100):
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(address, timeout=5, trust_env=False).text
        time.sleep(0.1)
    pytest.fail(f"nothing answers at {address}")


def outside() -> str:
    """An address of this machine that is not the loopback one; empty if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


@HERE
def test_run__service__answers_here_only_and_ends_in_order(engine: Engine, store: Store) -> None:
    words = command(store, "--port", "0", "--engine", engine.name)
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert process.stdout is not None
    log = ""
    while "its page at" not in log:
        line = process.stdout.readline()
        assert line, log
        log += line
    address = re.search(r"at (http://127\.0\.0\.1:(\d+)),", log)
    assert address, log
    try:
        assert get(address[1]) == "hello from a service\n"
        if outside() and outside() != "127.0.0.1":
            with pytest.raises(httpx.TransportError):
                httpx.get(f"http://{outside()}:{address[2]}", timeout=2, trust_env=False)
    finally:
        os.kill(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert "drained" in log + rest
    assert process.returncode == 0, log + rest


@pytest.mark.parametrize(
    ("words", "said"),
    [(["-p", "lr=1"], "serves a function"), (["--port", "{taken}"], "cannot listen on 127.0.0.1, port {taken}")],
    ids=["parameters", "port"],
)
def test_run__service_that_cannot_be__ends_with_2(store: Store, words: list[str], said: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        given = [word.format(taken=taken) for word in words]
        ran = subprocess.run(command(store, *given), capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 2
    assert said.format(taken=taken) in ran.stdout + ran.stderr
