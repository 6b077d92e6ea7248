"""The serve process from its start to its end: loading, limits, slow clients, many clients, SIGTERM."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import signal
import socket
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

PREDICT = "/predict"
SLEEPER = """
import time

def predict(seconds: float = 0.0) -> float:
    time.sleep(seconds)
    return seconds
"""
ASYNC_SLEEPER = """
import asyncio

async def predict(seconds: float = 0.0) -> float:
    await asyncio.sleep(seconds)
    return seconds
"""
LONG = """
def predict(text: str) -> int:
    return len(text)
"""
FILE = """
def predict() -> str:
    return open("models/a.txt").read() + helper.word
"""
HELPED = f"import helper\n{FILE}"


def cell(number: int, line: int, source: str) -> Mapping[str, object]:
    return {"cell": number, "line": line, "source": source}


# --- loading ----------------------------------------------------------------------------------------------------------


def test_load__slow_model__alive_at_once_and_ready_later(start_service, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    source = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\ndef predict(): return 1"
    service = start_service(source)
    service.wait("/live")
    for route in ("/ready", "/ping", "/health", "/v2/health/ready", "/v1/models/digits", "/v2/models/digits"):
        assert service.ask(route).status_code == 503, route
    answer = service.ask(PREDICT, {})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    gate.touch()
    service.wait()
    assert service.ask(PREDICT, {}).json() == 1


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([cell(2, 1, "a = 1"), cell(5, 3, "b = 2\nopen('missing.bin')")],
         ["did not load: cell 5, line 4 failed", 'File "cell 5", line 4', "open('missing.bin')", "FileNotFoundError"]),
        ([cell(2, 1, "def predict(:")], ["the model did not load", "SyntaxError", "cell 2"]),
        ([cell(2, 1, "raise SystemExit(0)")], ["cell 2, line 1 failed", "SystemExit"]),
        ([cell(2, 1, "predict = 3")], ["error: the cells define no function predict"]),
    ],
    ids=["missing file", "syntax", "exit", "no function"],
)  # fmt: skip
def test_load__cell_fails__ends_with_1_and_names_it(start_service, cells, said: list[str]) -> None:
    service = start_service(cells=cells)
    assert service.process.wait(60) == 1
    log = service.log.read_text()
    assert [text for text in said if text not in log] == []
    assert "mlpack_server" not in log.replace("mlpack_serving", "")


def test_load__several_cells__one_namespace_with_future_flags(start_service) -> None:
    cells = [
        cell(1, 2, "from __future__ import annotations\nimport pickle, sys"),
        cell(4, 1, "class Scale:\n    factor = 3"),
        cell(4, 9, "def predict(n: NotThere | int, *, more: int = 0): return blob.factor * n + more"),
        cell(6, 1, "assert sys.modules['__main__'].Scale is Scale\nblob = pickle.loads(pickle.dumps(Scale()))"),
        cell(4, 1, "later = 1"),
    ]
    service = start_service(cells=cells)
    service.wait()
    assert service.ask(PREDICT, {"n": 2, "more": 1}).json() == 7


def test_load__model_folder__wins_over_the_image(start_service, tmp_path: Path) -> None:
    files = {"book/models/a.txt": "packed ", "book/helper.py": "word = 'helped'", "data.csv": ""}
    described = {"models": ["models/a.txt", "../data.csv"], "folder": "book"}
    packed = start_service(HELPED, files=files, described=described)
    (tmp_path / "a.txt").write_text("mounted ")
    mounted = start_service(HELPED, files=files, described=described, MLPACK_MODEL_DIR=str(tmp_path))
    nested = tmp_path / "nested/models"
    nested.mkdir(parents=True)
    (nested / "a.txt").write_text("nested ")
    third = start_service(HELPED, files=files, described=described, MLPACK_MODEL_DIR=str(nested.parent))
    answers = []
    for service in (packed, mounted, third):
        service.wait()
        answers.append(service.ask(PREDICT, {}).json())
    assert answers == ["packed helped", "mounted helped", "nested helped"]
    assert f"models/a.txt is {tmp_path / 'a.txt'}" in mounted.log.read_text()


@pytest.mark.parametrize(
    ("environment", "arguments", "said"),
    [
        ({"PORT": "http"}, ["serve"], "PORT=http is not a whole number"),
        ({"AIP_HTTP_PORT": "70000"}, ["serve"], "AIP_HTTP_PORT=70000 is not a port"),
        ({"MLPACK_CONCURRENCY": "-1"}, ["serve"], "MLPACK_CONCURRENCY=-1 is not a whole number"),
        ({"MLPACK_WORKERS": "0"}, ["serve"], "MLPACK_WORKERS=0 is not a whole number from 1 on"),
        ({"WEB_CONCURRENCY": "1000"}, ["serve"], "WEB_CONCURRENCY=1000 is more than 256 processes"),
        ({"MLPACK_DRAIN": "long"}, ["serve"], "MLPACK_DRAIN=long is not a number of seconds"),
        ({"AIP_PREDICT_ROUTE": "predict"}, ["serve"], "AIP_PREDICT_ROUTE=predict is not a route"),
        ({}, ["--reload"], "unknown argument --reload"),
    ],
    ids=["port", "large port", "concurrency", "processes", "many processes", "seconds", "route", "argument"],
)
def test_start__wrong_setting__ends_with_2(start_service, environment, arguments: list[str], said: str) -> None:
    service = start_service(SLEEPER, arguments=arguments, **environment)
    assert service.process.wait(60) == 2
    assert said in service.log.read_text()


def test_start__port_is_taken__ends_with_2(start_service) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        service = start_service(SLEEPER, PORT=str(other.getsockname()[1]))
        assert service.process.wait(60) == 2
    assert "Address already in use" in service.log.read_text()


@pytest.mark.parametrize("name", ["AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT"])
def test_start__platforms_port__wins_over_port(start_service, name: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = start_service(SLEEPER, **{name: str(port)}, PORT="1")
    moved = type(service)(service.process, port, service.log)
    moved.wait()
    assert moved.ask(PREDICT, {}).json() == 0.0


def test_start__vertex_routes__win_over_ours(start_service) -> None:
    routes = {"AIP_PREDICT_ROUTE": "/predict", "AIP_HEALTH_ROUTE": "/isalive"}
    service = start_service(SLEEPER, arguments=[], **routes)
    service.wait("/isalive")
    assert service.ask(PREDICT, {"instances": [{"seconds": 0}, 0]}).json() == {"predictions": [0.0, 0.0]}


# --- limits -----------------------------------------------------------------------------------------------------------


def test_limit__large_body__413(start_service) -> None:
    service = start_service(LONG, MLPACK_MAX_BODY="1000")
    service.wait()
    assert service.ask(PREDICT, {"text": "a" * 900}).json() == 900
    assert service.ask(PREDICT, {"text": "a" * 1000}).status_code == 413
    with socket.create_connection(("127.0.0.1", service.port)) as client:
        client.sendall(
            b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
            + b"200\r\n"
            + b" " * 512
            + b"\r\n"
        )
        client.sendall(b"200\r\n" + b" " * 512 + b"\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 413")


def test_limit__busy__503_and_retry_after(start_service) -> None:
    service = start_service(SLEEPER, MLPACK_CONCURRENCY="1", MLPACK_QUEUE="2")
    service.wait()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: service.ask(PREDICT, {"seconds": 0.5}), range(6)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 200, 200, 503, 503, 503]
    assert {answer.headers.get("retry-after") for answer in answers if answer.status_code == 503} == {"1"}
    assert 'mlpack_rejected_total{reason="full"} 3.0' in service.ask("/metrics").text


@pytest.mark.parametrize("source", [SLEEPER, ASYNC_SLEEPER], ids=["threads", "async"])
def test_limit__many_at_once__side_by_side(served, source: str) -> None:
    service = served(source)
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = [
            answer.status_code for answer in pool.map(lambda _: service.ask(PREDICT, {"seconds": 0.5}), range(4))
        ]
    assert statuses == [200] * 4
    assert time.monotonic() - begun < 1.9


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /predict HT", b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"],
    ids=["nothing", "half a head", "half a body"],
)
def test_limit__slow_client__408_and_others_are_served(start_service, sent: bytes) -> None:
    service = start_service(SLEEPER, MLPACK_BODY_TIMEOUT="1")
    service.wait()
    with socket.create_connection(("127.0.0.1", service.port), 20) as client:
        client.sendall(sent)
        assert service.ask(PREDICT, {}).status_code == 200
        answer = b""
        while piece := client.recv(1000):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert service.ask(PREDICT, {}).status_code == 200


async def one_client(port: int, requests: int, times: list[float]) -> set[bytes]:
    """Requests one after the other over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b'{"text":"' + b"a" * 20_000 + b'"}'
    statuses = set()
    for _ in range(requests):
        begun = time.monotonic()
        writer.write(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        statuses.add(head[9:12])
        times.append(time.monotonic() - begun)
    writer.close()
    return statuses


def test_load__64_clients__no_error_and_bounded_memory(start_service) -> None:
    service = start_service(LONG)
    service.wait()

    async def load(requests: int) -> set[bytes]:
        clients = (one_client(service.port, requests, times) for _ in range(64))
        return set().union(*await asyncio.gather(*clients))

    times: list[float] = []
    assert asyncio.run(load(10)) == {b"200"}
    before = resident(service.process.pid)
    assert asyncio.run(load(40)) == {b"200"}
    assert resident(service.process.pid) - before < 20
    assert statistics.median(times) < 5
    assert "Traceback" not in service.log.read_text()


def resident(pid: int) -> float:
    """Megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [SLEEPER, ASYNC_SLEEPER], ids=["threads", "async"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_end__signal_while_busy__answers_first_and_ends_with_0(start_service, source: str, number: int) -> None:
    service = start_service(source)
    service.wait()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(service.ask, PREDICT, {"seconds": 1.0}) for _ in range(3)]
        time.sleep(0.5)
        assert service.end(number) == 0
        assert [answer.result().json() for answer in answers] == [1.0] * 3
    assert "[mlpack] stopped" in service.log.read_text()
    assert "Traceback" not in service.log.read_text()


def test_end__linger__not_ready_but_answers(start_service) -> None:
    service = start_service(SLEEPER, MLPACK_LINGER="1")
    service.wait()
    service.process.send_signal(signal.SIGTERM)
    service.wait("/ready", 503)
    assert service.ask(PREDICT, {}).status_code == 200
    assert service.process.wait(20) == 0


def test_end__longer_than_the_drain__cut_off(start_service) -> None:
    service = start_service(ASYNC_SLEEPER, MLPACK_DRAIN="1")
    service.wait()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(service.ask, PREDICT, {"seconds": 60})
        time.sleep(0.3)
        begun = time.monotonic()
        service.end()
        assert time.monotonic() - begun < 10
        assert answer.exception() or answer.result().status_code >= 500


def test_end__signal_while_loading__at_once(start_service) -> None:
    service = start_service("import time\ntime.sleep(600)\ndef predict(): return 1")
    service.wait("/live")
    begun = time.monotonic()
    assert service.end() == 0
    assert time.monotonic() - begun < 5


# --- several processes ------------------------------------------------------------------------------------------------

MANY = """
import os

def predict(n: int = 0) -> int:
    if n < 0:
        os._exit(3)
    return os.getpid()
"""


def asked(service: Any, count: int) -> set[int]:
    """Who answered, each time over a new connection."""
    return {httpx.post(service.address + PREDICT, json={}, trust_env=False).json() for _ in range(count)}


def test_processes__several__all_answer_and_are_counted_together(start_service) -> None:
    service = start_service(MANY, MLPACK_WORKERS="3", WEB_CONCURRENCY="7")
    service.wait()
    seen: set[int] = set()
    for _ in range(20):
        seen |= asked(service, 10)
        if len(seen) == 3:
            break
    assert len(seen) == 3
    assert service.process.pid not in seen
    page = service.ask("/metrics").text
    counted = [line for line in page.splitlines() if line.startswith('mlpack_requests_total{route="/predict"')]
    assert float(counted[0].split()[-1]) % 10 == 0
    assert "mlpack_ready 1.0" in page
    assert service.end() == 0
    assert not any(Path(f"/proc/{number}").exists() for number in seen)
    assert service.log.read_text().count("answers on port") == 1


def test_processes__one_ends_by_itself__all_end_with_its_status(start_service) -> None:
    service = start_service(MANY, WEB_CONCURRENCY="2")
    service.wait()
    with pytest.raises(httpx.TransportError):
        service.ask(PREDICT, {"n": -1})
    assert service.process.wait(60) == 3
    assert "ended with status 3: the others are stopped" in service.log.read_text()


def test_processes__a_cell_fails__ends_with_1(start_service) -> None:
    service = start_service("raise ValueError('no model')", SAGEMAKER_MODEL_SERVER_WORKERS="2")
    assert service.process.wait(60) == 1
