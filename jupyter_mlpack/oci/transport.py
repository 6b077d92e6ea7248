"""HTTP to one registry: authentication, redirects, what may go where, and patience with passing trouble."""

from __future__ import annotations

import ipaddress
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.oci.authentication import CLIENT_ID, Authorizer, parse_challenges
from jupyter_mlpack.oci.credentials import Keychain, stored_credential
from jupyter_mlpack.oci.diagnosis import Answer, Failures, Kind, PassingError, interruption, kind_of_status, read_answer
from jupyter_mlpack.oci.reference import DEFAULT_REGISTRY
from jupyter_mlpack.oci.sockets import Sockets
from jupyter_mlpack.oci.web import httpx

_API_HOSTS = {DEFAULT_REGISTRY: "registry-1.docker.io"}  # the one registry whose name is not its address
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_TIMEOUT = httpx.Timeout(connect=15, read=60, write=60, pool=None)
# A registry may need minutes to store a large blob before it answers the last request of an upload.
_TIMEOUT_PUT = httpx.Timeout(connect=15, read=300, write=60, pool=None)

Result = TypeVar("Result")
Itself = TypeVar("Itself", bound="Transport")


@dataclass(frozen=True)
class Patience:
    """How often and how long to try again. Seconds; each pause is twice as long as the one before."""

    attempts: int = 6
    first: float = 0.5
    ceiling: float = 20.0

    def pause(self, failures: int, asked: float) -> float:
        """The wait after the n-th failure in a row; a registry that asks for more gets it, up to a minute."""
        delay: float = min(self.ceiling, self.first * 2.0 ** (failures - 1))
        return max(delay * random.uniform(0.75, 1.0), min(asked, 60.0))


@dataclass(frozen=True)
class Access:
    """How registries are reached.

    Plain HTTP is used with ``insecure`` and a host of this machine, or a host named in ``insecure_hosts``.
    ``chunk`` is the size in bytes of one upload request, ``workers`` the number of parallel transfers.
    """

    insecure: bool = False
    insecure_hosts: frozenset[str] = frozenset()
    keychain: Keychain = field(default=stored_credential, repr=False)
    patience: Patience = Patience()
    chunk: int = 64 << 20
    workers: int = 4

    def plain(self, host: str) -> bool:
        """Whether ``host`` (with its port) may be spoken to without encryption."""
        return host in self.insecure_hosts or (self.insecure and is_loopback(host))


