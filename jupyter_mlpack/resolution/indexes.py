"""The package indexes that this machine uses, as uv's own variables.

Data scientists' machines are set up for pip, so pip's settings are handed on wherever uv has none of its own. uv's own
files are read here too (``uv_config.py``), so that nothing else in them has a say in what an image holds: only what
tells where releases are, which of them may be taken, and how to reach them is handed on. What tells of this machine
(its Python, its graphics card, its platform) is not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_mlpack.resolution.uv_config import uv_options

WHERE = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "MLPACK_INDEX_")
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


def cache_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Where uv keeps downloads if nothing else is said: it looks at home, and buildpacks have a home of their own."""
    home = environment.get("HOME") or os.path.expanduser("~")
    caches = environment.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return {"UV_CACHE_DIR": os.path.join(os.path.abspath(caches), "uv")}


def pip_options(environment: Mapping[str, str], files: Iterable[Path]) -> dict[str, str]:
    """pip's ``index-url`` and friends; later files beat earlier ones, ``PIP_*`` variables beat files."""
    options: dict[str, str] = {}
    for path in files:
        sections = _sections(path)
        for section in ("global", "install"):
            options.update({key.replace("_", "-"): value for key, value in sections.get(section, {}).items()})
    for option in PIP_TO_UV:
        value = environment.get("PIP_" + option.upper().replace("-", "_"))
        if value:
            options[option] = value
    return {option: " ".join(options[option].split()) for option in PIP_TO_UV if options.get(option)}


def _sections(path: Path) -> Mapping[str, Mapping[str, str]]:
    """The sections of a configuration file, as ``configparser`` has them; none if it cannot make sense of it.

    That module takes 4 ms of each command to import, and most of these files are a section and an address.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return {}
    sections: dict[str, dict[str, str]] = {}
    inside: dict[str, str] | None = None
    for line in filter(str.strip, text.split("\n")):
        name, equals, value = (part.strip() for part in line.partition("="))
        if line[0] in "#;":
            continue
        if line[0] == "[":
            title = line.rstrip()[1:-1]
            if line.rstrip()[-1] != "]" or not title.isalpha() or title in {*sections, "DEFAULT"}:
                return _unusual_sections(text)
            inside = sections[title] = {}
        elif inside is None or line[0].isspace() or not equals or not name or ":" in name or name.lower() in inside:
            return _unusual_sections(text)
        else:
            inside[name.lower()] = value
    return sections


def _unusual_sections(text: str) -> Mapping[str, Mapping[str, str]]:
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {name: dict(parser.items(name)) for name in parser.sections()}


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
