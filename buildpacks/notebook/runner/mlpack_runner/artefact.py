"""What the notebook made, pushed to a registry as an OCI artefact: for jobs whose disk nobody else sees.

``MLPACK_DELIVER`` is ``host[:port]/repository:tag``, ``MLPACK_DELIVER_LOGIN`` ``user:password`` there if it wants one;
with ``MLPACK_DELIVER_PLAIN`` it is spoken to without TLS. The archive is sent while it is written, so no second copy
needs to have room. Only the standard library is used: an image has what its notebook needs, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tarfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any

TYPE = "application/vnd.jupyter-mlpack.outputs.v1"
LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EMPTY = b"{}"
ATTEMPTS = 4
SECONDS = 60.0
PIECE = 1 << 20


@dataclass
class Delivery:
    """A place in a registry. ``login`` is ``user:password``; it is never printed."""

    host: str
    repository: str
    tag: str
    plain: bool = False
    login: str = field(default="", repr=False)
    authorization: str = field(default="", repr=False)


class RegistryError(OSError):
    """The registry did not take it."""


def read_delivery(environment: MutableMapping[str, str]) -> Delivery | None:
    """Where outputs go; taken out of the environment, so that the notebook has not got the login."""
    name = environment.pop("MLPACK_DELIVER", "")
    login = environment.pop("MLPACK_DELIVER_LOGIN", "")
    plain = bool(environment.pop("MLPACK_DELIVER_PLAIN", ""))
    host, _, rest = name.partition("/")
    repository, _, tag = rest.rpartition(":")
    return Delivery(host, repository, tag, plain, login) if repository and tag else None


def push_outputs(folder: Path, files: list[str], delivery: Delivery, say: Callable[[str], None]) -> None:
    """Pack and push; a registry that is away for a moment is asked again. Raises ``OSError``."""
    for attempt in range(ATTEMPTS):
        try:
            push_once(folder, files, delivery)
            break
        except (OSError, HTTPException) as error:
            if attempt == ATTEMPTS - 1:
                raise RegistryError(f"{delivery.host}: {error}") from error
            time.sleep(2**attempt)
    say(f"outputs are at {delivery.host}/{delivery.repository}:{delivery.tag}")


def push_once(folder: Path, files: list[str], delivery: Delivery) -> None:
    """One attempt: two blobs, then the manifest, which makes them visible."""
    layer = push_blob(delivery, LAYER, lambda body: write_archive(folder, files, body))
    config = push_blob(delivery, "application/vnd.oci.empty.v1+json", lambda body: body.write(EMPTY))
    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": TYPE, "config": config, "layers": [layer],
    }  # fmt: skip
    path = f"/v2/{delivery.repository}/manifests/{delivery.tag}"
    ask(delivery, "PUT", path, json.dumps(manifest).encode(), {"Content-Type": MANIFEST}, (200, 201))


def write_archive(folder: Path, files: list[str], body: Body) -> None:
    """A tar of the files below one top folder; links as links."""
    with tarfile.open(fileobj=body, mode="w|", bufsize=PIECE) as archive:
        for name in files:
            archive.add(folder / name, f"output/{name}", recursive=False)


def push_blob(delivery: Delivery, media_type: str, write: Callable[[Body], Any]) -> dict[str, Any]:
    """A blob whose size and digest are known when it has been sent; its descriptor."""
    headers, _ = ask(delivery, "POST", f"/v2/{delivery.repository}/blobs/uploads/", b"", {}, (202,))
    place = headers["Location"]
    connection = connect(delivery, urllib.parse.urljoin(base(delivery), place))
    known = delivery.authorization if is_own(delivery, place) else ""
    try:
        connection.putrequest("PATCH", path_of(base(delivery), place))
        for name, value in {
            "Authorization": known,
            "Content-Type": "application/octet-stream",
            "Transfer-Encoding": "chunked",
        }.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders()
        body = Body(connection)
        write(body)
        connection.send(b"0\r\n\r\n")
        headers, _ = judge(connection.getresponse(), (202, 204))
    finally:
        connection.close()
    digest = f"sha256:{body.digest.hexdigest()}"
    place = headers.get("Location", place)
    joined = f"{place}{'&' if '?' in place else '?'}digest={urllib.parse.quote(digest)}"
    ask(delivery, "PUT", joined, b"", {"Content-Type": "application/octet-stream"}, (201, 204))
    return {"mediaType": media_type, "digest": digest, "size": body.size}


class Body:
    """A request's body of unknown length, a file that can be written to."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """One chunk."""
        if data:
            self.digest.update(data)
            self.size += len(data)
            self.connection.send(b"%x\r\n%b\r\n" % (len(data), data))
        return len(data)


