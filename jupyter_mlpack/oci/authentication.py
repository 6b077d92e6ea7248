"""How a registry asks who we are, and how we answer: Basic, or a Bearer token from the server that it names.

The challenge is the ``WWW-Authenticate`` header of RFC 9110, 11.6.1; the token protocol is the one of the
distribution project (``GET realm?service=&scope=``, or a ``POST`` of an OAuth2 refresh token).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.credentials import Credential
from jupyter_mlpack.oci.diagnosis import Answer
from jupyter_mlpack.oci.web import httpx

CLIENT_ID = "jupyter-mlpack"
_SHORTEST_LIFE = 60  # seconds; what the token protocol says when ``expires_in`` is missing
_MARGIN = 10  # seconds before its end at which a token is no longer used

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9-]*)(?:\s+|$)(?!=)")
_PARAMETER = re.compile(r"\s*,?\s*([A-Za-z_-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]+))")


@dataclass(frozen=True)
class Challenge:
    """One way to authenticate: ``basic`` or ``bearer``, with its parameters."""

    scheme: str
    parameters: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """A parameter, or nothing."""
        return dict(self.parameters).get(name, "")


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """All challenges of a ``WWW-Authenticate`` header; what is not understood ends the list."""
    found: list[Challenge] = []
    position = 0
    while match := _SCHEME.match(header, position):
        position = match.end()
        parameters: list[tuple[str, str]] = []
        while parameter := _PARAMETER.match(header, position):
            name, quoted, bare = parameter.groups()
            value = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            parameters.append((name.lower(), value))
            position = parameter.end()
        found.append(Challenge(match.group(1).lower(), tuple(parameters)))
    return tuple(found)


Ask = Callable[[str, str, Mapping[str, str], Mapping[str, str]], Answer]
"""``ask(method, url, headers, fields)``: how the token server is reached (``transport`` hands it in)."""


class Authorizer:
    """The ``Authorization`` header of one session with one registry, fetched when asked for, then kept.

    ``find`` is called at the first challenge only. Safe to use from several threads.
    """

    def __init__(self, find: Callable[[], Credential | None], scopes: Sequence[str], ask: Ask) -> None:
        self._find = find
        self._scopes = tuple(scopes)
        self._ask = ask
        self._lock = threading.Lock()
        self._challenge: Challenge | None = None
        self._header: str | None = None
        self._ends = 0.0

    def header(self) -> str | None:
        """What to send now: ``None`` before the first challenge. A token about to end is renewed."""
        with self._lock:
            if self._challenge is not None and time.monotonic() > self._ends:
                self._answer(self._challenge)
            return self._header

    def refused(self, used: str | None, challenges: Sequence[Challenge]) -> bool:
        """A request with the header ``used`` got 401. Returns whether it is worth sending once more."""
        with self._lock:
            if self._header is not None and self._header != used:
                return True  # another thread has answered meanwhile
            for scheme in ("bearer", "basic"):
                for challenge in challenges:
                    if challenge.scheme == scheme and (scheme == "basic" or challenge.get("realm")):
                        self._answer(challenge)
                        return self._header is not None and self._header != used
            return False

    def _answer(self, challenge: Challenge) -> None:
        credential = self._find()
        self._challenge = challenge
        if challenge.scheme == "basic":
            self._header, self._ends = (credential.basic if credential else None), float("inf")
            return
        data = self._fetch(challenge, credential).document()
        token = data.get("token") or data.get("access_token")
        life = data.get("expires_in")
        seconds = life if isinstance(life, (int, float)) and life > 0 else _SHORTEST_LIFE
        self._header = f"Bearer {token}" if token else None
        self._ends = time.monotonic() + max(seconds - _MARGIN, seconds / 2)

    def _fetch(self, challenge: Challenge, credential: Credential | None) -> Answer:
        service = challenge.get("service")
        scopes = self._scopes or tuple(challenge.get("scope").split())
        realm = challenge.get("realm")
        if credential is not None and credential.identity_token:
            fields = {
                "grant_type": "refresh_token", "service": service, "client_id": CLIENT_ID,
                "scope": " ".join(scopes), "refresh_token": credential.identity_token,
            }  # fmt: skip
            return self._ask("POST", realm, {}, fields)
        query = [("service", service)] if service else []
        query += [("scope", scope) for scope in scopes]
        url = httpx.URL(realm)
        url = url.copy_with(params=[*url.params.multi_items(), *query])
        return self._ask("GET", str(url), {"Authorization": credential.basic} if credential else {}, {})
