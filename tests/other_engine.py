"""A Docker engine of the test's own, as on another machine: in a network of its own, behind one cable and TLS.

It has its own data, socket, bridge and firewall, so the machine's engine never hears of it. It can be killed and
started again, and its cable can be pulled.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import pytest

PROGRAMS = ("dockerd", "containerd", "ip", "iptables", "nsenter", "openssl")
PATIENCE = 60.0
DAYS = 2
PORT = 2376
TRACES = "traces"
"""A volume of that engine, in which jobs write down what became of them: known without asking us or the engine."""


class OtherEngine:
    """``host`` and ``certificates`` are what a target says of it."""

    def __init__(self, folder: Path, live_restore: bool) -> None:
        self.folder, self.live_restore = folder, live_restore
        self.name = f"mlp{os.getpid()}"
        self.near, self.far = f"{self.name}a", f"{self.name}b"
        net = f"10.{213 + os.getpid() // 65_536 % 40}.{os.getpid() // 64 % 256}"
        first = os.getpid() % 64 * 4
        self.here, self.there = f"{net}.{first + 1}", f"{net}.{first + 2}"
        self.host = f"tcp://{self.there}:{PORT}"
        self.certificates = folder / "certificates"
        self.socket = folder / "docker.sock"
        self.restarts = 0
        self.containerd: subprocess.Popen[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    # --- the network ---

    def lay_cable(self) -> None:
        """A network namespace, joined to this machine's by two interfaces."""
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.name)
        run("ip", "address", "add", f"{self.here}/30", "dev", self.near)
        run("ip", "link", "set", self.near, "up")
        self.there_run("address", "add", f"{self.there}/30", "dev", self.far)
        self.there_run("link", "set", "lo", "up")
        self.plug()

    def there_run(self, *words: str) -> None:
        run("ip", "-n", self.name, *words)

    def pull(self) -> None:
        """Nothing gets through, and nobody is told."""
        self.there_run("link", "set", self.far, "down")

    def plug(self) -> None:
        self.there_run("link", "set", self.far, "up")

    # --- the engine ---

    def start_containerd(self) -> None:
        """A service of its own, as systems have it: it and the containers need not die with the engine."""
        state = self.folder / "containerd"
        config = f'version = 2\nroot = "{state}/root"\nstate = "{state}/state"\n[grpc]\naddress = "{state}.sock"\n'
        (self.folder / "containerd.toml").write_text(f'{config}[ttrpc]\naddress = "{state}.sock.ttrpc"\n')
        words = ["containerd", "--config", str(self.folder / "containerd.toml")]
        with (self.folder / "containerd.log").open("ab") as log:
            self.containerd = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE
        while not (self.folder / "containerd.sock").exists():
            if self.containerd.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "containerd.log").read_text()[-4000:])
            time.sleep(0.05)

    def start(self) -> None:
        """Once it answers."""
        words = [
            *("nsenter", f"--net=/run/netns/{self.name}", "dockerd"),
            *("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec")),
            *("--containerd", str(self.folder / "containerd.sock")),
            *("--pidfile", str(self.folder / "pid"), "--config-file", str(self.folder / "daemon.json")),
            *("-H", f"unix://{self.socket}", "-H", f"tcp://{self.there}:{PORT}"),
            *("--tlsverify", "--tlscacert", str(self.certificates / "ca.pem")),
            *("--tlscert", str(self.folder / "cert.pem"), "--tlskey", str(self.folder / "key.pem")),
            *(["--live-restore"] if self.live_restore else []),
        ]
        (self.folder / "daemon.json").write_text("{}")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(docker.errors.DockerException, OSError):
                with self.client() as client:
                    client.ping()
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text()[-4000:])
            time.sleep(0.1)

    def kill(self) -> None:
        """Like a crash: without a word to anybody."""
        assert self.process
        self.process.kill()
        self.process.wait(30)
        self.restarts += 1

    @contextmanager
    def client(self) -> Iterator[Any]:
        client = docker.DockerClient(base_url=f"unix://{self.socket}", timeout=60)
        try:
            yield client
        finally:
            client.close()

    def make_traces(self) -> None:
        with self.client() as client:
            place = Path(client.volumes.create(TRACES).attrs["Mountpoint"])
        place.chmod(0o777)

    def traces(self, tag: str) -> list[str]:
        """What a job wrote down of itself."""
        path = self.folder / "data/volumes" / TRACES / "_data" / tag
        return path.read_text().splitlines() if path.exists() else []

    def containers(self) -> list[Any]:
        with self.client() as client:
            return list(client.containers.list(all=True, ignore_removed=True))

    # --- its end ---

    def remove(self) -> None:
        """All of it: containers, the engine, what it started, its mounts, its network."""
        with suppress(Exception):
            self.plug()
            if self.process and self.process.poll() is not None:
                self.start()
            for container in self.containers():
                container.remove(v=True, force=True)
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        if self.containerd:
            self.containerd.kill()
            self.containerd.wait(30)
        for process in own_processes(str(self.folder)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed(mounts):
            if mount.startswith(str(self.folder)):
                subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", self.near], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def other_engine(kept: Path, *, live_restore: bool) -> Iterator[OtherEngine]:
    """One that answers; ``kept`` gets its log. Skips where it cannot be made."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if missing or os.geteuid():
        pytest.skip(f"NOT TESTED: a Docker engine of one's own needs root and {', '.join(missing or PROGRAMS)}")
    # Its sockets have long names, of which a system takes 107 characters.
    engine = OtherEngine(Path(tempfile.mkdtemp(prefix="mlpack-engine-", dir="/tmp")), live_restore)
    engine.folder.chmod(0o755)
    try:
        try:
            make_certificates(engine)
            engine.lay_cable()
            engine.start_containerd()
            engine.start()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"NOT TESTED: no network namespaces here ({error.stderr.decode().strip()})")
        except RuntimeError as error:
            pytest.skip(f"NOT TESTED: a second Docker engine does not start here: {str(error)[-300:]}")
        engine.make_traces()
        yield engine
    finally:
        with suppress(OSError):
            shutil.copy(engine.folder / "log", kept / "engine.log")
        engine.remove()


def make_certificates(engine: OtherEngine) -> None:
    """An authority, the engine's certificate, and one for who may speak to it."""
    ours = engine.certificates
    ours.mkdir()

    def make(*words: str) -> None:
        run("openssl", *words, cwd=engine.folder)

    make(
        *f"req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out {ours}/ca.pem -subj /CN=test -days {DAYS}".split()
    )
    (engine.folder / "names").write_text(f"subjectAltName=IP:{engine.there}\n")
    for place in (engine.folder, ours):
        make(*f"req -newkey rsa:2048 -nodes -keyout {place}/key.pem -out csr.pem -subj /CN=x".split())
        make(
            *f"x509 -req -in csr.pem -CA {ours}/ca.pem -CAkey ca-key.pem -CAcreateserial -days {DAYS}".split(),
            *f"-extfile names -out {place}/cert.pem".split(),
        )


def run(*words: str, cwd: Path | None = None) -> None:
    subprocess.run(words, check=True, capture_output=True, cwd=cwd)


def own_processes(folder: str) -> list[int]:
    """Those that name the folder in their words: shims, the engine's containerd."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with suppress(OSError):
                words = Path(entry.path, "cmdline").read_bytes().split(b"\0")
                if any(f"{folder}/".encode() in word for word in itertools.islice(words, 40)):
                    found.append(int(entry.name))
    return found
