"""Bindings of type ``pypi``: a private package index, or credentials for one that this machine uses anyway.

They become uv's settings of this one build, which reach no plan and no layer (``resolution/indexes.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from jupyter_mlpack.errors import BindingWrong
from jupyter_mlpack.lifecycle.inputs import Binding
from jupyter_mlpack.resolution.allowed import OWN, index_key, merge

TYPE = "pypi"
TOKEN_USER = "__token__"
"""Who speaks where a binding has a password and no username, as package indexes have it."""


def with_bound_indexes(bindings: Iterable[Binding], settings: Mapping[str, str]) -> dict[str, str]:
    """uv's settings with the indexes of the bindings; a binding without ``url`` is for buildpacks alone.

    An index that is configured already gets the credentials, another one is asked behind those; ``default`` in a file
    of its own says that it stands for the public one. Raises ``BindingWrong``.
    """
    merged = dict(settings)
    for binding in bindings:
        facts = read_facts(binding.folder)
        url = facts.get("url") or facts.get("uri")
        if facts.get("type") != TYPE or not url:
            continue
        address = with_credentials(url, facts, f"{binding.name}={binding.folder}")
        if facts.get("default", "").lower() in ("true", "1", "yes"):
            merged.pop("UV_INDEX_URL", None)
            merged["UV_DEFAULT_INDEX"] = address
        elif not give(merged, address):
            merge(merged, address, "extra")
    return merged


def read_facts(folder: Path) -> dict[str, str]:
    """The files that say where and who; readable, since the bindings were checked."""
    names = ("type", "url", "uri", "username", "password", "token", "default")
    return {name: (folder / name).read_text(encoding="utf-8").strip() for name in names if (folder / name).is_file()}


def with_credentials(url: str, facts: Mapping[str, str], told: str) -> str:
    """The address with the binding's credentials. Raises ``BindingWrong`` for what is no address of an index."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BindingWrong(text=told, reason="Its url is no address of a package index.")
    secret = facts.get("password") or facts.get("token")
    if not secret:
        return url
    who = f"{quote(facts.get('username') or TOKEN_USER, safe='')}:{quote(secret, safe='')}"
    return parts._replace(netloc=f"{who}@{parts.netloc.rpartition('@')[2]}").geturl()


def give(settings: dict[str, str], address: str) -> bool:
    """Puts the credentials into the address of an index that is configured; whether there was one."""
    found = False
    for name in OWN:
        mark = "," if name == "UV_FIND_LINKS" else " "
        words = settings.get(name, "").replace(",", mark).split(mark) if name in settings else []
        changed = [replaced(word, address) for word in words]
        if changed != words:
            settings[name], found = mark.join(changed), True
    return found


def replaced(word: str, address: str) -> str:
    """``name=url`` or ``url`` with the new address if it is the same index."""
    head, mark, tail = word.partition("=")
    named = bool(mark) and "://" not in head
    if index_key(tail if named else word) != index_key(address):
        return word
    return f"{head}={address}" if named else address