@dataclass(frozen=True)
class Call:
    """One request. ``body`` gives the bytes anew for each attempt; ``length`` is their number."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], Iterable[bytes]] | None = None
    length: int = 0


def is_loopback(host: str) -> bool:
    """True for this machine's own addresses, with or without a port."""
    name = httpx.URL(f"//{host}").host
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Transport:
    """A session with one registry about one repository. Close it, or use it in a ``with`` statement."""

    def __init__(self, host: str, repository: str, access: Access, failures: Failures, scopes: Iterable[str]) -> None:
        if access.insecure and not access.plain(host):
            raise errors.PlainHttpRefused(host=host)
        self.host, self.repository, self.access, self.failures = host, repository, access, failures
        self.stop = threading.Event()
        self._sockets = Sockets()
        scheme = "http" if access.plain(host) else "https"
        self.base = httpx.URL(f"{scheme}://{_API_HOSTS.get(host, host)}/v2/")
        direct = {f"all://{self.base.host}": None} if is_loopback(host) else {}
        self._client = httpx.Client(mounts=direct, headers={"User-Agent": CLIENT_ID})
        self._auth = Authorizer(lambda: access.keychain(host, repository), tuple(scopes), self._ask)

    def __enter__(self: Itself) -> Itself:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, call: Call, accept: Iterable[int]) -> Answer:
        """The answer, asked for with patience; a status outside ``accept`` is raised as the fitting leaf."""
        return self.checked(self.patiently(lambda: self.once(call)), accept)

    def checked(self, answer: Answer, accept: Iterable[int]) -> Answer:
        """``answer`` when its status is in ``accept``; else the leaf with the registry's own words."""
        if answer.status not in accept:
            raise self.error(kind_of_status(answer.status), answer.said)
        return answer

    def once(self, call: Call) -> Answer:
        """One attempt, of which any final status is returned; raises ``PassingError`` for what may pass."""
        with self.stream(call) as response:
            return read_answer(response)

    def patiently(self, attempt: Callable[[], Result]) -> Result:
        """The result of ``attempt``, called again after each ``PassingError`` until patience ends."""
        for failures in range(1, self.access.patience.attempts + 1):
            try:
                return attempt()
            except PassingError as lost:  # noqa: PERF203 (trying again is what the loop is for)
                # Where nobody ever answered, waiting long only hides a wrong name or a missing network.
                if failures == self.access.patience.attempts or (not lost.contact and failures == 3):
                    raise self.error(lost.kind, lost.reason) from None
                self.wait(failures, lost.after)
        raise AssertionError("patience has at least one attempt")

    def wait(self, failures: int, asked: float) -> None:
        """Pause before the next attempt; ends at once, with an error, when the session is stopped."""
        if self.stop.wait(self.access.patience.pause(failures, asked)):
            raise self.error(Kind.LOST, "stopped")

    def error(self, kind: Kind, reason: str) -> errors.MlpackError:
        """The leaf for ``kind`` in this session."""
        return self.failures.error(kind, self.host, self.repository, reason)

    def check_stop(self) -> None:
        """Raise when the session was stopped: another transfer has failed."""
        if self.stop.is_set():
            raise self.error(Kind.LOST, "stopped")

    def abort(self) -> None:
        """Stop the session, from any thread: every transfer ends now, even one that waits for a silent registry."""
        self.stop.set()
        self._sockets.close()

    def own(self, url: httpx.URL) -> httpx.URL:
        """``url`` as we go there: a registry behind a proxy that ends TLS may call itself ``http``."""
        if self.base.scheme == "https" and url.scheme == "http" and url.host == self.base.host:
            return url.copy_with(scheme="https", port=self.base.port)
        return url

    @contextmanager
    def stream(self, call: Call) -> Iterator[httpx.Response]:
        """One attempt with the body unread. Reading it inside the block may raise ``PassingError`` too."""
        try:
            response = self._answered(call)
            try:
                yield response
            finally:
                response.close()
        except httpx.TransportError as problem:
            raise self._interrupted(problem) from None

    def _answered(self, call: Call) -> httpx.Response:
        """The response after authentication and redirects; passing trouble is raised as ``PassingError``."""
        url = self.base.join(call.url)
        used = self._auth.header() if self._is_own(url) else None
        response = self._exchange(call, url, used)
        if response.status_code == 401 and self._is_own(url):
            challenges = parse_challenges(response.headers.get("www-authenticate", ""))
            if self._auth.refused(used, challenges):
                response.close()
                response = self._exchange(call, url, self._auth.header())
        for _ in range(_HOPS):
            if response.status_code not in _REDIRECTS or call.method not in ("GET", "HEAD"):
                break
            url = self.own(url.join(response.headers.get("location", "")))
            response.close()
            response = self._exchange(call, url, self._auth.header() if self._is_own(url) else None)
        status = response.status_code
        if status in (408, 429) or (status >= 500 and status != 501):
            answer = read_answer(response)
            raise PassingError(answer.said, Kind.REFUSED if status == 429 else Kind.LOST, _retry_after(answer))
        return response

    def _exchange(self, call: Call, url: httpx.URL, authorization: str | None) -> httpx.Response:
        if url.scheme != "https" and not self._is_own(url) and not self.access.plain(url.netloc.decode()):
            raise errors.PlainHttpRefused(host=url.netloc.decode())
        headers = dict(call.headers)
        if call.method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = str(call.length)
        content = call.body() if call.body is not None else None
        timeout = _TIMEOUT_PUT if call.method == "PUT" else _TIMEOUT
        trace = {"trace": self._sockets.trace}
        request = self._client.build_request(
            call.method, url, headers=headers, content=content, timeout=timeout, extensions=trace
        )
        if authorization is not None:
            request.headers["Authorization"] = authorization
        return self._client.send(request, stream=True, follow_redirects=False)

    def _is_own(self, url: httpx.URL) -> bool:
        """Whether ``url`` is the registry itself: only there goes our ``Authorization``."""
        return (url.scheme, url.host, url.port) == (self.base.scheme, self.base.host, self.base.port)

    def _interrupted(self, problem: httpx.TransportError) -> Exception:
        kind, reason = interruption(problem)
        if kind in (Kind.TLS, Kind.PLAIN):
            return self.error(kind, reason)
        return PassingError(reason, kind, contact=kind is not Kind.UNREACHABLE)

    def _ask(self, method: str, url: str, headers: Mapping[str, str], fields: Mapping[str, str]) -> Answer:
        """The token server's answer; raises the leaf for "denied" when it does not know us."""
        form = str(httpx.QueryParams(dict(fields))).encode()
        types = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        call = Call(method, url, {**headers, **types}, (lambda: [form]) if fields else None, len(form))

        def attempt() -> Answer:
            try:
                answer = read_answer(self._exchange(call, self.base.join(url), None))
            except httpx.TransportError as problem:
                raise self._interrupted(problem) from None
            if answer.status == 429 or answer.status >= 500:
                raise PassingError(answer.said, after=_retry_after(answer))
            return answer

        answer = self.patiently(attempt)
        if answer.status != 200:
            raise self.error(Kind.DENIED if answer.status in (400, 401, 403) else Kind.REFUSED, answer.said)
        return answer


def _retry_after(answer: Answer) -> float:
    """Seconds of a ``Retry-After`` header; a date in it counts as nothing."""
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.0
