"""Channels as this machine's conda configuration has them, and their credentials apart from their addresses.

Only what says where channels are is read of ``.condarc``: ``channel_alias``, ``custom_channels``, ``default_channels``
and, for a file that names none, ``channels``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values import Json

DEFAULTS = ("main", "r")
"""What ``defaults`` stands for where no configuration says it; the alias has them, too."""

TOKEN = re.compile(r"/t/([^/]+)(?=/)")


@dataclass(frozen=True)
class Channels:
    """This machine's configuration; the addresses may hold credentials."""

    alias: str = ""
    custom: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    defaults: tuple[str, ...] = DEFAULTS
    usual: tuple[str, ...] = ("conda-forge",)

    def locate(self, names: Iterable[str]) -> Iterator[str]:
        """Addresses, or bare names where nothing is configured (the solver knows the usual place)."""
        for name in names:
            if name == "defaults":
                yield from self.locate(self.defaults)
            elif "://" in name:
                yield name
            elif name in self.custom or name.partition("/")[0] in self.custom:
                base = self.custom.get(name) or self.custom[name.partition("/")[0]]
                yield f"{base.rstrip('/')}/{name}"
            else:
                yield f"{self.alias.rstrip('/')}/{name}" if self.alias else name


def read_channels(environment: Mapping[str, str]) -> Channels:
    """From conda's configuration files, later ones over earlier ones, and ``CONDA_CHANNEL_ALIAS``."""
    said: dict[str, Any] = {}
    for path in configuration_files(environment):
        said.update(_read(path))
    custom = said.get("custom_channels")
    alias = environment.get("CONDA_CHANNEL_ALIAS") or said.get("channel_alias")
    return Channels(
        alias if isinstance(alias, str) else "",
        {str(name): str(base) for name, base in custom.items()} if isinstance(custom, dict) else {},
        _listed(said.get("default_channels")) or DEFAULTS,
        _listed(said.get("channels")) or ("conda-forge",),
    )


def configuration_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where conda looks (its documentation, "Searching for .condarc"), the least believed first."""
    home = Path(environment.get("HOME") or "/nonexistent")
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    places = [
        Path("/etc/conda/.condarc"),
        config / "conda" / ".condarc",
        home / ".conda" / ".condarc",
        home / ".condarc",
    ]
    places += [Path(environment["CONDA_PREFIX"]) / ".condarc"] if environment.get("CONDA_PREFIX") else []
    places += [Path(environment["CONDARC"])] if environment.get("CONDARC") else []
    yield from (place for place in places if place.is_file())


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _listed(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def without_token(address: str) -> tuple[str, dict[str, Json]]:
    """An address without credentials, and these in the words of rattler's store (empty if there are none)."""
    parts = urlsplit(address)
    token = TOKEN.search(parts.path)
    user, at, host = parts.netloc.rpartition("@")
    plain = parts._replace(netloc=host, path=TOKEN.sub("", parts.path, count=1)).geturl()
    if token:
        return plain, {"CondaToken": token.group(1)}
    name, _, password = user.partition(":")
    return plain, {"BasicHTTP": {"username": unquote(name), "password": unquote(password)}} if at else {}


def credentials_of(addresses: Iterable[str]) -> dict[str, Json]:
    """By host (without a port: so rattler's store of credentials has them)."""
    found: dict[str, Json] = {}
    for address in addresses:
        _, secret = without_token(address)
        if secret:
            found[urlsplit(address).hostname or ""] = secret
    return found


def configured_credentials(environment: Mapping[str, str]) -> dict[str, Json]:
    """What this machine's configuration of conda holds."""
    channels = read_channels(environment)
    return credentials_of(
        (channels.alias, *channels.custom.values(), *channels.locate(channels.usual), *channels.defaults)
    )
