"""The package indexes that this machine uses, as uv's own variables.

uv reads its ``UV_*`` variables and its configuration file by itself, but not pip's. Data scientists' machines are
set up for pip, so pip's settings are handed on wherever uv has none of its own.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

HANDED_ON = ("UV_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "NETRC")
NOT_HANDED_ON = frozenset({"UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_RUN_RECURSION_DEPTH", "UV"})
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}
SAME_MEANING = {"UV_DEFAULT_INDEX": ("UV_INDEX_URL",), "UV_INDEX": ("UV_EXTRA_INDEX_URL",)}


def index_settings(environment: Mapping[str, str], configuration_files: Iterable[Path] | None = None) -> dict[str, str]:
    """The variables that make uv use this machine's indexes and certificates.

    They may hold credentials: they travel to uv and to the buildpacks' platform folder, never into a plan or a layer.
    """
    settings = {
        name: value
        for name, value in environment.items()
        if name.startswith(HANDED_ON) and name not in NOT_HANDED_ON and value
    }
    files = pip_configuration_files(environment) if configuration_files is None else configuration_files
    for option, value in pip_options(environment, files).items():
        name = PIP_TO_UV[option]
        if not any(same in settings for same in (name, *SAME_MEANING.get(name, ()))):
            settings[name] = value
    return settings


def pip_options(environment: Mapping[str, str], files: Iterable[Path]) -> dict[str, str]:
    """pip's ``index-url`` and friends; later files beat earlier ones, ``PIP_*`` variables beat files."""
    options: dict[str, str] = {}
    for path in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except configparser.Error:
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                options.update({key.replace("_", "-"): value for key, value in parser.items(section)})
    for option in PIP_TO_UV:
        value = environment.get("PIP_" + option.upper().replace("-", "_"))
        if value:
            options[option] = value
    return {option: " ".join(options[option].split()) for option in PIP_TO_UV if options.get(option)}


def pip_configuration_files(environment: Mapping[str, str]) -> list[Path]:
    """Where pip looks, in its order: global, user, site, ``PIP_CONFIG_FILE`` (pip's documentation, "Configuration")."""
    home = Path(environment.get("HOME") or "/nonexistent")
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    system = [
        Path(folder) / "pip" / "pip.conf" for folder in environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)
    ]
    candidates = [
        *system,
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        config / "pip" / "pip.conf",
        Path(sys.prefix) / "pip.conf",
    ]
    if environment.get("PIP_CONFIG_FILE"):
        candidates.append(Path(environment["PIP_CONFIG_FILE"]))
    return [path for path in candidates if path.is_file()]
