"""The socket of a daemon on another machine, as a socket here: the user's own ssh carries it, with keys and hosts."""

from __future__ import annotations

import atexit
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from jupyter_mlpack import errors
from jupyter_mlpack.children import running
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.scratch import scratch_folder

SOCKET = "/var/run/docker.sock"
SECONDS = 30.0
"""How long ssh may take to get there."""

STEP = 0.05
SSH = (
    *("ssh", "-T", "-o", "BatchMode=yes", "-o", "ControlPath=none", "-o", "ExitOnForwardFailure=yes"),
    *("-o", "StreamLocalBindMask=0177", "-o", "ServerAliveInterval=15", "-o", "ConnectTimeout=20"),
)


@dataclass
class Tunnel:
    """A socket here, and the process that carries it."""

    socket: Path
    child: subprocess.Popen[Any]
    kept: ExitStack


TUNNELS: dict[str, Tunnel] = {}
LOCK = Lock()


def open_tunnel(host: str) -> Path:
    """The local socket for ``ssh://user@host[:port][/path/of/socket]``; one tunnel for all of this process.

    Raises ``DockerAddressWrong`` and ``DockerTunnelFailed``.
    """
    with LOCK:
        known = TUNNELS.get(host)
        if known is not None:
            if known.child.poll() is None:
                return known.socket
            close_tunnel(host)
        TUNNELS[host] = dig(host)
        return TUNNELS[host].socket


def close_tunnel(host: str) -> None:
    """End it, and remove its socket."""
    TUNNELS.pop(host).kept.close()


@atexit.register
def close_tunnels() -> None:
    """Nothing of it stays behind."""
    for host in list(TUNNELS):
        close_tunnel(host)


def dig(host: str) -> Tunnel:
    """ssh, once its socket is there. It ends with this process, however that ends: ``cat`` there reads from us."""
    words = command(host)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        socket, said = folder / "docker.sock", folder / "said"
        carried = [*words[:-1], "-L", f"{socket}:{urlsplit(host).path or SOCKET}", "--", words[-1], "cat"]
        try:
            with said.open("wb") as out:
                pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": out}
                child = stack.enter_context(running(carried, start_new_session=True, **pipes))
        except OSError as error:
            raise errors.DockerTunnelFailed(address=host, reason=f"ssh could not be started: {error}") from error
        until = time.monotonic() + SECONDS
        while not socket.exists():
            if child.poll() is not None or time.monotonic() > until:
                lines = said.read_text(errors="replace").strip().splitlines()
                reason = lines[-1].rstrip(".") if lines else "It said nothing"
                raise errors.DockerTunnelFailed(address=host, reason=reason)
            time.sleep(STEP)
        return Tunnel(socket, child, stack.pop_all())


def command(host: str) -> list[str]:
    """ssh's words, the last of which is where to. Raises ``DockerAddressWrong``."""
    try:
        place = urlsplit(host)
        port = place.port
    except ValueError as error:
        raise errors.DockerAddressWrong(address=host, problem=str(error).rstrip(".")) from error
    if not place.hostname or place.password or place.query or place.hostname.startswith("-"):
        raise errors.DockerAddressWrong(address="ssh://...", problem="It needs a host, and takes no password")
    user = f"{place.username}@" if place.username else ""
    return [*SSH, *(["-p", str(port)] if port else []), f"{user}{place.hostname}"]
