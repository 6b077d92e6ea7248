"""The links that ``update-alternatives`` would make: ``libblas.so.3``, ``java``. Scripts are read, never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.stack.archive import Contents, relative_link
from jupyter_mlpack.stack.tree import Tree

JAVA = re.compile(r"/usr/lib/jvm/[^/]+/bin/([^/]+)")
"""Java's packages make their links in a loop over these programs."""
MOST_SCRIPT = 1 << 18
"""Characters of a script that are read."""


@dataclass(frozen=True)
class Alternative:
    """``path`` may be reached as ``link``; of several, the highest ``priority`` is."""

    link: str
    path: str
    priority: int


def add_alternatives(tree: Tree, packages: Iterable[Contents]) -> None:
    """Put the links of all packages into ``tree``, where nothing stands yet and what they lead to is there."""
    offered = [one for package in packages for one in (*alternatives(package.script), *_java(package))]
    for one in sorted(offered, key=lambda one: (-one.priority, one.path)):
        if one.path in tree:
            tree.link(one.link, relative_link(one.link, one.path))


def alternatives(script: str) -> Iterator[Alternative]:
    """The alternatives of a maintainer script that are written out, the links that follow them included."""
    text = re.sub(r"\\\n", " ", script[:MOST_SCRIPT])
    for line in text.split("\n"):
        if "update-alternatives" not in line or "--install" not in line:
            continue
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue  # half of a longer construction
        yield from _of_words(words)


def _of_words(words: list[str]) -> Iterator[Alternative]:
    start = words.index("--install") if "--install" in words else len(words)
    link, _, path, priority = (*words[start + 1 : start + 5], "", "", "", "")[:4]
    if not priority.lstrip("-").isdecimal() or not (_plain(link) and _plain(path)):
        return
    yield Alternative(link, path, int(priority))
    for at, word in enumerate(words):
        follower, target = (*words[at + 1 : at + 4 : 2], "", "")[:2]
        if word == "--slave" and _plain(follower) and _plain(target):
            yield Alternative(follower, target, int(priority))


def _java(package: Contents) -> Iterator[Alternative]:
    for entry in package.entries:
        program = JAVA.fullmatch(entry.name) if entry.kind == "file" else None
        if program:
            yield Alternative(f"/usr/bin/{program[1]}", entry.name, 1)


def _plain(path: str) -> bool:
    """Whether a word is a path of the image as it stands."""
    return bool(re.fullmatch(r"/(?:usr|etc)/[A-Za-z0-9/_.+-]+", path)) and ".." not in path
