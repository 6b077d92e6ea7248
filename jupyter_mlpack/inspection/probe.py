"""A program for the kernel's own interpreter: prints what it holds as JSON. Standard library only, Python 3.8 on.

It is run by path, never imported by the package: ``{"python": "3.11.7", "distributions": [[name, version, origin,
[modules], address, place, [needs]], ...], "watched": [path, ...]}``. A module is dotted as deep as its namespace goes
(``google.cloud.storage``). ``address`` is where a distribution came from, ``place`` its metadata folder here (both
empty unless no index has it); ``needs`` are the names that it requires, told only where something is on no index.
``watched`` are the folders that the answer depends on.
"""

# ruff: noqa: UP006, UP035 (a kernel may be as old as Python 3.8)

import json
import os
import platform
import re
import sys
from importlib import metadata
from typing import Any, Dict, List, Set
from urllib.parse import unquote, urlsplit

SUFFIXES = (".py", ".so", ".pyd")
FOREIGN = ("editable", "local", "url", "vcs")
SITES = ("site-packages", "dist-packages")


def main() -> None:
    """Print the answer."""
    conda = conda_names()
    found: Dict[str, List[Any]] = {}
    for held in metadata.distributions():
        said = held.metadata  # parsed anew whenever it is asked for
        name, version = (said["Name"], said["Version"]) if said else (None, None)
        if name and version and normalised(name) not in found:
            kind = origin(held, name, conda)
            needed = said.get_all("Requires-Dist") or (held.requires if is_egg(held) else ()) or ()
            row = [name, version, kind, modules(held, name), *foreign(held, kind)]
            found[normalised(name)] = [*row, [normalised(line) for line in needed]]
    distributions = [found[key] for key in sorted(found)]
    outside = any(row[2] in FOREIGN for row in distributions)
    for row in distributions:
        row[-1] = sorted(set(row[-1])) if outside else []
    watched = [*sys.path, os.path.join(sys.prefix, "conda-meta")]
    json.dump({"python": platform.python_version(), "distributions": distributions, "watched": watched}, sys.stdout)


def normalised(requirement: str) -> str:
    """The distribution's name at the start of a requirement, normalised (PEP 503)."""
    return re.sub("[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]).lower()


def place(held: metadata.Distribution) -> str:
    """The folder with the metadata."""
    return os.path.abspath(str(getattr(held, "_path", "")))


def is_egg(held: metadata.Distribution) -> bool:
    """Whether the metadata are of setuptools' old kind."""
    return place(held).endswith(".egg-info")


def foreign(held: metadata.Distribution, kind: str) -> List[str]:
    """Address and place of what no index has, two empty texts for all else."""
    if kind not in FOREIGN:
        return ["", ""]
    source = direct_url(held)
    address = plain_address(source) if source else os.path.dirname(place(held)) if kind == "editable" else ""
    return [address, place(held)]


def direct_url(held: metadata.Distribution) -> Dict[str, Any]:
    """What ``direct_url.json`` says (PEP 610), nothing if it is missing or unreadable."""
    try:
        source = json.loads(held.read_text("direct_url.json") or "{}")
    except ValueError:
        return {"url": ""}
    return source if isinstance(source, dict) else {"url": ""}


def plain_address(source: Dict[str, Any]) -> str:
    """A path of this machine, or an address without the credentials in it."""
    url = str(source.get("url", ""))
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme == "file":
        return unquote(parts.path)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    commit = (source.get("vcs_info") or {}).get("commit_id")
    inside = "#subdirectory=" + str(source["subdirectory"]) if source.get("subdirectory") else ""
    return "{}+{}@{}{}".format(source["vcs_info"].get("vcs", "git"), bare, commit, inside) if commit else bare + inside


def conda_names() -> Set[str]:
    """Names of the packages that conda installed in this prefix."""
    folder = os.path.join(sys.prefix, "conda-meta")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {name.rsplit("-", 2)[0].lower().replace("_", "-") for name in names if name.endswith(".json")}


def origin(held: metadata.Distribution, name: str, conda: Set[str]) -> str:
    """``index``, ``url``, ``vcs``, ``editable``, ``local`` or ``conda``, by ``direct_url.json`` (PEP 610).

    What conda built has one, too, that names a folder of the builder's machine.
    """
    source = direct_url(held)
    installer = (held.read_text("INSTALLER") or "").strip()
    known = name.lower().replace("_", "-") in conda
    gone = str(source.get("url", "")).startswith("file:") and not os.path.exists(plain_address(source))
    if installer == "conda" or (known and (gone or (not source and installer != "pip"))):
        return "conda"
    if source:
        return direct_origin(source)
    if held.read_text("METADATA") is None and held.read_text("RECORD") is None:
        if is_egg(held):  # those in a site folder came with the operating system, the others stand beside sources
            return "index" if os.path.basename(os.path.dirname(place(held))) in SITES else "editable"
        return "local"
    return "index"


def direct_origin(source: Dict[str, Any]) -> str:
    """The origin of what was installed from an address."""
    if (source.get("dir_info") or {}).get("editable"):
        return "editable"
    if "vcs_info" in source:
        return "vcs"
    return "local" if str(source.get("url", "")).startswith("file:") else "url"


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
