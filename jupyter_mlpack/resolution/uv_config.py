"""uv's configuration files as uv's variables: indexes, certificates and which releases may be taken; nothing else.

uv itself is then told to read no file: there, a setting like ``torch-backend = "auto"`` or ``override-dependencies``
would make the lock depend on the machine it is made on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "index-strategy": "UV_INDEX_STRATEGY",
    "keyring-provider": "UV_KEYRING_PROVIDER",
    "allow-insecure-host": "UV_INSECURE_HOST",
    "native-tls": "UV_NATIVE_TLS",
    "system-certs": "UV_SYSTEM_CERTS",
    "exclude-newer": "UV_EXCLUDE_NEWER",
    "prerelease": "UV_PRERELEASE",
    "resolution": "UV_RESOLUTION",
    "cache-dir": "UV_CACHE_DIR",
    "offline": "UV_OFFLINE",
    "torch-backend": "UV_TORCH_BACKEND",
}
"""uv's documentation, "Settings" and "Environment variables"."""
COMMAS = frozenset({"UV_FIND_LINKS"})
"""The variables whose values are separated by commas; all others are separated by blanks."""


def uv_options(environment: Mapping[str, str]) -> dict[str, str]:
    """What uv's files on this machine say; those of the user beat those of the system. No file, no answer."""
    options: dict[str, str] = {}
    for path in configuration_files(environment):
        options.update(read_options(path))
    return options


def configuration_files(environment: Mapping[str, str]) -> list[Path]:
    """Where uv looks outside of projects: system, user; or only where ``UV_CONFIG_FILE`` says."""
    if environment.get("UV_CONFIG_FILE"):
        return [Path(environment["UV_CONFIG_FILE"])]
    if environment.get("UV_NO_CONFIG"):
        return []
    home = Path(environment.get("HOME") or "/nonexistent")
    user = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml"
    folders = (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    system = [Path(folder) / "uv" / "uv.toml" for folder in folders]
    found = next((path for path in (*system, Path("/etc/uv/uv.toml")) if path.is_file()), None)
    return [path for path in (found, user) if path is not None and path.is_file()]


def read_options(path: Path) -> dict[str, str]:
    """The variables that say the same as a file; a file that uv could not read says nothing."""
    from jupyter_mlpack.toml import TOMLDecodeError, loads

    try:
        content = loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, TOMLDecodeError):
        return {}
    tables = [table for table in (content, content.get("pip")) if isinstance(table, dict)]
    said = {NAMES[key]: text for table in tables for key in table if key in NAMES and (text := _text(table[key], key))}
    listed = content.get("index")
    return {**_indexes(listed if isinstance(listed, list) else []), **said}


def _indexes(listed: list[Any]) -> dict[str, str]:
    """``[[index]]`` tables. Those marked ``explicit`` are only for packages that a project pins to them."""
    tables = [index for index in listed if isinstance(index, dict)]
    usable = [index for index in tables if index.get("url") and not index.get("explicit")]
    named = [(f"{index['name']}={index['url']}" if index.get("name") else index["url"], index) for index in usable]
    found = {
        "UV_DEFAULT_INDEX": " ".join(text for text, index in named if index.get("default")),
        "UV_INDEX": " ".join(text for text, index in named if not index.get("default")),
    }
    return {name: text for name, text in found.items() if text}


def _text(value: object, key: str) -> str:
    """A setting as the text of a variable."""
    if isinstance(value, list):
        return ("," if NAMES[key] in COMMAS else " ").join(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else ""
    return str(value)
