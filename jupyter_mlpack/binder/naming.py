"""Which files of the project a script names, so that they are there when it runs."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack.pattern import pattern

WORD = pattern(r"[A-Za-z0-9_.][A-Za-z0-9_./+-]*")
MOST, LONGEST, LARGEST = 100, 200_000, 100_000_000
"""Files that are taken, bytes of a script that are read, bytes of a file that is taken."""

SECRET = pattern(r"(?i)(.*/)?(\.env.*|\.netrc|\.pypirc|id_[a-z0-9]+|.*\.(pem|key)|.*(credential|secret|token).*)")


def named_files(folder: Path, script: str, top: str) -> Iterator[tuple[str, int]]:
    """Paths from ``folder`` and sizes of the regular files below ``top`` that the words of ``script`` name.

    A word counts from ``top``, where the script runs. Links are not followed; what looks like a credential stays.
    """
    root = folder / top
    with (folder / script).open("rb") as stream:
        text = stream.read(LONGEST).decode("utf-8", "replace")
    words = sorted({posixpath.normpath(word) for word in WORD.findall(text)})
    found = 0
    for word in words:
        path = root / word
        if word.startswith(("../", "/")) or word in (".", "..") or SECRET.fullmatch(word) or has_link(root, word):
            continue
        if not path.is_file() or path.stat().st_size > LARGEST or found >= MOST:
            continue
        found += 1
        yield posixpath.normpath(posixpath.join(top, word)), path.stat().st_size


def has_link(root: Path, word: str) -> bool:
    """Whether a step of the way is a symbolic link, or too long a name to be one."""
    current = os.fspath(root)
    for part in word.split("/"):
        current = os.path.join(current, part)
        if len(part) > 255 or os.path.islink(current):
            return True
    return False