def ask(  # noqa: PLR0913, PLR0917 (the parts of a request)
    delivery: Delivery, method: str, place: str, body: bytes, headers: dict[str, str], accepted: tuple[int, ...]
) -> tuple[Any, bytes]:
    """One request, and once more after the registry has said how it wants to know us."""
    for last in (False, True):
        connection = connect(delivery, urllib.parse.urljoin(base(delivery), place))
        try:
            known = delivery.authorization if is_own(delivery, place) else ""
            sent = {**headers, **({"Authorization": known} if known else {})}
            connection.request(method, path_of(base(delivery), place), body, sent)
            response = connection.getresponse()
            if response.status == 401 and not last:
                challenge = response.headers.get("WWW-Authenticate", "")
                response.read()
                delivery.authorization = authorize(delivery, challenge)
                continue
            return judge(response, accepted)
        finally:
            connection.close()
    raise AssertionError


def authorize(delivery: Delivery, challenge: str) -> str:
    """The header's value that a challenge asks for: the login itself, or a token that is given for it."""
    basic = f"Basic {base64.b64encode(delivery.login.encode()).decode()}"
    if challenge.lower().startswith("basic"):
        if not delivery.login:
            raise RegistryError("it wants a login, and none was given")
        return basic
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    if not asked.get("realm", "").startswith(("https://", "http://") if delivery.plain else "https://"):
        raise RegistryError("it does not say how it wants to know us")
    scope = f"repository:{delivery.repository}:pull,push"
    query = urllib.parse.urlencode({"service": asked.get("service", ""), "scope": scope})
    joint = "&" if "?" in asked["realm"] else "?"
    request = urllib.request.Request(f"{asked['realm']}{joint}{query}")
    if delivery.login:
        request.add_header("Authorization", basic)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        given = json.load(answer)
    return f"Bearer {given.get('token') or given['access_token']}"


def judge(response: HTTPResponse, accepted: tuple[int, ...]) -> tuple[Any, bytes]:
    """Headers and body of an answer. Raises RegistryError for one that was not hoped for."""
    content = response.read()
    if response.status not in accepted:
        said = " ".join(content[:300].decode(errors="replace").split())
        raise RegistryError(f"it answered {response.status} {response.reason} {said}".rstrip())
    return response.headers, content


def base(delivery: Delivery) -> str:
    """The registry's address."""
    host = "registry-1.docker.io" if delivery.host == "docker.io" else delivery.host
    return f"{'http' if delivery.plain else 'https'}://{host}"


def connect(delivery: Delivery, address: str) -> HTTPConnection:
    """A connection to where an address leads; never from TLS to plain HTTP."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "https":
        return HTTPSConnection(parts.netloc, timeout=SECONDS)
    if not delivery.plain:
        raise RegistryError(f"it leads to {parts.scheme}://{parts.netloc}, which is not encrypted")
    return HTTPConnection(parts.netloc, timeout=SECONDS)


def is_own(delivery: Delivery, place: str) -> bool:
    """Whether a place is the registry itself: nobody else is told who we are."""
    own = urllib.parse.urlsplit(base(delivery))
    return urllib.parse.urlsplit(urllib.parse.urljoin(base(delivery), place))[:2] == own[:2]


def path_of(address: str, place: str) -> str:
    """Path and query of a place that may be relative."""
    parts = urllib.parse.urlsplit(urllib.parse.urljoin(address, place))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
