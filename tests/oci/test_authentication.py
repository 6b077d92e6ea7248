"""The token protocol, against a real registry that believes a real token server."""

from __future__ import annotations

import base64
import datetime
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jupyter_mlpack import errors
from jupyter_mlpack.oci.authentication import Challenge, parse_challenges
from jupyter_mlpack.oci.credentials import Credential
from jupyter_mlpack.oci.diagnosis import PUSH
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.registry import pull_image, push_image
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.store import Store

CHALLENGES = {
    "bearer": (
        'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"',
        [("bearer", {"realm": "https://auth.example/token", "service": "reg", "scope": "repository:a/b:pull,push"})],
    ),
    "basic": ('Basic realm="Registry Realm"', [("basic", {"realm": "Registry Realm"})]),
    "two": ('Basic realm="a, b", Bearer realm="https://c"', [("basic", {"realm": "a, b"}), ("bearer", {"realm": "https://c"})]),
    "without quotes": ("Bearer realm=https://c, service=s", [("bearer", {"realm": "https://c", "service": "s"})]),
    "escaped quote": (r'Basic realm="a\"b"', [("basic", {"realm": 'a"b'})]),
    "scheme alone": ("Negotiate", [("negotiate", {})]),
    "nothing": ("", []),
}  # fmt: skip


@pytest.mark.parametrize(("header", "expected"), CHALLENGES.values(), ids=CHALLENGES)
def test_parse_challenges__header__schemes_with_parameters(header: str, expected: Any) -> None:
    wanted = tuple(Challenge(scheme, tuple(parameters.items())) for scheme, parameters in expected)
    assert parse_challenges(header) == wanted


class TokenHandler(BaseHTTPRequestHandler):
    """Gives ``me`` with ``hunter2`` (or the refresh token ``R3FRESH``) every right, and nobody the right to pull."""

    server: TokenServer

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        sent = self.headers.get("Authorization")
        if sent is not None and sent != "Basic " + base64.b64encode(b"me:hunter2").decode():
            self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "bad password"}]})
            return
        self.give(query["service"][0], query.get("scope", []), everything=sent is not None)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form.get("refresh_token") != ["R3FRESH"] or form.get("grant_type") != ["refresh_token"]:
            self.answer(401, {"error": "invalid_grant"})
            return
        self.give(form["service"][0], form["scope"][0].split(), everything=True)

    def give(self, service: str, scopes: list[str], everything: bool) -> None:
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            granted = [action for action in actions.split(",") if everything or action == "pull"]
            access.append({"type": kind, "name": name, "actions": granted})
        self.server.scopes.append(tuple(scopes))
        token = self.server.sign(service, access)
        self.answer(200, {"token": token, "expires_in": self.server.life})

    def answer(self, status: int, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class TokenServer(ThreadingHTTPServer):
    daemon_threads = True
    life = 300  # seconds, as told
    real_life = 300  # seconds, as signed

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), TokenHandler)
        self.scopes: list[tuple[str, ...]] = []
        self.realm = f"http://127.0.0.1:{self.server_address[1]}/token"
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "token server")])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )  # fmt: skip
        self.bundle = folder / "token.pem"
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]

    def sign(self, service: str, access: list[dict[str, object]]) -> str:
        now = int(time.time())
        claims = {
            "iss": "mlpack-test", "sub": "me", "aud": service, "nbf": now - 120, "iat": now,
            "exp": now + self.real_life, "jti": str(now), "access": access,
        }  # fmt: skip
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"x5c": self.chain})


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenServer]:
    with TokenServer(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def guarded(tokens: TokenServer, start_registry: Any) -> Any:
    """A registry that sends everybody to the token server."""
    words = f"realm: '{tokens.realm}', service: reg, issuer: mlpack-test, rootcertbundle: {tokens.bundle}"
    return start_registry(f"auth: {{token: {{{words}}}}}")


def test_push_image__token__one_for_the_whole_session(
    store: Store, other: Store, guarded: Any, tokens: TokenServer, *, access: Any, make_image: Any
) -> None:
    image = make_image(store, 2 << 20, 64, 128)
    reference = Reference(guarded.host, "team/iris")
    push_image(store, image, reference, access=access("me", "hunter2"))
    assert tokens.scopes == [("repository:team/iris:pull,push",)]
    assert pull_image(reference, other, "amd64", access=access()).layers == image.layers, "nobody may pull"


def test_push_image__mount_with_tokens__asks_for_both_repositories(
    store: Store, guarded: Any, tokens: TokenServer, *, access: Any, make_image: Any
) -> None:
    image = make_image(store, 64)
    base = Reference(guarded.host, "base")
    push_image(store, image, base, access=access("me", "hunter2"))
    origins = {layer.descriptor.digest: base for layer in image.layers}
    push_image(store, image, Reference(guarded.host, "iris"), origins=origins, access=access("me", "hunter2"))
    assert tokens.scopes[-1] == ("repository:iris:pull,push", "repository:base:pull")


def test_push_image__identity_token__is_exchanged(
    store: Store, guarded: Any, tokens: TokenServer, *, access: Any, make_image: Any
) -> None:
    known = replace(access(), keychain=lambda host, repository: Credential("", "", "R3FRESH"))
    push_image(store, make_image(store, 64), Reference(guarded.host, "iris"), access=known)
    assert tokens.scopes == [("repository:iris:pull,push",)]


LIVES = {
    "as told": (1, 300),
    "earlier than told": (300, -58),  # the registry forgives a minute of wrong clocks
}


@pytest.mark.parametrize(("told", "real"), LIVES.values(), ids=LIVES)
def test_session__token_ends__another_is_fetched(
    told: int, real: int, guarded: Any, tokens: TokenServer, access: Any
) -> None:
    tokens.life, tokens.real_life = told, real
    with Session(guarded.host, "iris", access("me", "hunter2"), PUSH, ["repository:iris:pull"]) as session:
        assert not session.has_blob("sha256:" + "0" * 64)
        assert len(tokens.scopes) == 1
        time.sleep(2.5)
        assert not session.has_blob("sha256:" + "0" * 64)
        assert len(tokens.scopes) == 2


DENIED = {
    "nobody may not push": ((), "authentication required"),
    "wrong password": (("me", "hunter3"), "bad password"),
}


@pytest.mark.parametrize(("known", "words"), DENIED.values(), ids=DENIED)
def test_push_image__not_granted__says_why_without_secrets(
    known: tuple[str, ...], words: str, store: Store, guarded: Any, *, access: Any, make_image: Any
) -> None:
    with pytest.raises(errors.PushDenied) as caught:
        push_image(store, make_image(store, 64), Reference(guarded.host, "iris"), access=access(*known))
    said = " ".join(caught.value.sentence(part) for part in ("what", "where", "why", "hint"))
    assert words in said
    assert "hunter" not in said
