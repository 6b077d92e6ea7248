"""A program for the kernel's own interpreter: prints what it holds as JSON. Standard library only, Python 3.8 on.

It is run by path, never imported by the package: ``{"python": "3.11.7", "distributions": [[name, version, origin,
[modules]], ...], "watched": [path, ...]}``. A module is dotted as deep as its namespace goes
(``google.cloud.storage``); ``watched`` are the folders that the answer depends on.
"""

# ruff: noqa: UP006, UP035 (a kernel may be as old as Python 3.8)

import json
import os
import platform
import sys
from importlib import metadata
from typing import List, Set

SUFFIXES = (".py", ".so", ".pyd")


def main() -> None:
    """Print the answer."""
    conda = conda_names()
    found = {}
    for held in metadata.distributions():
        said = held.metadata  # parsed anew whenever it is asked for
        name, version = (said["Name"], said["Version"]) if said else (None, None)
        if name and version and name.lower() not in found:
            found[name.lower()] = [name, version, origin(held, name, conda), modules(held, name)]
    distributions = [found[key] for key in sorted(found)]
    watched = [*sys.path, os.path.join(sys.prefix, "conda-meta")]
    json.dump({"python": platform.python_version(), "distributions": distributions, "watched": watched}, sys.stdout)


def conda_names() -> Set[str]:
    """Names of the packages that conda installed in this prefix."""
    folder = os.path.join(sys.prefix, "conda-meta")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {name.rsplit("-", 2)[0].lower().replace("_", "-") for name in names if name.endswith(".json")}


def origin(held: metadata.Distribution, name: str, conda: Set[str]) -> str:
    """``index``, ``url``, ``vcs``, ``editable``, ``local`` or ``conda``, by ``direct_url.json`` (PEP 610)."""
    text = held.read_text("direct_url.json")
    if text:
        try:
            source = json.loads(text)
        except ValueError:
            return "url"
        if (source.get("dir_info") or {}).get("editable"):
            return "editable"
        if "vcs_info" in source:
            return "vcs"
        return "local" if str(source.get("url", "")).startswith("file:") else "url"
    if held.read_text("METADATA") is None and held.read_text("RECORD") is None:
        return "editable" if str(getattr(held, "_path", "")).endswith(".egg-info") else "local"
    installer = (held.read_text("INSTALLER") or "").strip()
    known = name.lower().replace("_", "-") in conda
    return "conda" if installer == "conda" or (known and installer != "pip") else "index"


def modules(held: metadata.Distribution, name: str) -> List[str]:
    """Import names, from the files that the distribution recorded."""
    files = [str(file).replace(os.sep, "/") for file in (held.files or ())]
    packages = {file.rpartition("/")[0] for file in files if file.endswith("/__init__.py")}
    names = set()
    for file in files:
        parts = file.split("/")
        if parts[0] in ("..", "__pycache__") or parts[0].endswith((".dist-info", ".egg-info", ".data")):
            continue
        if not file.endswith(SUFFIXES):
            continue
        names.add(module_name(parts, packages))
    names = {name for name in names if name and not name.startswith(("__editable__", "_distutils", "_virtualenv"))}
    if not names:
        names = set((held.read_text("top_level.txt") or name.replace("-", "_")).split())
    return sorted(names)


def module_name(parts: List[str], packages: Set[str]) -> str:
    """``a/b/c.py`` -> the first of ``a``, ``a.b`` that is a package, else the module itself."""
    for size in range(1, len(parts)):
        if "/".join(parts[:size]) in packages:
            return ".".join(parts[:size])
    return ".".join([*parts[:-1], parts[-1].split(".")[0]])


if __name__ == "__main__":
    main()
