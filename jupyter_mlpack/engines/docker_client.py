"""How a Docker daemon is reached: on this machine, through ssh, or over TCP with TLS; and what its silence means."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_mlpack import errors

if TYPE_CHECKING:
    from docker import DockerClient

SECONDS = 60
"""How long the daemon may be silent, unless it streams."""

ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}
"""Of a connection over TCP that says nothing: after how many seconds it is asked, how often, and how many times."""

CERTIFICATES = ("ca.pem", "cert.pem", "key.pem")
LOOPBACK = ("localhost", "127.0.0.1", "::1")

OPTIONS: Mapping[str, tuple[type, str]] = {
    "host": (str, "unix:///path, ssh://user@host or tcp://host:2376; empty: DOCKER_HOST, or this machine's"),
    "certificates": (str, "folder with ca.pem, cert.pem and key.pem, for tcp"),
}
"""What a target says of where its daemon is."""


def address(options: Mapping[str, Any] | None = None) -> str:
    """Where the daemon is looked for."""
    named = str((options or {}).get("host", "")) or os.environ.get("DOCKER_HOST")
    return named or ("unix:///var/run/docker.sock" if os.name == "posix" else "npipe")


def connect(options: Mapping[str, Any] | None = None) -> DockerClient:
    """A client whose daemon answers. Raises ``DockerUnreachable``, ``DockerAddressWrong``, ``DockerTunnelFailed``."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        client = make_client(options or {})
        client.ping()
    except (DockerException, RequestException, OSError) as error:
        raise errors.DockerUnreachable(address=address(options), reason=plain(error)) from error
    return client


def plain(error: BaseException) -> str:
    """What went wrong, as the system says it: HTTP libraries wrap its error in several of their own."""
    last, told = error, str(error)
    for cause in causes(error):
        last = cause
    if isinstance(last, ssl.SSLCertVerificationError) and last.verify_message:
        told = last.verify_message
    elif isinstance(last, ssl.SSLError) and last.reason:
        told = last.reason.replace("_", " ").lower()
    elif isinstance(last, OSError):
        told = last.strerror or str(last)
    return f"{told.rstrip('.')}."


def causes(error: object) -> Iterator[OSError]:
    """The system's errors that ``error`` was made of, outermost first."""
    if isinstance(error, OSError) and error.strerror:
        yield error
    if isinstance(error, BaseException):
        for inner in (error.__cause__ or error.__context__, *error.args, getattr(error, "reason", None)):
            yield from causes(inner)
    elif isinstance(error, tuple):
        for inner in error:
            yield from causes(inner)


def make_client(options: Mapping[str, Any], timeout: int = SECONDS) -> DockerClient:
    """A client for the address in ``options``. Raises what Docker's library raises, and what ``connect`` says."""
    client = plain_client(options, timeout)
    if client.api.base_url.startswith(("http://", "https://")):
        keep_alive(client)
    return client


def keep_alive(client: DockerClient) -> None:
    """Notice within a minute that the other side is gone: who follows a log that is silent would wait for ever."""
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection

    options = [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, seconds in ALIVE.items():
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), seconds))

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *sizes: Any, **more: Any) -> None:
            super().init_poolmanager(*sizes, **more, socket_options=options)

    for scheme in ("http://", "https://"):
        client.api.mount(scheme, Adapter())


def plain_client(options: Mapping[str, Any], timeout: int) -> DockerClient:
    """The same, as Docker's library makes it."""
    import docker

    host = address(options)
    if host.startswith("ssh://"):
        from jupyter_mlpack.engines.docker_tunnel import open_tunnel

        return docker.DockerClient(base_url=f"unix://{open_tunnel(host)}", timeout=timeout)
    if not options.get("host"):
        return docker.from_env(timeout=timeout)
    if not host.startswith(("unix://", "tcp://", "npipe://")):
        raise errors.DockerAddressWrong(address=host, problem="It does not say how to get there")
    certificates = read_certificates(host, options)
    if not certificates:
        return docker.DockerClient(base_url=host, timeout=timeout)
    return with_own_authority(host, timeout, certificates)


def with_own_authority(host: str, timeout: int, certificates: Any) -> DockerClient:
    """A client that believes the target's authority alone: the HTTP library would prefer a site's bundle to it."""
    import docker

    version = "1.44"
    for _ in range(2):
        client = docker.DockerClient(base_url=host, timeout=timeout, tls=certificates, version=version)
        client.api.trust_env = False
        version = str(client.api.version(api_version=False)["ApiVersion"])
    return client


def read_certificates(host: str, options: Mapping[str, Any]) -> Any:
    """The TLS of an address over TCP. Without any, only this machine itself is spoken to.

    Raises ``DockerAddressWrong``.
    """
    from docker.tls import TLSConfig

    if not host.startswith("tcp://"):
        return False
    if not options.get("certificates"):
        if urlsplit(host).hostname in LOOPBACK:
            return False
        raise errors.DockerAddressWrong(address=host, problem="Over TCP without certificates anybody could listen")
    folder = Path(str(options["certificates"])).expanduser()
    authority, own, key = (folder / name for name in CERTIFICATES)
    for path in (authority, own, key):
        if not path.is_file():
            raise errors.DockerAddressWrong(address=host, problem=f"There is no {path}")
    return TLSConfig(client_cert=(str(own), str(key)), ca_cert=str(authority), verify=True)


@contextmanager
def asking(action: str) -> Iterator[None]:
    """The daemon is asked to do something. Raises ``DockerRefused``, ``DockerLost``; ``NotFound`` passes."""
    from docker.errors import APIError, DockerException, NotFound
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except NotFound:
        raise
    except APIError as error:
        raise errors.DockerRefused(action=action, reason=str(error.explanation or error)) from error
    except (RequestException, DockerException, HTTPError) as error:
        raise errors.DockerLost(action=action, reason=str(error)) from error
