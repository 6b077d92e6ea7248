"""Certificates of authorities that the public does not know: a file or folder of PEM, or bindings, -> PEM in one order.

They are no secrets. A private key among them is refused: it would end in the image.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from pathlib import Path

from jupyter_mlpack.errors import CertificatesWrong
from jupyter_mlpack.lifecycle.inputs import CERTIFICATES, OPEN, Binding
from jupyter_mlpack.pattern import pattern

PLANNED = ".mlpack/ca-certificates.pem"
"""Of the application folder: what the buildpack ``mlpack/ca-certificates`` reads."""

BUILDPACK = "mlpack/ca-certificates"
BLOCK = pattern(r"-----BEGIN (?:X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END (?:X509 )?CERTIFICATE-----")
PRIVATE = "PRIVATE KEY-----"
LARGEST = 8 << 20
"""Bytes of one file."""


def given_certificates(named: Path | None, bindings: Iterable[Binding]) -> tuple[str, ...]:
    """The certificates of a setting and of bindings of type ``ca-certificates``, each once, by their digests.

    Raises ``CertificatesWrong``.
    """
    paths = [] if named is None else files_of(named)
    paths += [path for binding in bindings if binding.kind == CERTIFICATES for path in files_of(binding.folder)]
    found = {fingerprint(text): text for path in paths for text in read_certificates(path)}
    return tuple(found[digest] for digest in sorted(found))


def files_of(path: Path) -> list[Path]:
    """The file, or those of the folder but what says of which kind it is and what is hidden."""
    if not path.is_dir():
        return [path]
    files = [one for one in sorted(path.iterdir()) if one.name not in OPEN and not one.name.startswith(".")]
    found = [one for one in files if one.is_file()]
    if not found:
        raise CertificatesWrong(path=path, reason="The folder holds no file of certificates.")
    return found


def read_certificates(path: Path) -> tuple[str, ...]:
    """The certificates of a file, in its order. Raises ``CertificatesWrong``."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1).decode("utf-8", "replace")
    except OSError as error:
        raise CertificatesWrong(path=path, reason=f"{error.strerror}.") from error
    if PRIVATE in text:
        raise CertificatesWrong(path=path, reason="It holds a private key, which must never be in an image.")
    found = certificates_in(text)
    if not found or len(text) > LARGEST:
        raise CertificatesWrong(path=path, reason="It holds no certificate in PEM.")
    wrong = next((one for one in found if not is_certificate(one)), None)
    if wrong is not None:
        raise CertificatesWrong(path=path, reason=f"Its certificate {found.index(wrong) + 1} is damaged.")
    return found


def certificates_in(text: str) -> tuple[str, ...]:
    """The certificates of a text in one form: lines of 64 characters and nothing around them."""
    return tuple(pem(block) for block in BLOCK.findall(text))


def pem(block: str) -> str:
    """One certificate's text."""
    plain = "".join(block.split())
    lines = [plain[start : start + 64] for start in range(0, len(plain), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def is_certificate(text: str) -> bool:
    """Whether the TLS library can make sense of it."""
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True


def fingerprint(text: str) -> str:
    """SHA-256 of what the certificate holds, as tools for certificates tell it."""
    try:
        return hashlib.sha256(base64.b64decode("".join(text.splitlines()[1:-1]))).hexdigest()
    except binascii.Error:
        return hashlib.sha256(text.encode()).hexdigest()
