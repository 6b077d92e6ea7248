"""A Docker engine elsewhere, as options of a target: its words, and the same daemon through ssh and TLS."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker import DockerEngine
from jupyter_mlpack.engines.docker_client import connect
from jupyter_mlpack.engines.docker_follow import has_run
from jupyter_mlpack.engines.docker_tunnel import command, open_tunnel
from jupyter_mlpack.engines.engine import LogChunk, StateChange
from jupyter_mlpack.engines.outputs import INCOMING
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Resources, Task

SOCKET = "/var/run/docker.sock"
DAYS = 2


def task(output: Path, mode: str = "plain", **wished: Any) -> Task:
    name = f"mlpack-{os.getpid()}-{output.parent.name.replace('_', '-')}"[:63].rstrip("-").lower()
    return Task(name, "test/train:1", ("-p", f"mode={json.dumps(mode)}"), (), output, resources=Resources(**wished))


def words(options: dict[str, Any], **wished: Any) -> dict[str, Any]:
    engine = DockerEngine(Store(Path("nowhere")), options=options)
    return dict(engine.prepare(task(Path("/somewhere/output"), **wished)).options)


@pytest.mark.parametrize(
    ("options", "wished", "expected"),
    [
        ({}, {"cpus": 1.5}, {"nano_cpus": 1_500_000_000}),
        ({}, {"memory": 1 << 30}, {"mem_limit": 1 << 30, "memswap_limit": 1 << 30}),
        (
            {},
            {"gpus": 2, "accelerator": "cuda12"},
            {"device_requests": [{"Driver": "nvidia", "Count": 2, "Capabilities": [["gpu"]]}]},
        ),
        (
            {"gpu_requests": "cdi"},
            {"gpus": 1, "accelerator": "cuda12"},
            {"device_requests": [{"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=0"]}]},
        ),
        ({}, {"gpus": 1, "accelerator": "rocm"}, {"devices": ["/dev/kfd:/dev/kfd:rwm", "/dev/dri:/dev/dri:rwm"]}),
        ({"volumes": {"data": "/data:ro"}}, {}, {"volumes": ["/output", "data:/data:ro"]}),
        ({"network": "quiet"}, {}, {"network": "quiet"}),
        ({"log_driver": "journald"}, {}, {"log_config": {"type": "journald", "config": {}}}),
    ],
    ids=["cores", "memory", "GPUs", "GPUs of CDI", "GPUs of AMD", "volumes", "network", "log"],
)
def test_prepare__options_and_wishes__are_in_the_request(
    options: dict[str, Any], wished: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = words(options, **wished)
    assert {name: made[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "tcp://engine.example.com:2376"}, "anybody could listen"),
        ({"host": "tcp://engine.example.com:2376", "certificates": "/nowhere"}, "/nowhere/ca.pem"),
        ({"host": "engine.example.com"}, "how to get there"),
        ({"host": "ssh://me:word@engine.example.com"}, "takes no password"),
        ({"host": "ssh://-oProxyCommand=x/"}, "needs a host"),
    ],
    ids=["no certificates", "none in the folder", "no scheme", "password", "option as a host"],
)
def test_probe__address_cannot_be_used__says_why(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    availability = DockerEngine(Store(tmp_path), options=options).probe()
    assert not availability.available
    assert said in availability.reason
    assert "word" not in availability.reason.replace("password", "")


def test_command__user_and_port__stand_where_ssh_wants_them() -> None:
    assert command("ssh://me@engine:2222/run/podman.sock")[-3:] == ["-p", "2222", "me@engine"]


def test_has_run__stamps_with_and_without_fractions__seconds_between() -> None:
    state = {"StartedAt": "2026-01-02T03:04:05.5Z", "FinishedAt": "2026-01-02T04:04:06.75+01:00"}
    assert has_run(state) == pytest.approx(1.25)
    assert has_run({**state, "FinishedAt": "2026-01-02T03:04:07Z"}) == pytest.approx(1.5)


@pytest.fixture
def released(docker_engine: DockerEngine, tmp_path: Path) -> Iterator[Task]:
    """A task whose container is gone afterwards."""
    asked = task(tmp_path / "output")
    yield asked
    found = docker_engine.attach(asked)
    if found is not None:
        docker_engine.release(found.handle)


@pytest.mark.docker
def test_start__by_two_at_once__one_container(docker_engine: DockerEngine, store: Store, released: Task) -> None:
    handles: list[str] = []

    def start() -> None:
        engine = DockerEngine(store)
        handles.append(engine.start(engine.prepare(released)).id)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(handles) == 4
    assert len(set(handles)) == 1


@pytest.mark.docker
def test_follow__time_is_over__ended_and_said_also_to_who_comes_later(
    docker_engine: DockerEngine, store: Store, released: Task
) -> None:
    asked = replace(released, arguments=("-p", 'mode="wait"'), resources=Resources(seconds=2))
    end = list(docker_engine.follow(docker_engine.start(docker_engine.prepare(asked))))[-1]
    other = DockerEngine(store)
    found = other.attach(asked)
    assert found is not None
    assert "MLPACK_SECONDS=2" in docker.from_env().containers.get(asked.name).attrs["Config"]["Env"]
    for said in (end, list(other.follow(found.handle))[-1]):
        assert isinstance(said, StateChange)
        assert (said.state, type(said.failure)) == (JobState.FAILED, errors.DockerTimeOver)


@pytest.mark.docker
def test_follow__killed_while_outputs_came__they_are_whole_the_next_time(
    docker_engine: DockerEngine, store: Store, released: Task
) -> None:
    list(docker_engine.follow(docker_engine.start(docker_engine.prepare(released))))
    (released.output / "models/w.bin").write_text("hal")
    (released.output / INCOMING / "models").mkdir(parents=True)
    other = DockerEngine(store)
    found = other.attach(released)
    assert found is not None
    assert list(other.follow(found.handle))[-1] == StateChange(JobState.SUCCEEDED, 0)
    assert sorted(path.name for path in released.output.iterdir()) == ["models", "train.ipynb"]
    assert (released.output / "models/w.bin").read_text() == "weights\n"


@pytest.mark.docker
def test_start__memory_and_cores__the_container_has_no_more(docker_engine: DockerEngine, released: Task) -> None:
    asked = replace(released, resources=Resources(cpus=0.5, memory=64 << 20))
    docker_engine.start(docker_engine.prepare(asked))
    host = docker.from_env().containers.get(asked.name).attrs["HostConfig"]
    assert (host["NanoCpus"], host["Memory"], host["MemorySwap"]) == (500_000_000, 64 << 20, 64 << 20)


# --- through ssh and TLS ------------------------------------------------------------------------------------------


def whole_run(engine: DockerEngine, asked: Task) -> None:
    """A job by this engine, from its start to its release."""
    handle = engine.start(engine.prepare(asked))
    updates = list(engine.follow(handle))
    assert updates[-1] == StateChange(JobState.SUCCEEDED, 0)
    assert "out 5" in "".join(update.text for update in updates if isinstance(update, LogChunk))
    assert (asked.output / "models/w.bin").read_text() == "weights\n"
    engine.release(handle)


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An ssh server of this test on loopback, and an ``ssh`` that knows its key."""
    server = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    client = shutil.which("ssh")
    if server is None or client is None:
        pytest.skip("NOT TESTED: no sshd here (Debian: apt-get install openssh-server)")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "authorized").write_text((tmp_path / "user.pub").read_text())
    (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {(tmp_path / 'host.pub').read_text()}")
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/authorized\n"
        f"StrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n"
    )
    (tmp_path / "ssh_config").write_text(f"IdentityFile {tmp_path}/user\nUserKnownHostsFile {tmp_path}/known\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ssh").write_text(f'#!/bin/sh\nexec {client} -F {tmp_path}/ssh_config "$@"\n')
    (tmp_path / "bin/ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    Path("/run/sshd").mkdir(exist_ok=True)
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen([server, "-D", "-e", "-f", tmp_path / "sshd_config"], stderr=log)
    until = time.monotonic() + 20
    while "listening" not in (tmp_path / "log").read_text():
        assert running.poll() is None, (tmp_path / "log").read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    try:
        yield f"ssh://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)


@pytest.mark.docker
def test_engine__through_ssh__job_runs_and_tunnel_is_made_once(
    store: Store, docker_engine: DockerEngine, ssh: str, tmp_path: Path
) -> None:
    del docker_engine
    engine = DockerEngine(store, options={"host": ssh})
    assert ssh in engine.probe().reason
    whole_run(engine, task(tmp_path / "output"))
    assert open_tunnel(ssh) == open_tunnel(ssh)
    wrong = DockerEngine(store, options={"host": f"{ssh}/nowhere.sock"}).probe()
    assert not wrong.available


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[str]:
    """The daemon's socket behind TLS, for who has a certificate of ours."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("NOT TESTED: no openssl here")

    def make(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], check=True, capture_output=True, cwd=tmp_path)

    make(*f"req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -subj /CN=test -days {DAYS}".split())
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server-", ""):
        make(*f"req -newkey rsa:2048 -nodes -keyout {name}key.pem -out {name}csr.pem -subj /CN=x".split())
        make(
            *f"x509 -req -in {name}csr.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days {DAYS}".split(),
            *f"-extfile names -out {name}cert.pem".split(),
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server-cert.pem", tmp_path / "server-key.pem")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening, context), daemon=True).start()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"


def serve(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=carry, args=(plain, context), daemon=True).start()


def carry(plain: socket.socket, context: ssl.SSLContext) -> None:
    """Both ways between a client and the daemon, until one of them has said all."""
    try:
        with context.wrap_socket(plain, server_side=True) as one, socket.socket(socket.AF_UNIX) as other:
            other.connect(SOCKET)
            while True:
                ready = [one] if one.pending() else select.select([one, other], [], [])[0]
                for here in ready:
                    data = here.recv(1 << 16)
                    if not data:
                        return
                    (other if here is one else one).sendall(data)
    except OSError:
        return


@pytest.mark.docker
def test_connect__over_tcp__a_side_that_is_gone_is_noticed(tls: str, tmp_path: Path) -> None:
    client = connect({"host": tls, "certificates": str(tmp_path)})
    adapter = client.api.get_adapter(f"{client.api.base_url}/info")
    with adapter.poolmanager.connection_from_url(client.api.base_url, pool_kwargs=None) as pool:
        assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in pool.conn_kw["socket_options"]
    client.close()


@pytest.mark.docker
def test_engine__tcp_with_tls__job_runs_for_who_has_a_certificate(
    store: Store, docker_engine: DockerEngine, tls: str, tmp_path: Path
) -> None:
    del docker_engine
    whole_run(DockerEngine(store, options={"host": tls, "certificates": str(tmp_path)}), task(tmp_path / "output"))
    assert not DockerEngine(store, options={"host": tls}).probe().available


SELF_SIGNED = "req -x509 -newkey rsa:2048 -nodes -keyout other.pem -out ca.pem -subj /CN=other -days 2"
EXPIRED = "x509 -req -in csr.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days -1 -out cert.pem"


@pytest.mark.docker
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (SELF_SIGNED, "of another authority: put that one's into ca.pem"),
        (EXPIRED, "expired"),
        ("genrsa -out key.pem 2048", "do not belong together"),
        ("rand -out ca.pem -hex 9", "holds no certificate"),
    ],
    ids=["other authority", "expired", "other key", "no certificate"],
)
def test_probe__certificates_are_wrong__says_which_to_change(
    store: Store, docker_engine: DockerEngine, tls: str, tmp_path: Path, made: str, *, said: str
) -> None:
    del docker_engine
    subprocess.run(["openssl", *made.split()], check=True, capture_output=True, cwd=tmp_path)
    reason = DockerEngine(store, options={"host": tls, "certificates": str(tmp_path)}).probe().reason
    assert said in reason
    assert "HTTPSConnectionPool" not in reason
