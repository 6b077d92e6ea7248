"""Keeps what a kernel's interpreter answered, for as long as nothing that it looked at has changed.

An answer names the folders and files that it depends on: all of ``sys.path``, ``conda-meta``. Whoever installs or
removes a package changes the names in one of them; whoever replaces one, the date of its metadata folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.values import Json

TELLING = (".dist-info", ".egg-info", ".egg-link", ".pth")
"""Ends of the names in ``sys.path`` that say what is installed."""

SETTLED = 2_000_000_000
"""Nanoseconds: what changed this shortly before the question may change again without a new date."""


@dataclass(frozen=True)
class Answers:
    """The answers in ``folder``, by the interpreter's path. ``program`` is what asks: another one, other answers."""

    folder: Path
    program: bytes

    def find(self, interpreter: str) -> Json | None:
        """The last answer, if it still holds."""
        try:
            entry = json.loads(self._place(interpreter).read_text(encoding="utf-8"))
            state, _ = look(interpreter, entry["watched"])
            answer: Json = entry["answer"] if entry["state"] == state else None
        except (OSError, ValueError, KeyError, TypeError):
            # a cache that cannot be read is as good as none
            return None
        return answer

    def keep(self, interpreter: str, watched: list[str], answer: Json, asked: int) -> None:
        """Keep an answer to a question that was ``asked`` then (nanoseconds since the epoch); what fails is no harm."""
        try:
            state, newest = look(interpreter, watched)
            if newest < asked - SETTLED:
                text = json.dumps({"watched": watched, "state": state, "answer": answer})
                write_atomically(self._place(interpreter), text)
        except OSError:
            return

    def _place(self, interpreter: str) -> Path:
        key = hashlib.sha256(os.fsencode(interpreter) + b"\0" + self.program)
        return self.folder / f"{key.hexdigest()}.json"


def now() -> int:
    """Nanoseconds since the epoch, as files are dated. It decides whether an answer is kept, never what it says."""
    return time.time_ns()


def look(interpreter: str, watched: Iterable[str]) -> tuple[str, int]:
    """A digest of everything that an answer depends on, and the newest date in it, in nanoseconds."""
    base = os.path.dirname(os.path.dirname(interpreter))
    paths = [interpreter, os.path.realpath(interpreter), os.path.join(base, "pyvenv.cfg"), *watched]
    found = [row for path in paths for row in _rows(path)]
    text = json.dumps(found)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), max(date for _, date, _ in found)


def _rows(path: str) -> Iterator[tuple[str, int, int]]:
    """Path, date and size (0 for folders) of ``path`` and, if it is a folder, of what is telling in it."""
    try:
        state = os.stat(path)
    except OSError:
        yield path, 0, -1
        return
    if not os.path.isdir(path):
        yield path, state.st_mtime_ns, state.st_size
        return
    yield path, state.st_mtime_ns, 0
    for name in sorted(name for name in os.listdir(path) if name.endswith(TELLING)):
        inner = os.stat(os.path.join(path, name), follow_symlinks=False)
        yield os.path.join(path, name), inner.st_mtime_ns, 0
