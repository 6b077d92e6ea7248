"""Who we are at a registry: the files and helper programs that ``docker login`` and ``podman login`` write.

Looked at in this order: the file in ``REGISTRY_AUTH_FILE``, Docker's ``config.json`` (``DOCKER_CONFIG`` or
``~/.docker``), then ``containers/auth.json`` under ``XDG_RUNTIME_DIR`` and ``~/.config``. Secrets are never
part of a ``repr``, an error or a log.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from jupyter_mlpack import children, errors
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.oci.diagnosis import clean
from jupyter_mlpack.oci.reference import DEFAULT_REGISTRY

HUB_KEY = "https://index.docker.io/v1/"
"""The name under which the default registry stands in every Docker configuration."""
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HELPER_SECONDS = 30


@dataclass(frozen=True)
class Credential:
    """A user name and password, or an identity token (OAuth2 refresh token) instead of the password."""

    username: str
    password: str = field(repr=False)
    identity_token: str = field(repr=False, default="")

    @property
    def basic(self) -> str:
        """The value of an ``Authorization: Basic`` header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


Keychain = Callable[[str, str], Credential | None]
"""From registry host and repository to the credential to use there."""


def stored_credential(host: str, repository: str, environment: Mapping[str, str] | None = None) -> Credential | None:
    """The credential that this user's configuration holds for ``host``, the most specific entry first.

    Raises ``CredentialsUnreadable`` for a file that is not JSON and ``CredentialHelperFailed`` when a helper
    program breaks. ``environment`` is the process's own unless given.
    """
    environment = os.environ if environment is None else environment
    for path in config_files(environment):
        credential = _from_file(path, host, repository, environment)
        if credential is not None:
            return credential
    return None


def config_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """The places where credentials may be kept, the first one wins; they need not exist."""
    if environment.get("REGISTRY_AUTH_FILE"):
        yield Path(environment["REGISTRY_AUTH_FILE"])
    home = Path(environment.get("HOME") or Path.home())
    yield Path(environment.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
    if environment.get("XDG_RUNTIME_DIR"):
        yield Path(environment["XDG_RUNTIME_DIR"]) / "containers" / "auth.json"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "containers" / "auth.json"


def _from_file(path: Path, host: str, repository: str, environment: Mapping[str, str]) -> Credential | None:
    config = _read_config(path)
    helpers = _section(config, "credHelpers")
    helper = helpers.get(host) or (helpers.get(HUB_KEY) if host == DEFAULT_REGISTRY else None)
    if isinstance(helper, str):
        return _ask_helper(helper, host, environment, required=True)
    auths = {_key(name): entry for name, entry in _section(config, "auths").items()}
    for name in _specific_first(host, repository):
        credential = _from_entry(auths.get(name), path)
        if credential is not None:
            return credential
    store = config.get("credsStore")
    if isinstance(store, str) and store:
        return _ask_helper(store, host, environment, required=False)
    return None


def _read_config(path: Path) -> dict[str, object]:
    try:
        data = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise errors.CredentialsUnreadable(path=path, reason=reason) from None
    except ValueError as problem:
        # The text of a JSON error may quote the file; only the kind of problem is told.
        raise errors.CredentialsUnreadable(path=path, reason=type(problem).__name__) from None
    return data if isinstance(data, dict) else {}


def _section(config: Mapping[str, object], name: str) -> dict[str, object]:
    section = config.get(name)
    return section if isinstance(section, dict) else {}


def _key(name: str) -> str:
    """A key of ``auths`` as host or host/namespace: old files hold whole URLs."""
    bare = re.sub(r"^https?://", "", name).rstrip("/")
    bare = re.sub(r"/v[12]$", "", bare)
    return DEFAULT_REGISTRY if bare in ("index.docker.io", "registry-1.docker.io") else bare


def _specific_first(host: str, repository: str) -> Iterator[str]:
    """``host/a/b``, ``host/a``, ``host``: the order of containers-auth.json(5)."""
    parts = [host, *(part for part in repository.split("/") if part)]
    return ("/".join(parts[:count]) for count in range(len(parts), 0, -1))


def _from_entry(entry: object, path: Path) -> Credential | None:
    if not isinstance(entry, dict):
        return None
    username, password = entry.get("username") or "", entry.get("password") or ""
    if entry.get("auth"):
        try:
            decoded = base64.b64decode(str(entry["auth"]), validate=False).decode()
        except (binascii.Error, UnicodeDecodeError) as problem:
            raise errors.CredentialsUnreadable(path=path, reason=type(problem).__name__) from None
        username, _, password = decoded.strip("\0").partition(":")
    token = entry.get("identitytoken") or ""
    return Credential(username, password, token) if (username and password) or token else None


def _ask_helper(name: str, host: str, environment: Mapping[str, str], *, required: bool) -> Credential | None:
    """What ``docker-credential-NAME get`` answers. A default store that is not installed knows nobody.

    (A ``credsStore`` left behind by Docker Desktop is common in containers, and public images need no login.)
    """
    program = f"docker-credential-{name}"
    if not _HELPER.fullmatch(name):
        raise errors.CredentialHelperMissing(program=program, host=host)
    server = HUB_KEY if host == DEFAULT_REGISTRY else host
    try:
        answer = children.run([program, "get"], given=server.encode(), timeout=_HELPER_SECONDS, env=dict(environment))
    except FileNotFoundError:
        if not required:
            return None
        raise errors.CredentialHelperMissing(program=program, host=host) from None
    except (OSError, subprocess.TimeoutExpired) as problem:
        reason = type(problem).__name__
        raise errors.CredentialHelperFailed(program=program, host=host, reason=reason) from None
    return _helper_answer(program, host, answer)


def _helper_answer(program: str, host: str, answer: subprocess.CompletedProcess[bytes]) -> Credential | None:
    """The helpers' protocol: JSON on standard output, or a sentence there and exit status 1."""
    if answer.returncode != 0:
        said = (answer.stdout + b" " + answer.stderr).decode(errors="replace").strip()
        if "credentials not found" in said:
            return None
        raise errors.CredentialHelperFailed(program=program, host=host, reason=clean(said))
    try:
        data = json.loads(answer.stdout)
        username, secret = str(data["Username"]), str(data["Secret"])
    except (ValueError, KeyError, TypeError) as problem:
        reason = type(problem).__name__  # the text itself may hold the secret
        raise errors.CredentialHelperFailed(program=program, host=host, reason=reason) from None
    if username == "<token>":
        return Credential("", "", secret)
    return Credential(username, secret) if username and secret else None
