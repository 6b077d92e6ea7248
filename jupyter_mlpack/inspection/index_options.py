"""Options of pip and uv that name a place for packages: ``--index-url``, ``--extra-index-url``, ``--find-links`` ...

They are told, never followed on the notebook's word alone (``resolution/allowed.py``). Credentials are left out; an
address with a part that is not literal names nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Evidence, Location, PackageIndex

ROLES = {
    "-i": "default", "--index-url": "default", "--default-index": "default",
    "--extra-index-url": "extra", "--index": "extra",
    "-f": "links", "--find-links": "links",
    "--torch-backend": "torch",
}  # fmt: skip
"""uv's documentation, "Package indexes" and "Using uv with PyTorch"; pip's, "pip install"."""
OPEN = pattern(r"[{}$<>`*]|\s")
QUERY = pattern(r"(?<=[\w/])[?#]\S*")
"""What follows an address may be a token."""
BACKEND = pattern(r"(cpu|cu\d+|rocm[\d.]+|xpu)")


def find_indexes(
    words: tuple[str, ...], location: Location, rule: str, line: Callable[[str], str]
) -> Iterator[PackageIndex]:
    """The places that an install line names. ``line`` gives the text around a word, credentials left out."""
    values = iter(words)
    for word in values:
        option, value = split_option(word)
        if option not in ROLES:
            continue
        address = plain_index(value or next(values, ""), ROLES[option])
        if address:
            yield PackageIndex(address, ROLES[option], (Evidence(rule, location, QUERY.sub("", line(word))),))


def split_option(word: str) -> tuple[str, str]:
    """Option and value of ``--option=value`` and ``-fvalue``; the value is empty if it is the next word."""
    if word.startswith("--"):
        option, _, value = word.partition("=")
        return option, value
    return (word[:2], word[2:].lstrip("=")) if word[:2] in ROLES else (word, "")


def plain_index(value: str, role: str) -> str:
    """The address without credentials; empty for what is not literal, or is no address."""
    text = value.strip().strip("\"'")
    if OPEN.search(text):
        return ""
    if role == "torch":
        return text if BACKEND.fullmatch(text) else ""
    name, mark, rest = text.partition("=")
    address = rest if mark and "://" not in name and "://" in rest else text
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme in ("http", "https") and parts.netloc:
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    return address if role == "links" and not parts.scheme and address else ""
