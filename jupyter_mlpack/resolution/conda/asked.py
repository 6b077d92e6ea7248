"""What a file asks conda for: an environment to be solved, or one that is locked already."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpack.errors import CondaFileUnreadable, CondaNotForTarget
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.resolution.conda.channels import without_token
from jupyter_mlpack.resolution.conda.package import CondaPackage, package_of_url

LARGEST = 20_000_000
"""Bytes of a lock; one of 500 packages for four platforms takes two million."""

URL = pattern(r"^https?://\S+?/(?:linux-\w+|noarch)/[^/\s#]+\.(?:conda|tar\.bz2)(?:#\S+)?$")
ANY_URL = pattern(r"^https?://\S+/([\w-]+)/[^/\s]+\.(?:conda|tar\.bz2)(?:#\S+)?$")


@dataclass(frozen=True)
class CondaAsked:
    """``specs`` and ``channels`` are conda's own words, ``pip`` PEP 508 lines. What is ``locked`` is not solved.

    ``hashes`` are those (SHA-256) of the files of ``pip``'s releases, by ``name==version``, where a lock has them.
    """

    file: str
    specs: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    locked: tuple[CondaPackage, ...] = ()
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)


def read_asked(path: Path, platform: str) -> CondaAsked:
    """The file, for ``platform`` (conda's word: ``linux-64``).

    Raises ``CondaFileUnreadable`` and ``CondaNotForTarget``.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise CondaFileUnreadable(file=path.name, reason=f"it is larger than {LARGEST // 1_000_000} MB")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CondaFileUnreadable(file=path.name, reason=getattr(error, "strerror", None) or "no text") from error
    if re.search(r"^@EXPLICIT\s*$", text, re.M):
        return _explicit(path.name, text, platform)
    data = _yaml(path.name, text)
    if isinstance(data.get("package"), list):
        return _conda_lock(path.name, data, platform)
    if isinstance(data.get("packages"), list) and isinstance(data.get("environments"), dict):
        return _pixi(path.name, data, platform)
    if isinstance(data.get("dependencies"), list):
        return _environment(path.name, data)
    raise CondaFileUnreadable(file=path.name, reason="it lists no dependencies")


def _yaml(file: str, text: str) -> Mapping[str, Any]:
    """Texts, lists and tables only."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        data = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise CondaFileUnreadable(file=file, reason="it is no YAML that can be read") from error
    if not isinstance(data, dict):
        raise CondaFileUnreadable(file=file, reason="it is no table")
    return data


def _environment(file: str, data: Mapping[str, Any]) -> CondaAsked:
    listed = data["dependencies"]
    specs = tuple(" ".join(item.split()) for item in listed if isinstance(item, str) and item.strip())
    pip = tuple(line.strip() for item in listed if isinstance(item, dict) for line in _texts(item.get("pip")))
    refused = next((line for line in pip if line.startswith("-") or line.startswith((".", "/"))), None)
    if refused is not None:
        raise CondaFileUnreadable(
            file=file, reason=f"its pip section holds {refused.split()[0]}, which is not followed"
        )
    channels = tuple(name for name in _texts(data.get("channels")) if name != "nodefaults")
    if any(without_token(word)[1] for line in (*channels, *specs) for word in line.split("::") if "://" in word):
        raise CondaFileUnreadable(file=file, reason="a channel's address holds credentials; they belong into .condarc")
    return CondaAsked(file, specs, channels, pip)


def _explicit(file: str, text: str, platform: str) -> CondaAsked:
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("#", "@"))]
    locked = []
    for line in lines:
        other = ANY_URL.match(line)
        if other is None:
            raise CondaFileUnreadable(file=file, reason=f"{line.split('#')[0][-60:]} is no address of a package")
        if other.group(1) not in (platform, "noarch"):
            raise CondaNotForTarget(file=file, platform=platform, others=other.group(1))
        locked.append(package_of_url(line))
    return CondaAsked(file, locked=tuple(locked))


def _conda_lock(file: str, data: Mapping[str, Any], platform: str) -> CondaAsked:
    entries = [entry for entry in data["package"] if isinstance(entry, dict)]
    main = [entry for entry in entries if entry.get("category", "main") == "main"]
    mine = [entry for entry in main if entry.get("platform") == platform]
    if not mine:
        others = ", ".join(sorted({str(entry.get("platform")) for entry in entries})) or "none"
        raise CondaNotForTarget(file=file, platform=platform, others=others)
    locked: list[CondaPackage] = []
    pip: dict[str, str] = {}
    for entry in mine:
        said = entry.get("hash")
        hashes = said if isinstance(said, dict) else {}
        if entry.get("manager") == "pip":
            pip |= _release(entry, hashes.get("sha256"))
        else:
            needs = entry.get("dependencies")
            depends = tuple(f"{name} {one}".strip() for name, one in needs.items()) if isinstance(needs, dict) else ()
            sums = (str(hashes.get("sha256", "")), str(hashes.get("md5", "")))
            locked.append(package_of_url(str(entry.get("url", "")), *sums, depends=depends))
    return CondaAsked(file, pip=tuple(pip), locked=tuple(locked), hashes=_known(pip))


def _release(entry: Mapping[str, Any], sha256: object) -> dict[str, str]:
    """``name==version`` and its hash, empty if there is none."""
    return {f"{normalised(str(entry.get('name')))}=={entry.get('version')}": sha256 if isinstance(sha256, str) else ""}


def _known(pip: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {release: frozenset([sha256]) for release, sha256 in pip.items() if sha256}


def _pixi(file: str, data: Mapping[str, Any], platform: str) -> CondaAsked:
    """The environment ``default`` of a pixi.lock (format 6)."""
    environment = data["environments"].get("default")
    platforms = environment.get("packages") if isinstance(environment, dict) else None
    platforms = platforms if isinstance(platforms, dict) else {}
    if not platforms.get(platform):
        raise CondaNotForTarget(file=file, platform=platform, others=", ".join(sorted(platforms)) or "none")
    known = {
        str(entry.get("conda") or entry.get("pypi")): entry for entry in data["packages"] if isinstance(entry, dict)
    }
    locked: list[CondaPackage] = []
    pip: dict[str, str] = {}
    for item in platforms[platform]:
        (kind, address), *_ = item.items()
        entry = known.get(address, {})
        if kind == "pypi":
            pip |= _release(entry, entry.get("sha256"))
        else:
            sums = (str(entry.get("sha256", "")), str(entry.get("md5", "")))
            locked.append(package_of_url(address, *sums, depends=tuple(_texts(entry.get("depends")))))
    return CondaAsked(file, pip=tuple(pip), locked=tuple(locked), hashes=_known(pip))


def _texts(value: object) -> Iterator[str]:
    yield from (item for item in (value if isinstance(value, list) else ()) if isinstance(item, str))
