"""A package index -> the one file of a distribution's newest release that is worth reading.

The simple API in its JSON form (PEP 691) or its HTML form (PEP 503); which one the server sends is its choice.
The HTML is read with the standard library: a page is a list of anchors, not worth a dependency for a tool that
runs twice a year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.tables import normalised

if TYPE_CHECKING:
    import httpx
    from packaging.version import Version

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
PAGE = 64 << 20
"""Bytes of the longest project page; the longest on the public index has about a tenth of that."""


@dataclass(frozen=True)
class File:
    """One file of a release."""

    name: str
    url: str
    yanked: bool = False

    @property
    def is_wheel(self) -> bool:
        """By its name."""
        return self.name.endswith(".whl")


class PageTooLarge(OSError):
    """The index sent more than a project page can be."""


def project_files(client: httpx.Client, index: str, name: str) -> tuple[File, ...] | None:
    """All files of a project, ``None`` if the index does not know it. Raises ``httpx.HTTPError``, ``ValueError``."""
    with client.stream("GET", f"{index.rstrip('/')}/{normalised(name)}/", headers={"Accept": ACCEPT}) as answer:
        if answer.status_code in (404, 410):
            return None
        answer.raise_for_status()
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > PAGE:
                raise PageTooLarge(f"a page of more than {PAGE} bytes")
        base, kind = str(answer.url), answer.headers.get("content-type", "")
    return json_files(bytes(body), base) if "json" in kind else html_files(body.decode("utf-8", "replace"), base)


def json_files(body: bytes, base: str) -> tuple[File, ...]:
    """PEP 691. Raises ``ValueError`` for something else."""
    import json

    page = json.loads(body)
    entries: list[Mapping[str, Any]] = page["files"] if isinstance(page, dict) and "files" in page else []
    return tuple(File(one["filename"], urljoin(base, one["url"]), bool(one.get("yanked"))) for one in entries)


def html_files(body: str, base: str) -> tuple[File, ...]:
    """PEP 503, with ``data-yanked`` of PEP 592."""
    reader = _Anchors()
    reader.feed(body)
    found = ((urldefrag(urljoin(base, address)).url, yanked) for address, yanked in reader.found)
    return tuple(File(url.rpartition("/")[2].replace("%2B", "+"), url, yanked) for url, yanked in found)


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag == "a" and held.get("href"):
            self.found.append((held["href"] or "", "data-yanked" in held))


def newest(files: Iterable[File]) -> tuple[str, File] | None:
    """(version, file): of the newest final release a wheel for any machine, else for Linux, else any, else an sdist.

    A release of which all is yanked counts only if there is nothing else; so does a pre-release.
    """
    rated = [(_order(version, file), str(version), file) for file in files if (version := _version(file)) is not None]
    return max(rated, key=lambda one: one[0])[1:] if rated else None


def _order(version: Version, file: File) -> tuple[bool, bool, Version, int]:
    kinds = ("none-any.whl", "linux", ".whl", ".tar.gz")
    place = next((place for place, kind in enumerate(kinds) if kind in file.name), len(kinds))
    return not file.yanked, not version.is_prerelease, version, -place


def _version(file: File) -> Version | None:
    from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

    try:
        return parse_wheel_filename(file.name)[1] if file.is_wheel else parse_sdist_filename(file.name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
