"""Addresses of the web as sources: ``https://`` and ``http://``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jupyter_mlpack import errors
from jupyter_mlpack.assets.address import shown
from jupyter_mlpack.assets.origin import Opened, Passing
from jupyter_mlpack.oci.web import httpx

TIMEOUT = httpx.Timeout(connect=15, read=60, write=60, pool=None)
LATER = frozenset([408, 425, 429])
DENIED = frozenset([401, 403, 407])


def make_client(login: tuple[str, str] | None = None) -> httpx.Client:
    """A session: logins from ``.netrc``, proxies and certificate authorities as this machine has them."""
    auth: httpx.Auth | tuple[str, str] | None = login
    with suppress(OSError, SyntaxError):  # a .netrc that cannot be read opens nothing
        auth = login or httpx.NetRCAuth(os.environ.get("NETRC"))
    headers = {"Accept-Encoding": "identity", "User-Agent": "jupyter-mlpack"}
    return httpx.Client(follow_redirects=True, timeout=TIMEOUT, auth=auth, headers=headers)


class WebSource:
    """The file at an address; ``path`` is empty, or its path in a folder."""

    def __init__(self, client: httpx.Client, url: str, asset: str, path: str = "") -> None:
        self.client, self.url, self.asset, self.path = client, url, asset, path
        self.key = shown(url)

    @contextmanager
    def open(self, offset: int, version: str) -> Iterator[Opened]:
        """The answer to a GET, of the rest only if the content is still the same."""
        headers = {"Range": f"bytes={offset}-", **({"If-Range": version} if version else {})} if offset else {}
        try:
            with self.client.stream("GET", self.url, headers=headers) as answer:
                start = offset if answer.status_code == 206 else 0
                if answer.status_code == 416:  # what was there before has become shorter
                    yield Opened(0, None, "", iter(()))
                    raise Passing("The content has changed.")
                self.check(answer)
                yield Opened(start, whole_size(answer, start), version_of(answer), answer.iter_raw())
        except httpx.InvalidURL as error:
            raise errors.AssetMissing(path=self.asset, source=shown(self.url), reason=f"{error}.") from None
        except httpx.TransportError as error:
            raise Passing(f"{reason_of(error)}.") from None

    def check(self, answer: httpx.Response) -> None:
        """Raises for anything but content."""
        status, said = answer.status_code, f"The server says {answer.status_code} {answer.reason_phrase}."
        source = shown(self.url)
        if any(one.url.scheme == "https" for one in answer.history) and answer.url.scheme == "http":
            plain = "The server leads to an address without encryption."
            raise errors.AssetUnreachable(path=self.asset, source=source, reason=plain)
        if status in (200, 206):
            return
        if status in DENIED:
            advice = "Put a login for this host into .netrc, or give an address that is signed."
            raise errors.AssetDenied(path=self.asset, source=source, reason=said, advice=advice)
        if status in LATER or status >= 500:
            raise Passing(said)
        raise errors.AssetMissing(path=self.asset, source=source, reason=said)

    def probe(self) -> None:
        """Raises ``AssetMissing`` or ``AssetDenied`` if there is nothing to be had."""
        with suppress(httpx.TransportError, Passing):  # the download will tell
            self.check(self.client.head(self.url))


def whole_size(answer: httpx.Response, start: int) -> int | None:
    """Bytes of the whole file, if the server says so."""
    length = answer.headers.get("content-length", "")
    return start + int(length) if length.isdigit() else None


def version_of(answer: httpx.Response) -> str:
    """A strong ETag, else the date; what ``If-Range`` takes."""
    etag: str = answer.headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else str(answer.headers.get("last-modified", ""))


def reason_of(error: Exception) -> str:
    """In words, without the address."""
    text = str(error).partition(" for url")[0].strip().rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
