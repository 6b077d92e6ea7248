"""One word of an install line or one line of a requirements file -> ``Wanted``, by the packaging library's grammar."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.tables import repositories
from jupyter_mlpack.pattern import pattern

Kind = Literal["index", "url", "path"]
NAME = pattern(r"^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)$", re.S)
PLAIN = pattern(
    r"([A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*)(?:\[([A-Za-z0-9]+(?:[_,-][A-Za-z0-9]+)*)\])?"
    r"((?:[=<>!]=|[<>])[0-9]{1,9}(?:\.[0-9]{1,9}){0,5})?"
)
"""Name, extras and one bound without signs: most words are that, and need no grammar (30 ms to import)."""

WHEEL = pattern(r"([A-Za-z0-9_.]+?)-\d[^/]*\.(?:whl|tar\.gz|zip|tar\.bz2)$")
COMMON_FOLDERS = frozenset(
    ["", "python", "py", "src", "lib", "package", "python-package", "python_package", "bindings"]
)
"""Folders of a repository that do not carry the project's name."""

ARCHIVE = pattern(r"github\.com/([^/]+/[^/]+)/archive/")


@dataclass(frozen=True)
class Wanted:
    """What is asked for: ``specifier`` is PEP 440 text or `` @ URL``; ``open`` says that a part is not literal."""

    name: str
    specifier: str = ""
    extras: tuple[str, ...] = ()
    kind: Kind = "index"
    open: bool = False


def parse_requirement(word: str) -> Wanted | None:
    """``word`` as a requirement, or ``None`` if it names none (an option, a variable, nonsense)."""
    text = word.strip().strip("\"'")
    if not text or text[0] in "{$-<>|%*=!," or re.match(r"^(?:\d[\d.]*|~=.*)$", text):
        return None
    if re.match(r"^(git|hg|svn|bzr)\+|^(https?|file)://|^git@", text):
        return _from_url(without_credentials(text))
    if re.match(r"^[\w.-]+\s*(\[[^\]]*\])?\s*@\s*\S", text):
        return _named(without_credentials(text))
    if text[0] in "./~" or text.endswith((".whl", ".tar.gz", ".zip")) or "/" in text:
        return Wanted(text, kind="path")
    return _named(text)


def wheel_requirement(path: str) -> Wanted | None:
    """What the name of the wheel file ``path`` says: its distribution in exactly its version."""
    found = re.match(r"^([A-Za-z0-9][\w.]*)-(\d[\w.!+]*)(?:-[^-/]+)*\.whl$", path.rpartition("/")[2])
    return _named(f"{found.group(1)}=={found.group(2)}") if found else None


def without_credentials(text: str) -> str:
    """Addresses without the password or token in them; ``git@``, the usual name of the ssh account, stays."""
    return re.sub(r"://(?!git@)[^/\s@]+@", "://", text)


def _named(text: str) -> Wanted | None:
    if plain := PLAIN.fullmatch(text):
        return Wanted(plain[1], plain[3] or "", tuple(sorted(set((plain[2] or "").split(",")) - {""})))
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        parsed = Requirement(text)
        if parsed.url:
            return Wanted(parsed.name, f" @ {parsed.url}", tuple(sorted(parsed.extras)), "url")
        return Wanted(parsed.name, str(parsed.specifier), tuple(sorted(parsed.extras)))
    except InvalidRequirement:
        found = NAME.match(text)
        if found is None or not re.match(r"^([=<>!~;@{$ ].*)?$", found.group(3) or "", re.S):
            return None
        extras = tuple(sorted(part.strip() for part in (found.group(2) or "").strip("[]").split(",") if part.strip()))
        literal = tuple(extra for extra in extras if re.match(r"^[\w.-]+$", extra))
        return Wanted(found.group(1), "", literal, open=True)


def _from_url(text: str) -> Wanted | None:
    """A repository or an archive; named by ``#egg=``, the table of repositories, or the last part of its path."""
    try:
        address = urlsplit(text)
    except ValueError:
        return None
    if "{" in text or "$" in address.path:
        return None
    egg = parse_qs(address.fragment).get("egg", [""])[0]
    extras = tuple(part.strip() for part in egg.partition("[")[2].rstrip("]").split(",") if part.strip())
    name = egg.partition("[")[0].split("==")[0] or _name_of_path(text, unquote(address.path), address.fragment)
    if not re.match(r"^[A-Za-z0-9][\w.-]*$", name):
        return None
    fragment = f"#subdirectory={found}" if (found := parse_qs(address.fragment).get("subdirectory", [""])[0]) else ""
    url = text.partition("#")[0]
    url = "git+ssh://" + url.replace(":", "/", 1) if url.startswith("git@") else url
    return Wanted(name, f" @ {url}{fragment}", extras, "url")


def _name_of_path(text: str, path: str, fragment: str) -> str:
    wheel = WHEEL.search(path)
    if wheel and not ARCHIVE.search(text):
        return wheel.group(1)
    archive = ARCHIVE.search(text)
    repository = archive.group(1) if archive else path.strip("/").split("@")[0].removesuffix(".git").strip("/")
    known = repositories().get("/".join(repository.lower().split("/")[-2:]))
    subdirectory = parse_qs(fragment).get("subdirectory", [""])[0].rstrip("/").split("/")[-1]
    return known or (repository if subdirectory.lower() in COMMON_FOLDERS else subdirectory).rstrip("/").split("/")[-1]
