"""The package indexes that this machine uses, as uv's own variables.

Data scientists' machines are set up for pip, so pip's settings are handed on wherever uv has none of its own. uv's own
files are read here too (``uv_config.py``), so that nothing else in them has a say in what an image holds: only what
tells where releases are, which of them may be taken, and how to reach them is handed on. What tells of this machine
(its Python, its graphics card, its platform) is not.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_mlpack.resolution.uv_config import uv_options

WHERE = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX")
WHICH = ("UV_EXCLUDE_NEWER", "UV_PRERELEASE", "UV_RESOLUTION", "UV_TORCH_BACKEND")
HOW = (
    "UV_CACHE_DIR", "UV_CONCURRENT_", "UV_HTTP_", "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER", "UV_LINK_MODE",
    "UV_NATIVE_TLS", "UV_NO_CACHE", "UV_NO_PROGRESS", "UV_OFFLINE", "UV_REQUEST_TIMEOUT", "UV_SYSTEM_CERTS",
    "SSL_CERT_", "REQUESTS_CA_BUNDLE", "NETRC",
)  # fmt: skip
HANDED_ON = (*WHERE, *WHICH, *HOW)
"""Beginnings of the names of variables."""
WITHOUT_EFFECT = {"UV_TORCH_BACKEND": ("auto",), "UV_NO_INDEX": ("0", "false", "no", "off")}
"""``auto`` looks for this machine's graphics card, which is not the target's."""
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
    "no-index": "UV_NO_INDEX",
}
SAME_MEANING = {"UV_DEFAULT_INDEX": ("UV_INDEX_URL",), "UV_INDEX": ("UV_EXTRA_INDEX_URL",)}


def index_settings(environment: Mapping[str, str], configuration_files: Iterable[Path] | None = None) -> dict[str, str]:
    """The variables that make uv use this machine's indexes and certificates.

    They may hold credentials: they travel to uv and to the buildpacks' platform folder, never into a plan or a layer.
    """
    settings = {name: value for name, value in environment.items() if name.startswith(HANDED_ON) and value}
    files = pip_configuration_files(environment) if configuration_files is None else configuration_files
    for name, value in uv_options(environment).items():
        if not any(same in settings for same in (name, *SAME_MEANING.get(name, ()))):
            settings[name] = value
    for option, value in pip_options(environment, files).items():
        name = PIP_TO_UV[option]
        if not any(same in settings for same in (name, *SAME_MEANING.get(name, ()))):
            settings[name] = ",".join(value.split()) if name == "UV_FIND_LINKS" else value
    return {name: value for name, value in settings.items() if value.lower() not in WITHOUT_EFFECT.get(name, ())}


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
