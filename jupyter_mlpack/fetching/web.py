"""A file at an address of the web -> a file on this machine, with its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, Progress
from jupyter_mlpack.fetching.words import Place
from jupyter_mlpack.oci.transport import Access, is_loopback

if TYPE_CHECKING:
    from jupyter_mlpack.oci.web import httpx

CHUNK = 1 << 18
STEP = 4 << 20
TIMEOUT = 60.0


def download(place: Place, target: Path, access: Access, emit: Emit) -> str:
    """Write the file at ``place`` to ``target``; its SHA-256, hexadecimal. Redirects to plain HTTP are not followed.

    Raises ``SourceUnreachable``, ``SourceDamaged``, ``PlainHttpRefused``, ``OSError``.
    """
    from jupyter_mlpack.oci.web import httpx

    check_encrypted(place, access)
    host = urlsplit(place.address).hostname or ""
    direct = {f"all://{host}": None} if is_loopback(host) else {}
    hooks = {"request": [_stay(place)]}
    digest, done, told = hashlib.sha256(), 0, 0
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=True, mounts=direct, event_hooks=hooks) as client,
            client.stream("GET", place.address, headers={"Accept-Encoding": "identity"}) as response,
            target.open("xb") as file,
        ):
            response.raise_for_status()
            total = int(response.headers.get("content-length") or 0) or None
            for piece in response.iter_raw(CHUNK):
                file.write(piece)
                digest.update(piece)
                done += len(piece)
                if done - told >= STEP:
                    told = done
                    emit(Progress("stack", place.word, done, total, "bytes"))
    except (httpx.HTTPError, ValueError) as error:
        raise errors.SourceUnreachable(word=place.word, reason=f"{error or type(error).__name__}.") from error
    found = digest.hexdigest()
    if place.sha256 and place.sha256 != found:
        raise errors.SourceDamaged(word=place.word, expected=place.sha256, found=found)
    return found


def check_encrypted(place: Place, access: Access) -> None:
    """Raise ``PlainHttpRefused`` for plain HTTP to a host that was not allowed."""
    parts = urlsplit(place.address)
    if parts.scheme == "http" and not access.plain(parts.netloc):
        raise errors.PlainHttpRefused(host=parts.netloc)


def _stay(place: Place) -> Callable[[httpx.Request], None]:
    """Refuses a redirect from HTTPS to HTTP."""

    def check(request: httpx.Request) -> None:
        if place.address.startswith("https:") and request.url.scheme != "https":
            raise ValueError(f"it leads to {request.url.host} without encryption")

    return check
