"""Whom this process and all that it starts trust: the machine's authorities, and those that were given.

One file of certificates, named by the variables in which programs look for one (uv, Python's own TLS and httpx,
requests, curl, git, Amazon's clients; apt is told by ``stack/apt.py``). A command is a process of its own: nobody
else is meant.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.given.certificates import certificates_in, fingerprint, given_certificates
from jupyter_mlpack.lifecycle.inputs import CERTIFICATES, Binding
from jupyter_mlpack.stack.apt import TRUSTED

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", TRUSTED)
BUNDLES = ("etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/cert.pem")
"""Where distributions have their authorities."""

FOLDER = "trust"
"""Of the store: a file for each set of authorities, named by its content."""


def trust(named: Path, store: Path) -> None:
    """Trust what ``named`` holds, for the rest of this process. Raises ``CertificatesWrong``, ``OSError``."""
    os.environ.update(trusted(given_certificates(named, ()), store, os.environ))


@contextmanager
def trusting(bindings: Iterable[Binding], store: Path) -> Iterator[None]:
    """Trust what the bindings of type ``ca-certificates`` hold, inside the block. Raises ``CertificatesWrong``."""
    found = [binding for binding in bindings if binding.kind == CERTIFICATES]
    if not found:
        yield
        return
    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(trusted(given_certificates(None, found), store, os.environ))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def trusted(certificates: Sequence[str], store: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that name the machine's authorities and ``certificates`` in one file, which is there."""
    every = {fingerprint(text): text for text in (*machine_certificates(environment), *certificates)}
    text = "".join(every.values())
    path = store.absolute() / FOLDER / f"{sha256(text.encode()).hexdigest()[:16]}.pem"
    if path.is_file():
        path.touch()  # so that it is not collected while somebody uses it
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    return dict.fromkeys(VARIABLES, str(path))


def machine_certificates(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Whom this machine trusts: what uv's and pip's settings or the variables name, else the system, else a library."""
    import ssl

    from jupyter_mlpack.resolution import index_settings

    named = index_settings(environment).get("SSL_CERT_FILE") or environment.get("REQUESTS_CA_BUNDLE")
    usual = ssl.get_default_verify_paths().cafile
    for path in filter(None, (named, usual)):
        found = _read(Path(path))
        if found:
            return found
    try:
        import certifi
    except ImportError:
        return ()
    return _read(Path(certifi.where()))


def _read(path: Path) -> tuple[str, ...]:
    try:
        return certificates_in(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ()


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What uv and buildpacks are told, where somebody gave certificates."""
    if not environment.get(TRUSTED):
        return {}
    return {name: environment[name] for name in VARIABLES[:-1] if environment.get(name)}


def bundle_settings(root: Path) -> dict[str, str]:
    """Where the buildpack finds whom the run image unpacked at ``root`` trusts; an empty file where that is nobody."""
    found = next((root / name for name in BUNDLES if (root / name).is_file()), Path(os.devnull))
    return {"BP_CA_BUNDLE": str(found)}
