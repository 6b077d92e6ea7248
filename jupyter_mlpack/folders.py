"""Where Jupyter looks for its files, as ``jupyter_core`` says it, in a fraction of a millisecond.

Importing ``jupyter_core.paths`` takes fifteen, a tenth of a rebuild. On Linux and macOS with the default layout the
folders are told here; in all other cases ``jupyter_core`` is asked. ``tests/test_folders.py`` holds both together.
"""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterator

SYSTEM = ("/usr/local", "/usr")


def data_folder() -> str:
    """The user's folder for Jupyter's data."""
    if not _usual():
        from jupyter_core.paths import jupyter_data_dir

        return jupyter_data_dir()
    given = os.environ.get("JUPYTER_DATA_DIR")
    if given:
        return given
    home = _home()
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Jupyter")
    return os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share"), "jupyter")


def data_folders() -> list[str]:
    """All folders with Jupyter's data, the strongest first."""
    if not _usual():
        from jupyter_core.paths import jupyter_path

        return jupyter_path()
    system = [f"{root}/share/jupyter" for root in SYSTEM]
    own = [entry for entry in [os.path.join(sys.prefix, "share", "jupyter")] if entry not in system]
    paths = [*_listed("JUPYTER_PATH"), *_ordered([data_folder(), *_base("share")], own)]
    return [*paths, *(path for path in system if path not in paths)]


def config_folders() -> list[str]:
    """All folders with Jupyter's configuration, the strongest first."""
    if not _usual():
        from jupyter_core.paths import jupyter_config_path

        return jupyter_config_path()
    system = ["/usr/local/etc/jupyter", "/etc/jupyter"]
    own = [entry for entry in [os.path.join(sys.prefix, "etc", "jupyter")] if entry not in system]
    user = [os.environ.get("JUPYTER_CONFIG_DIR") or os.path.join(_home(), ".jupyter"), *_base("etc")]
    return [*_listed("JUPYTER_CONFIG_PATH"), *_ordered(user, own), *system]


def _usual() -> bool:
    """True where the rules below are Jupyter's."""
    other = ("JUPYTER_PLATFORM_DIRS", "JUPYTER_NO_CONFIG")
    return os.name == "posix" and not any(os.environ.get(name) for name in other)


def _home() -> str:
    return os.path.realpath(os.path.expanduser("~"))


def _listed(name: str) -> list[str]:
    value = os.environ.get(name)
    return [path.rstrip(os.sep) for path in value.split(os.pathsep)] if value else []


def _base(kind: str) -> Iterator[str]:
    """The folder of the user's own packages."""
    if site.ENABLE_USER_SITE:
        base = site.getuserbase() if hasattr(site, "getuserbase") else site.USER_BASE
        if base:
            yield os.path.join(base, kind, "jupyter")


def _ordered(user: list[str], own: list[str]) -> list[str]:
    user = list(dict.fromkeys(user))
    return [*own, *user] if _prefers_environment() else [*user, *own]


def _prefers_environment() -> bool:
    """True where the Python environment's folders come before the user's."""
    given = os.environ.get("JUPYTER_PREFER_ENV_PATH")
    if given is not None:
        return given.lower() not in ("no", "n", "false", "off", "0", "0.0")
    if sys.prefix != sys.base_prefix and _is_mine(sys.prefix):
        return True
    conda = os.environ.get("CONDA_PREFIX")
    inside = conda is not None and sys.prefix.startswith(conda)
    return inside and os.environ.get("CONDA_DEFAULT_ENV", "base") != "base" and _is_mine(sys.prefix)


def _is_mine(path: str) -> bool:
    path = os.path.realpath(path)
    while not os.path.exists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    try:
        import pwd

        if pwd.getpwuid(os.stat(path).st_uid).pw_name == os.getlogin():
            return True
    except (OSError, KeyError, ImportError):
        pass
    try:
        return os.stat(path).st_uid == os.geteuid()
    except OSError:
        return os.access(path, os.W_OK)
