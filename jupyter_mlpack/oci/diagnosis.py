"""What went wrong at a registry: which of our errors it is, and the registry's own words, safe to show."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator
from enum import Enum

from jupyter_mlpack import errors
from jupyter_mlpack.errors import MlpackError
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.web import httpx

_LONGEST = 300  # characters of foreign text in an error
_LARGEST_ANSWER = 8 << 20  # bytes; twice the manifest size that registries must accept
_URL = re.compile(r"(https?://)([^\s\"'<>]+)")
# What OpenSSL says when the other side answers a TLS greeting with plain text.
_SPOKE_HTTP = re.compile("(?i)wrong.version.number|record.layer.failure|unknown.protocol|http.request")
_TOKEN = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")


class Kind(str, Enum):
    """The ways in which a registry fails us."""

    DENIED = "denied"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    PLAIN = "plain"
    REFUSED = "refused"
    LOST = "lost"


@dataclass(frozen=True)
class Failures:
    """The error leaf for each kind; all take ``host``, ``repository`` and ``reason``."""

    leaves: tuple[tuple[Kind, type[MlpackError]], ...]

    def error(self, kind: Kind, host: str, repository: str, reason: str) -> MlpackError:
        """The error to raise."""
        return dict(self.leaves)[kind](host=host, repository=repository, reason=reason)


PUSH = Failures(
    (
        (Kind.DENIED, errors.PushDenied),
        (Kind.MISSING, errors.PushNotFound),
        (Kind.UNREACHABLE, errors.PushUnreachable),
        (Kind.TLS, errors.PushTls),
        (Kind.PLAIN, errors.PushPlainHttp),
        (Kind.REFUSED, errors.PushRefused),
        (Kind.LOST, errors.UploadLost),
    )
)
PULL = Failures(
    (
        (Kind.DENIED, errors.PullDenied),
        (Kind.MISSING, errors.PullNotFound),
        (Kind.UNREACHABLE, errors.PullUnreachable),
        (Kind.TLS, errors.PullTls),
        (Kind.PLAIN, errors.PullPlainHttp),
        (Kind.REFUSED, errors.PullRefused),
        (Kind.LOST, errors.DownloadLost),
    )
)


class PassingError(Exception):
    """One attempt failed in a way that may pass: a dropped connection, 429 or 5xx. Never leaves this room.

    ``after`` is the number of seconds that the registry asked us to wait; ``kind`` is what it becomes when
    it does not pass; ``contact`` is false when no connection was made at all.
    """

    def __init__(self, reason: str, kind: Kind = Kind.LOST, after: float = 0.0, *, contact: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.kind, self.after, self.contact = reason, kind, after, contact


@dataclass(frozen=True)
class Answer:
    """A registry's complete answer. ``url`` is where it finally came from."""

    status: int
    phrase: str
    headers: httpx.Headers
    content: bytes
    url: str

    def document(self) -> dict[str, object]:
        """The body as a JSON object; an empty one when it is something else."""
        try:
            data = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the error list (``DIGEST_INVALID`` ...)."""
        return frozenset(str(entry.get("code")) for entry in self._errors())

    @property
    def said(self) -> str:
        """The diagnostics: the status and the messages of the error list, if there is one."""
        parts = [str(entry.get("message") or entry.get("code") or "") for entry in self._errors()]
        parts += [str(entry["detail"]) for entry in self._errors() if isinstance(entry.get("detail"), str)]
        if not parts and self.headers.get("content-type", "").startswith("text/plain"):
            parts = [self.content.decode(errors="replace")]
        text = "; ".join(part for part in parts if part.strip())
        status = f"{self.status} {self.phrase}".strip()
        return clean(f"{status}: {text}" if text else status)

    def _errors(self) -> list[dict[str, object]]:
        entries = self.document().get("errors")
        return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def clean(text: str) -> str:
    """Foreign text for people: one line, short, without the parts of URLs and headers that may be secret."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    text = _URL.sub(lambda match: match.group(1) + _bare(match.group(2)), text)
    text = _TOKEN.sub(r"\1 ***", text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _bare(rest: str) -> str:
    """Host and path of a URL: no user name, no password, no query."""
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    authority, slash, path = rest.partition("/")
    return authority.rpartition("@")[2] + slash + path


def kind_of_status(status: int) -> Kind:
    """What a status of 400 or more means for a user."""
    if status in (401, 403):
        return Kind.DENIED
    return Kind.MISSING if status == 404 else Kind.REFUSED


def interruption(problem: httpx.TransportError) -> tuple[Kind, str]:
    """What a failed connection means: TLS trouble does not pass by waiting, all else may."""
    causes = list(_causes(problem))
    text = " ".join(str(cause) for cause in causes)
    passing = (ssl.SSLEOFError, ssl.SSLZeroReturnError)  # the other side hung up, which may be mere load
    greeting = isinstance(problem, httpx.ConnectError) and not any(isinstance(cause, passing) for cause in causes)
    if greeting and (any(isinstance(cause, ssl.SSLError) for cause in causes) or "[SSL" in text):
        return (Kind.PLAIN if _SPOKE_HTTP.search(text) else Kind.TLS), clean(str(problem))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Kind.UNREACHABLE, clean(str(problem))
    if isinstance(problem, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)):
        return Kind.UNREACHABLE, clean(str(problem) or "no answer in time")
    return Kind.LOST, clean(str(problem) or type(problem).__name__)


def _causes(problem: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = problem
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def read_answer(response: httpx.Response) -> Answer:
    """The whole answer; what is longer than any manifest or error list is cut."""
    content = bytearray()
    try:
        for piece in response.iter_bytes():
            content += piece
            if len(content) > _LARGEST_ANSWER:
                break
    finally:
        response.close()
    return Answer(response.status_code, response.reason_phrase, response.headers, bytes(content), str(response.url))
