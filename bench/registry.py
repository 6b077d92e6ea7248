"""A registry on this machine (Debian's ``docker-registry``), and a door to it that counts the bytes going in."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

CONFIG = """version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@dataclass
class Door:
    """A TCP proxy: ``address`` for clients; ``sent`` counts the bytes that they sent through it."""

    address: str
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, count: int) -> None:
        """Some more."""
        with self.lock:
            self.sent += count

    def take(self) -> int:
        """The bytes since the last time."""
        with self.lock:
            count, self.sent = self.sent, 0
            return count


@contextmanager
def registry(folder: Path, address: str = "127.0.0.1") -> Iterator[Door]:
    """Serve the registry kept in ``folder`` until the block ends; its door is a free port of ``address``."""
    program = shutil.which("docker-registry")
    assert program, "Debian's docker-registry is needed: apt-get install docker-registry"
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "config.yml").write_text(CONFIG.format(folder=folder / "data", port=port))
    with (folder / "registry.log").open("ab") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    listener = socket.create_server((address, 0))
    door = Door(f"{address}:{listener.getsockname()[1]}")
    threading.Thread(target=serve, args=(listener, port, door), daemon=True).start()
    try:
        wait_for(port)
        yield door
    finally:
        listener.close()
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until the registry answers."""
    for _ in range(200):
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5).close()
            return
        time.sleep(0.05)
    raise SystemExit("the registry does not answer")


def serve(listener: socket.socket, port: int, door: Door) -> None:
    """Accept clients until the listener is closed."""
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=pump, args=(client, server, door), daemon=True).start()
            threading.Thread(target=pump, args=(server, client, None), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket, door: Door | None) -> None:
    """Pass bytes on until the source ends."""
    with suppress(OSError):
        while data := source.recv(1 << 20):
            if door:
                door.add(len(data))
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
