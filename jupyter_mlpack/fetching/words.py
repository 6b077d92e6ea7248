"""Words that name a place with buildpacks or stacks -> ``Place``: read and checked, nothing is looked into.

::

    FOLDER                                            FILE.cnb, FILE.tar, FILE.tgz
    git+https://HOST/PATH[@REF][#subdirectory=DIR]    https://HOST/FILE.tgz[#sha256=HEX]
    docker://IMAGE                                    oci:FOLDER[:NAME]
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from jupyter_mlpack.errors import SourceWrong
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.origin import LAYOUT, REGISTRY, names_registry

Kind = Literal["local", "git", "web", "image", "layout"]

GIT = ("git+https", "git+ssh", "git+http", "git+file")
WEB = ("https", "http")
PATHS = ("./", "../", "/", "~")
"""How words begin that are paths, also of what is not there."""

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Place:
    """Where something is: ``address`` is a path, a URL without ``git+`` and fragment, or an image reference.

    ``word`` is how to tell of it. ``subdirectory`` is the folder within that is meant; ``sha256`` what an archive has.
    """

    kind: Kind
    word: str
    address: str
    revision: str = ""
    subdirectory: str = ""
    sha256: str = ""

    def pinned(self, pin: str) -> str:
        """The word that names the same for ever, where ``pin`` is the commit, the digest or the hash."""
        inside = f"#subdirectory={self.subdirectory}" if self.subdirectory else ""
        if self.kind == "git":
            return f"git+{self.address}@{pin}{inside}"
        if self.kind == "image" and "@" not in self.address:
            return f"{REGISTRY}{self.address}@{pin}"
        if self.kind == "web":
            return f"{self.address}#sha256={pin}"
        return self.word


def read_place(word: str, base: Path, where: str) -> Place | None:
    """The place that a word names, paths relative to ``base``; ``None`` for a word that may be a name of another kind.

    Raises ``SourceWrong``; ``where`` says who wrote the word.
    """
    scheme = word.partition(":")[0]
    if scheme in GIT:
        return _git(word, where)
    if word.startswith(REGISTRY):
        return Place("image", word, word.removeprefix(REGISTRY))
    if word.startswith(LAYOUT):
        return Place("layout", word, os.path.join(base, os.path.expanduser(word.removeprefix(LAYOUT))))
    if "://" in word or word.startswith("git+"):
        return _address(word, scheme, where)
    path = (base / os.path.expanduser(word)).absolute()
    if os.path.lexists(path) or word.startswith(PATHS):
        return Place("local", word, str(path))
    return Place("image", word, word) if names_registry(word) and "@" not in word.partition("/")[0] else None


def read_path(word: str, base: Path, where: str) -> Place:
    """The same where nothing but a place is meant: another word is a path, of something that is not there."""
    if word.startswith("urn:"):
        reason = "A registry of buildpacks is not asked; name its image with docker://."
        raise SourceWrong(word=word, where=where, reason=reason)
    found = read_place(word, base, where)
    return found or Place("local", word, str((base / os.path.expanduser(word)).absolute()))


def is_place(word: str) -> bool:
    """Whether a word says by itself that it names a place elsewhere."""
    return "://" in word or word.startswith((LAYOUT, "git+")) or names_registry(word)


def shown(word: str) -> str:
    """An address as it may be told: without a login."""
    return re.sub(r"//[^/@]*@", "//", word)


def _address(word: str, scheme: str, where: str) -> Place:
    """What a URL names."""
    if scheme in WEB:
        return _web(word, where)
    if scheme == "file":
        return Place("local", word, unquote(urlsplit(word).path))
    raise SourceWrong(word=shown(word), where=where, reason=f"{scheme}: is no kind of source.")


def _git(word: str, where: str) -> Place:
    address, _, fragment = word.removeprefix("git+").partition("#")
    parts = urlsplit(address)
    if parts.password or (parts.username and parts.scheme != "ssh"):
        reason = "It holds a login, which would stand in logs and lists of processes; git knows its own logins."
        raise SourceWrong(word=shown(word), where=where, reason=reason)
    path, at, revision = parts.path.rpartition("@")
    path, revision = (path, revision) if at else (parts.path, "")
    if not path.strip("/") or (not parts.netloc and parts.scheme != "file"):
        raise SourceWrong(word=word, where=where, reason="It names no repository.")
    if revision.startswith("-") or re.search(r"[\s~^:?*\[\\]|\.\.|@\{", revision):
        raise SourceWrong(word=word, where=where, reason=f"{revision!r} cannot be a branch, a tag or a commit.")
    if at and not revision:
        raise SourceWrong(word=word, where=where, reason="There is nothing behind its last @.")
    found = _fragment(word, fragment, "subdirectory", where)
    if found and (found.startswith("/") or ".." in found.split("/")):
        raise SourceWrong(word=word, where=where, reason="Its subdirectory is not within the repository.")
    clean = parts._replace(path=path, query="").geturl()
    return Place("git", word, clean, revision=revision, subdirectory=found.strip("/"))


def _web(word: str, where: str) -> Place:
    address, _, fragment = word.partition("#")
    parts = urlsplit(address)
    if parts.username or parts.password:
        reason = "It holds a login, which would stand in logs and lists of processes."
        raise SourceWrong(word=shown(word), where=where, reason=reason)
    sha256 = _fragment(word, fragment, "sha256", where)
    if sha256 and not HASH.fullmatch(sha256):
        raise SourceWrong(word=word, where=where, reason="A sha256 has 64 digits, 0 to 9 and a to f.")
    return Place("web", word, address, sha256=sha256)


def _fragment(word: str, fragment: str, name: str, where: str) -> str:
    """What ``#name=value`` says; empty without a fragment."""
    key, _, value = fragment.partition("=")
    if fragment and (key != name or not value):
        raise SourceWrong(word=word, where=where, reason=f"Behind # only {name}=... is understood.")
    return unquote(value)
