"""``apt.txt`` -> names of packages."""

import re
from pathlib import Path

from apt import Failed

PLACES = ("binder/apt.txt", ".binder/apt.txt", "apt.txt")
PLANNED = ".mlpack/apt.txt"
PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(?:=[A-Za-z0-9][A-Za-z0-9.+:~-]*)?")
"""Debian Policy 5.6.7 and 5.6.12: anything else could be read as an option or a pattern by apt."""

MOST = 1000


def read_wishes(folder: Path) -> "tuple[str, list[str]]":
    """The file that counts, and the packages it names: ``name`` or ``name=version``, blanks or lines between them."""
    found = [place for place in (PLANNED, *PLACES) if (folder / place).is_file()]
    if not found:
        raise Failed("There is no apt.txt.")
    names = []
    text = (folder / found[0]).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        for word in line.partition("#")[0].split():
            if not PACKAGE.fullmatch(word):
                raise Failed(f"{word[:60]!r} (line {number} of {found[0]}) is not the name of a package.")
            names.append(word)
    if len(names) > MOST:
        raise Failed(f"{found[0]} names {len(names)} packages; {MOST} are the most.")
    return found[0], sorted(set(names))
