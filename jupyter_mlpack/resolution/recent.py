"""What an index said in the last ten minutes is believed: one package more asks for one name, not for sixty again.

uv keeps the pages of an index for as long as the index says; mirrors and private indexes mostly say nothing, and are
asked for every name each time. So uv is told the same indexes in a file of one run that adds how long they are good,
and keeps their pages in a folder of its own within the user's cache: what the user's own uv believes stays as it is.
Names and passwords are taken out of the addresses and handed on as variables: they are in no file.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from jupyter_mlpack import children
from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.resolution.indexes import cache_settings

RECENT = 600
"""Seconds for which an answer is believed: as long as the public index itself says."""
FOREVER = "max-age=365000000, immutable"
"""What the public index says of its files, which never change; other indexes may let a file be replaced."""
FOLDER = "jupyter-mlpack"
"""In uv's cache; ``uv cache clean`` takes it away with the rest."""
STAMP = "asked"
EXTRA = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
DEFAULT = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
UNTOLD = ("UV_NO_INDEX", "UV_OFFLINE", "UV_NO_CACHE")
"""With one of these there is nothing to ask, or nothing to keep: uv runs with its settings as they are."""


@dataclass(frozen=True)
class Beliefs:
    """How uv is run: its ``settings``, and further ``arguments``.

    In ``cache`` it keeps what indexes say; ``None``: where it always does, for as long as they say.
    """

    settings: Mapping[str, str] = field(repr=False)
    arguments: tuple[str, ...] = ()
    cache: Path | None = None

    def are_old(self) -> bool:
        """Whether something may be believed that an index said in an earlier run."""
        if self.cache is None:
            return False
        try:
            return time.time() - (self.cache / STAMP).stat().st_mtime < RECENT
        except OSError:
            return False

    def none(self, settings: Mapping[str, str]) -> Beliefs:
        """The indexes as the user's ``settings`` have them, all asked again.

        Where an index has a life time in uv's file, ``--refresh`` is not heeded.
        """
        if self.cache is None:
            return self
        return Beliefs({**settings, "UV_CACHE_DIR": self.settings["UV_CACHE_DIR"]}, ("--refresh",), self.cache)

    def asked(self) -> None:
        """An index was asked just now."""
        if self.cache is not None:
            with suppress(OSError):
                (self.cache / STAMP).touch()


@dataclass(frozen=True)
class Address:
    """One index: its name, where it is (without credentials), and the credentials that its address held."""

    name: str
    url: str
    username: str = field(repr=False)
    password: str = field(repr=False)

    def table(self, default: bool, public: str) -> str:
        """The index in uv's configuration file."""
        files = FOREVER if self.url.rstrip("/") == public else f"max-age={RECENT}"
        text = f"[[index]]\nname = {json.dumps(self.name)}\nurl = {json.dumps(self.url, ensure_ascii=False)}\n"
        said = f'cache-control = {{ api = "max-age={RECENT}", files = "{files}" }}\n'
        return text + said + ("default = true\n" if default else "")

    def variables(self) -> Iterator[tuple[str, str]]:
        """uv's variables for its credentials."""
        start = "UV_INDEX_" + re.sub(r"[^A-Za-z0-9]", "_", self.name).upper()
        if self.username:
            yield f"{start}_USERNAME", self.username
        if self.password:
            yield f"{start}_PASSWORD", self.password


def believe(settings: Mapping[str, str], folder: Path, public: str) -> Beliefs:
    """The run of uv that believes what was said lately; its configuration file is written into ``folder``.

    ``public`` is the index that uv asks if nothing is said. Where an index is not a plain address uv runs as it would.
    Raises ``OSError``.
    """
    extra = [word for name in EXTRA for word in settings.get(name, "").split()]
    default = [word for name in DEFAULT for word in settings.get(name, "").split()][:1] or [public]
    addresses = [*map(address, range(len(extra) + 1), (*extra, *default))]
    plain = [found for found in addresses if found is not None]
    unusual = len(plain) < len(addresses) or len({found.name.lower() for found in plain}) < len(plain)
    if unusual or any(settings.get(name) for name in UNTOLD):
        return Beliefs(settings)
    cache = own_cache(settings)
    variables = dict(pair for found in plain for pair in found.variables())
    others = {name: value for name, value in settings.items() if name not in (*EXTRA, *DEFAULT)}
    file = folder / "uv.toml"
    file.write_text("\n".join(found.table(found is plain[-1], public) for found in plain), encoding="utf-8")
    told = {**variables, **others, "UV_CACHE_DIR": os.path.abspath(cache)}
    return Beliefs(told, ("--config-file", str(file)), cache)


def own_cache(settings: Mapping[str, str]) -> Path:
    """Our folder in uv's cache."""
    return Path(settings.get("UV_CACHE_DIR") or cache_settings()["UV_CACHE_DIR"]) / FOLDER


@functools.cache
def public_index(uv: str, cache: Path | None = None) -> str:
    """The index that the program ``uv`` asks if nothing else is said, from its own help; empty if that is silent.

    ``cache`` keeps what it said, for as long as the program is the same.
    """
    try:
        state = os.stat(uv)
    except OSError:
        return ""
    key = hashlib.sha256(repr((os.path.abspath(uv), state.st_size, state.st_mtime_ns)).encode()).hexdigest()
    place = cache / f"index-{key[:16]}" if cache else None
    with suppress(OSError, ValueError):
        if place and (kept := place.read_text(encoding="ascii")).startswith("http"):
            return kept
    found = told_index(uv)
    with suppress(OSError):
        if place and found:
            write_atomically(place, found)
    return found


def told_index(uv: str) -> str:
    """``public_index``, asked of the program."""
    told = children.run([uv, "pip", "compile", "--help", "--color", "never"], text=True).stdout
    found = re.search(r"--default-index\b.*?by\s+default:\s+<(https?://[^>\s]+)>", told, re.DOTALL)
    return found[1].rstrip("/") if found else ""


def address(number: int, word: str) -> Address | None:
    """uv's ``name=address`` or an address alone; ``None`` for what is not one of HTTP."""
    head, mark, tail = word.partition("=")
    named = bool(mark) and ":" not in head
    url = tail if named else word
    try:
        parts = urlsplit(url)
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return Address(head if named else f"mlpack-{number}", without_credentials(parts), username, password)


def without_credentials(parts: SplitResult) -> str:
    """The address as it was, without what stands before the ``@``."""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
