"""``.dvc/config`` and ``.dvc/config.local``: where a DVC repository keeps what it tracks. Credentials stay in here."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.assets.bucket import Account
from jupyter_mlpack.frozen import dataclass, field

FILES = ("config", "config.local")
REMOTE = re.compile(r"""^['"]?remote ["'](.+?)["']['"]?$""")


@dataclass(frozen=True)
class Keeper:
    """A DVC repository: its own cache, and the address of its default remote with what opens it."""

    root: Path
    cache: Path
    url: str = ""
    account: Account = field(default_factory=Account, repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)


def read_keeper(root: Path) -> Keeper:
    """The settings of the repository in ``root``; what cannot be read says nothing."""
    sections = read_sections(root / ".dvc")
    core, cache = sections.get("core", {}), sections.get("cache", {})
    remotes = {match[1]: values for name, values in sections.items() if (match := REMOTE.match(name))}
    name = core.get("remote", "")
    remote = remotes.get(name, {})
    url = remote.get("url", "")
    if url and "://" not in url:
        url = str((root / ".dvc" / url).resolve())
    account = Account(
        endpoint=remote.get("endpointurl", ""),
        region=remote.get("region", ""),
        access_key=remote.get("access_key_id", ""),
        secret_key=remote.get("secret_access_key", ""),
        token=remote.get("session_token", ""),
        profile=remote.get("profile", ""),
    )
    login = (remote["user"], remote.get("password", "")) if "user" in remote else None
    return Keeper(root, root / ".dvc" / cache.get("dir", "cache"), url.rstrip("/"), account, login)


def read_sections(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The sections of both files, those of the machine's own over the shared ones'."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    for name in FILES:
        with suppress(OSError, ValueError, configparser.Error):
            parser.read_string((folder / name).read_text(encoding="utf-8"))
    return {name: dict(parser[name]) for name in parser.sections()}
