"""What goes where: no password to strangers, no silent plain HTTP, TLS trouble told as such."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.oci.credentials import Credential
from jupyter_mlpack.oci.diagnosis import PULL
from jupyter_mlpack.oci.manifest import LAYER_GZIP, Descriptor
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.transport import Access, Patience, is_loopback

DIGEST = "sha256:" + "a" * 64
BLOB = Descriptor(LAYER_GZIP, DIGEST, 5)


class Site(ThreadingHTTPServer):
    """A web server that answers by a table from path to (status, headers, body), and notes what it is asked."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), SiteHandler)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, str | None]] = []
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_: Any) -> None:
        pass  # a client that breaks the greeting off is what some tests are about


class SiteHandler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        if status == 401 and self.headers.get("Authorization"):
            status, headers, body = self.server.pages.get(self.path + "#known", (200, {}, b""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def start(context: ssl.SSLContext | None = None) -> Site:
        sites.append(Site(context))
        threading.Thread(target=sites[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return sites[-1]

    yield start
    for running in sites:
        running.shutdown()
        running.server_close()


def session(host: str, access: Access) -> Session:
    return Session(host, "r", access, PULL, ["repository:r:pull"])


def test_read_blob__redirect_to_another_host__password_stays_here(site: Any, access: Any) -> None:
    registry, storage = site(), site()
    path = f"/v2/r/blobs/{DIGEST}"
    registry.pages[path] = (401, {"WWW-Authenticate": 'Basic realm="r"'}, b"")
    registry.pages[path + "#known"] = (307, {"Location": f"http://{storage.host}/there?sign=1"}, b"")
    storage.pages["/there?sign=1"] = (200, {}, b"hello")
    with session(registry.host, access("me", "hunter2")) as client:
        assert b"".join(client.read_blob(BLOB, lambda *_: None)) == b"hello"
    assert registry.asked[-1][1] is not None
    assert storage.asked == [("/there?sign=1", None)]


def test_read_blob__redirect_to_plain_http_elsewhere__is_refused(site: Any, access: Any) -> None:
    registry = site()
    path = f"/v2/r/blobs/{DIGEST}"
    registry.pages[path] = (307, {"Location": "http://registry.invalid/there"}, b"")
    with session(registry.host, access()) as client, pytest.raises(errors.PlainHttpRefused):
        list(client.read_blob(BLOB, lambda *_: None))


def test_ping__token_server_over_plain_http__gets_no_password(site: Any, certificate: Path, access: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    thief, registry = site(), site(context)
    registry.pages["/v2/"] = (401, {"WWW-Authenticate": f'Bearer realm="http://{thief.host}/token"'}, b"")
    asked: list[str] = []

    def keychain(host: str, repository: str) -> Credential:
        asked.append(host)
        return Credential("me", "hunter2")

    strict = Access(keychain=keychain, patience=access().patience)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificate))
        with session(registry.host, strict) as client, pytest.raises(errors.PlainHttpRefused):
            client.ping()
    assert asked == [registry.host]
    assert thief.asked == []


def test_ping__certificate_known_by_variable__is_trusted(
    site: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    registry = site(context)
    registry.pages["/v2/"] = (200, {}, b"{}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with session(registry.host, Access()) as client:
        client.ping()
    assert [path for path, _ in registry.asked] == ["/v2/"]


def test_ping__certificate_unknown__says_how_to_name_it(site: Any, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with session(site(context).host, Access()) as client, pytest.raises(errors.PullTls) as caught:
        client.ping()
    assert "certificate" in caught.value.sentence("why").lower()
    assert "SSL_CERT_FILE" in caught.value.sentence("hint")


def test_manifest__answer_without_end__is_cut(site: Any, access: Any) -> None:
    registry = site()
    registry.pages["/v2/r/manifests/latest"] = (403, {"Content-Type": "text/plain"}, b"x" * (20 << 20))
    with session(registry.host, access()) as client, pytest.raises(errors.PullDenied) as caught:
        client.manifest("latest")
    assert len(caught.value.sentence("why")) <= 300


def test_ping__asked_to_wait__waits_that_long(site: Any, access: Any) -> None:
    registry = site()
    registry.pages["/v2/"] = (429, {"Retry-After": "30"}, b"")
    patient = replace(access(), patience=Patience(attempts=2, first=0.01))
    client = session(registry.host, patient)
    threading.Timer(0.3, client.stop.set).start()
    with client, pytest.raises(errors.DownloadLost):
        client.ping()
    assert len(registry.asked) == 1, "it was still waiting when it was stopped"


LOOPBACK = {
    "localhost": True, "localhost:5000": True, "127.0.0.1:5000": True, "127.9.9.9": True, "[::1]:5000": True,
    "localhost.example": False, "127.0.0.1.example:5000": False, "10.0.0.1:5000": False, "box:5000": False,
}  # fmt: skip


@pytest.mark.parametrize(("host", "expected"), LOOPBACK.items(), ids=LOOPBACK)
def test_is_loopback__host__by_its_address(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("failures", "asked", "least", "most"),
    [(1, 0, 0.3, 0.5), (3, 0, 1.5, 2), (50, 0, 15, 20), (1, 7, 7, 7), (1, 9999, 60, 60)],
)
def test_pause__failures__doubles_up_to_the_ceiling(failures: int, asked: float, least: float, most: float) -> None:
    assert least <= Patience().pause(failures, asked) <= most


def test_ping__proxy_in_the_environment__is_not_asked_for_this_machine(
    site: Any, access: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = site()
    registry.pages["/v2/"] = (200, {}, b"{}")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with session(registry.host, access()) as client:
        client.ping()
    assert len(registry.asked) == 1
