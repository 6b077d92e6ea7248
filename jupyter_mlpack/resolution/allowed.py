"""Which of the indexes that a notebook names are asked: those that the user allows, or that this machine uses anyway.

Whoever writes a notebook could otherwise have any package replaced by his own: an index that is asked answers for every
name (dependency confusion). So a notebook's word alone is never enough; what is not followed is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from jupyter_mlpack.values import Notice, PackageIndex

OWN_EXTRA = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_STRATEGY")
OWN = (*OWN_EXTRA, "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_FIND_LINKS")


def allow_indexes(
    settings: Mapping[str, str], named: Iterable[PackageIndex], allowed: Iterable[str]
) -> tuple[dict[str, str], tuple[Notice, ...]]:
    """uv's settings with what is ``allowed`` merged in, and a notice for each index of the notebook that is not asked.

    ``allowed`` are addresses (they may hold credentials), or uv's name of a build of torch (``cu128``). Where this
    machine has one index only, versions are compared over all that are asked, as pip does; where it has more, they keep
    uv's stricter rule that the first index with a name answers for it alone.
    """
    by_key = {index_key(index.url): index for index in named}
    merged = dict(settings)
    own = {index_key(part) for part in configured(settings)}
    for address in dict.fromkeys(allowed):
        if index_key(address) not in own:
            role = by_key[index_key(address)].role if index_key(address) in by_key else guess_role(address)
            merge(merged, address, role)
    if any(merged.get(name) != settings.get(name) for name in OWN) and not any(name in settings for name in OWN_EXTRA):
        merged["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    asked = own | {index_key(address) for address in allowed}
    return merged, tuple(refusal(index) for key, index in by_key.items() if key not in asked)


def merge(settings: dict[str, str], address: str, role: str) -> None:
    """Adds one index, behind those of this machine."""
    if role == "torch":
        settings["UV_TORCH_BACKEND"] = address
    elif role == "links":
        settings["UV_FIND_LINKS"] = ",".join(filter(None, (settings.get("UV_FIND_LINKS"), address)))
    else:
        name = "UV_EXTRA_INDEX_URL" if "UV_EXTRA_INDEX_URL" in settings else "UV_INDEX"
        settings[name] = " ".join(filter(None, (settings.get(name), address)))


def refusal(index: PackageIndex) -> Notice:
    """Says that an index is not asked, why, and how to have it asked."""
    where = index.evidence[0].location if index.evidence else None
    if index.role == "torch":
        text = (
            f"The notebook asks for torch's build {index.url}; the image's own target decides instead. "
            f"To take that build: --allow-index {index.url}"
        )
        return Notice("torch-backend", text, where)
    text = (
        f"The notebook names the package index {index.url}; it is not asked, since it could answer for every package. "
        f"If you trust it: --allow-index {index.url}"
    )
    return Notice("index-not-used", text, where)


def guess_role(address: str) -> str:
    """``torch`` for a word, ``links`` for a folder or a page of wheels, ``extra`` for the rest."""
    if "://" not in address and "/" not in address:
        return "torch"
    return "links" if "://" not in address or address.endswith((".html", ".htm")) else "extra"


def configured(settings: Mapping[str, str]) -> Iterator[str]:
    """The addresses that this machine uses anyway."""
    for name in OWN:
        for part in settings.get(name, "").replace(",", " ").split():
            head, mark, tail = part.partition("=")
            yield tail if mark and "://" not in head else part


def index_key(address: str) -> str:
    """An address for comparing: no credentials, no slash at the end, the host in lower case."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return address
    host = parts.netloc.rpartition("@")[2].lower()
    return parts._replace(netloc=host, path=parts.path.rstrip("/"), fragment="").geturl()
